"""``cxr submit``: starts a run of the compiled pipeline and follows it."""

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
    help="Where data.root is on this machine, so that components can be taken from the cache while films are the same.",
)
@click.option("--data-digest", default="", help="A text that names the films, in the place of --films.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting of data, trainer or gate.")
@click.option("--token", default="", envvar="CXR_KUBEFLOW_TOKEN", help="For the header Authorization.")
@click.option("--cookie", default="", envvar="CXR_KUBEFLOW_COOKIE", help="Of a session: NAME=VALUE.")
@click.option("--namespace", default="", help="Of the profile, where Kubeflow has profiles.")
@click.option("--ca-cert", default="", help="File of the authority that the host's certificate is from.")
@click.option("--no-wait", is_flag=True, help="Start the run and end.")
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
    debug: bool,
) -> None:
    """Upload the compiled pipeline FILE, run it on Kubeflow and follow the run.

    Where films cannot be seen, and nothing names them, nothing is taken from the cache. Token and cookie are better
    given by CXR_KUBEFLOW_TOKEN and CXR_KUBEFLOW_COOKIE: everybody on this machine can read a command line.

    \b
    Examples:
      cxr submit --host http://localhost:8080
      cxr submit my.yaml --host https://kubeflow.example/pipeline --namespace chest --films /mnt/films
      cxr submit --host http://localhost:8080 --set trainer.epochs=5 --no-wait

    Exit codes: 0 the run has succeeded (or started, with --no-wait), 1 it has not, 2 wrong use.
    """
    click.get_current_context().meta[DEBUG] = debug
    import tempfile

    from pipeline.runtime import prepare_process

    prepare_process()
    from kubeflow.documents import read_compiled
    from kubeflow.submission import Server, connect, follow, name_films, run_parameters, start

    if films and data_digest:
        raise click.UsageError("--films and --data-digest both name the films; give one of them")
    spec, platform = read_compiled(file, image)
    digest = data_digest or name_films(spec, films, file.with_name(f".{file.name}.digests.json"))
    parameters = run_parameters(spec, overrides, digest)
    server = Server(host.rstrip("/"), token, cookie, namespace, ca_cert)
    client = connect(server)
    with tempfile.TemporaryDirectory() as folder:
        run = start(client, server, (spec, platform), parameters, Path(folder))
    click.echo(f"{server.host}/#/runs/details/{run}")
    if no_wait:
        return
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"[{time.monotonic() - began:5.0f} s] {line}", err=True)

    state = follow(client, server, run, list(spec["root"]["dag"]["tasks"]), say)
    click.echo(state.lower())
    click.get_current_context().exit(0 if state == "SUCCEEDED" else 1)
