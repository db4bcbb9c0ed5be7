"""``cxr submit``: starts a run of the compiled pipeline and follows it, or has Kubeflow start runs by itself."""

import time
from pathlib import Path

import click

from cxr.main import DEBUG


@click.command("submit")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path("pipeline.yaml"))
@click.option("--host", required=True, envvar="CXR_KUBEFLOW_HOST", help="URL of Kubeflow Pipelines.")
@click.option("--image", default="", help="Another image than the compiled one, with a tag, of the same code.")
@click.option(
    "--films",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where data.root is on this machine: films are then read here, and not once more in the cluster.",
)
@click.option("--data-digest", default="", help="A text that names the films, in the place of --films.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting of data, trainer or gate.")
@click.option("--token", default="", envvar="CXR_KUBEFLOW_TOKEN", help="For the header Authorization.")
@click.option("--cookie", default="", envvar="CXR_KUBEFLOW_COOKIE", help="Of a session: NAME=VALUE.")
@click.option("--namespace", default="", help="Of the profile, where Kubeflow has profiles.")
@click.option("--ca-cert", default="", help="File of the authority that the host's certificate is from.")
@click.option("--no-wait", is_flag=True, help="Start the run and end.")
@click.option("--cron", metavar="EXPRESSION", help="Start no run now, but one at each of these times.")
@click.option("--stop", is_flag=True, help="End what --cron began, and start nothing.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def command(
    file: Path,
    host: str,
    image: str,
    films: Path | None,
    data_digest: str,
    overrides: tuple[str, ...],
    token: str,
    cookie: str,
    namespace: str,
    ca_cert: str,
    no_wait: bool,
    cron: str | None,
    stop: bool,
    debug: bool,
) -> None:
    """Upload the compiled pipeline FILE, run it on Kubeflow and follow the run.

    Components are taken from the cache while films are the same. With --cron Kubeflow runs it again and again: six
    fields, second minute hour day month weekday, or @hourly, @daily, @weekly, @monthly. Token and cookie are better
    given by CXR_KUBEFLOW_TOKEN and CXR_KUBEFLOW_COOKIE: everybody on this machine can read a command line.

    \b
    Examples:
      cxr submit --host http://localhost:8080
      cxr submit my.yaml --host https://kubeflow.example/pipeline --namespace chest --films /mnt/films
      cxr submit --host http://localhost:8080 --set trainer.epochs=5 --no-wait
      cxr submit --host http://localhost:8080 --cron "0 0 3 * * 1"
      cxr submit --host http://localhost:8080 --stop

    Exit codes: 0 the run has succeeded (or started, with --no-wait), 1 it has not, 2 wrong use.
    """
    click.get_current_context().meta[DEBUG] = debug
    import tempfile

    from pipeline.runtime import prepare_process

    prepare_process()
    from kubeflow.cron import check_cron
    from kubeflow.documents import read_compiled
    from kubeflow.parameters import AUTO
    from kubeflow.recurring import end_recurring, never_cached, recur
    from kubeflow.submission import Server, connect, follow, name_films, run_parameters, start, upload

    if films and data_digest:
        raise click.UsageError("--films and --data-digest both name the films; give one of them")
    server = Server(host.rstrip("/"), token, cookie, namespace, ca_cert)
    if stop:
        if cron is not None:
            raise click.UsageError("--stop ends what --cron begins; give one of them")
        ended = end_recurring(connect(server), server)
        click.echo(f"ended {ended} recurring run{'' if ended == 1 else 's'}")
        return
    if cron is not None:
        if films or data_digest:
            raise click.UsageError("every run that --cron starts looks at the films; leave out --films, --data-digest")
        cron, data_digest = check_cron(cron), AUTO
    spec, platform = read_compiled(file, image)
    digest = data_digest or name_films(spec, films, file.with_name(f".{file.name}.digests.json"))
    parameters = run_parameters(spec, overrides, digest)
    client = connect(server)
    with tempfile.TemporaryDirectory() as folder:
        uploaded = upload(client, server, (spec, platform), Path(folder))
    if cron is not None:
        recurring, replaced = recur(client, server, uploaded, parameters, cron)
        if replaced:
            click.echo(f"in the place of {replaced} before it", err=True)
        if again := never_cached(spec):
            click.echo(f"{', '.join(again)}: never taken from the cache, so every run trains anew", err=True)
        click.echo(f"{server.host}/#/recurringrun/details/{recurring}")
        return
    run = start(client, server, uploaded, parameters)
    click.echo(f"{server.host}/#/runs/details/{run}")
    if no_wait:
        return
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.0f} s] {line}", err=True)

    state = follow(client, server, run, list(spec["root"]["dag"]["tasks"]), say)
    click.echo(state.lower())
    click.get_current_context().exit(0 if state == "SUCCEEDED" else 1)
