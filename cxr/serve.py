"""``cxr serve``: a local server that speaks TF Serving's protocol."""

from pathlib import Path
from typing import Final

import click

DEFAULT_MODELS: Final = Path("runs", "sample", "serving")
_PORT: Final = click.IntRange(0, 65535)
#: Of the films that --sample-to keeps.
DEFAULT_SHARE: Final = 0.01


@click.command("serve")
@click.option(
    "--models",
    type=click.Path(path_type=Path),
    help=f"Folder of models, or one model's folder.  [default: {DEFAULT_MODELS}]",
)
@click.option(
    "--model-config",
    type=click.Path(path_type=Path),
    help="TF Serving's model config file, for labels and a choice of versions. With --models, the models of its "
    "base paths are looked for there.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that it listens on.")
@click.option("--grpc-port", type=_PORT, default=8500, show_default=True, help="0 for any that is free.")
@click.option("--rest-port", type=_PORT, default=8501, show_default=True, help="0 for any that is free.")
@click.option(
    "--sample-to",
    type=click.Path(path_type=Path),
    help="Folder to keep a few coarse numbers in, of a share of the films and of the answers, for cxr drift: no pixel, "
    "no name, no address. Without it nothing is kept.",
)
@click.option(
    "--sample-share",
    type=click.FloatRange(0, 1, min_open=True),
    help=f"Share of the films that --sample-to keeps, each drawn for itself.  [default: {DEFAULT_SHARE}]",
)
@click.option(
    "--allow-reload",
    is_flag=True,
    help="Let clients choose the models over gRPC (ReloadConfig) even if --host is not this machine alone.",
)
@click.option("--debug", is_flag=True, help="Show TensorFlow's log, and tracebacks.")
def command(
    models: Path | None,
    model_config: Path | None,
    host: str,
    grpc_port: int,
    rest_port: int,
    sample_to: Path | None,
    sample_share: float | None,
    allow_reload: bool,
    debug: bool,
) -> None:
    """Serve pushed models over TF Serving's gRPC and REST protocol, and on a page.

    For development, on machines without TF Serving; never for production. New versions are served as they are pushed.
    It ends on Ctrl-C.

    \b
    Examples:
      cxr serve
      cxr serve --models runs/mine/serving --rest-port 8601
      cxr serve --model-config models.config --models runs/mine/serving
      cxr serve --sample-to samples --sample-share 0.1
    """
    from cxr.main import DEBUG

    click.get_current_context().meta[DEBUG] = debug
    from serving.server.ports import address, check_free, listen
    from trainer.errors import UsageError

    if models and not models.is_dir():
        raise UsageError(f"--models '{models}' is no folder; name the folder that models are pushed to")
    if sample_share is not None and sample_to is None:
        raise UsageError(f"--sample-share {sample_share:g} keeps nothing without a folder; name one with --sample-to")
    rest = listen(host, rest_port, "--rest-port")
    check_free(host, grpc_port, "--grpc-port")
    _say("for development, never for production: no TLS, no authentication. What it shows is not a diagnosis.")
    sampler = None
    if sample_to:
        from serving.server.sampler import Sampler

        share = DEFAULT_SHARE if sample_share is None else sample_share
        sampler = Sampler(sample_to, share, _say)
        _say(f"a few numbers are kept in {sample_to}, of a share of {share:.4g} of the films (docs/drift.md)")
    from pipeline.runtime import prepare_process

    prepare_process(debug=debug)
    from serving.server.configuration import FileSource, FolderSource, Source

    folder = models or (None if model_config else DEFAULT_MODELS)
    source: Source = FileSource(model_config, folder) if model_config else FolderSource(folder or DEFAULT_MODELS)
    source.read()  # a file that is wrong is told before the seconds that TensorFlow takes
    _say(f"loading TensorFlow; models are looked for in {folder or model_config}")
    from serving.server.run import run

    def announce(grpc_port: int, rest_port: int) -> None:
        click.echo(f"gRPC {address(host, grpc_port)}")
        click.echo(f"REST http://{address(host, rest_port)}/v1/models/NAME")
        click.echo(f"page http://{address(host, rest_port)}/")

    run(source, rest, host, grpc_port, announce, _say, sampler, allow_reload=allow_reload)


def _say(message: str) -> None:
    click.echo(f"cxr serve: {message}", err=True)
