"""``cxr serve``: a local server that speaks TF Serving's protocol."""

from pathlib import Path
from typing import Final

import click

DEFAULT_MODELS: Final = Path("runs", "sample", "serving")
_PORT: Final = click.IntRange(0, 65535)


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
@click.option("--debug", is_flag=True, help="Show TensorFlow's log, and tracebacks.")
def command(
    models: Path | None, model_config: Path | None, host: str, grpc_port: int, rest_port: int, debug: bool
) -> None:
    """Serve pushed models over TF Serving's gRPC and REST protocol, and on a page.

    For development, on machines without TF Serving; never for production. New versions are served as they are pushed.
    It ends on Ctrl-C.

    \b
    Examples:
      cxr serve
      cxr serve --models runs/mine/serving --rest-port 8601
      cxr serve --model-config models.config --models runs/mine/serving
    """
    from cxr.main import DEBUG

    click.get_current_context().meta[DEBUG] = debug
    from serving.server.ports import address, check_free, listen
    from trainer.errors import UsageError

    if models and not models.is_dir():
        raise UsageError(f"--models '{models}' is no folder; name the folder that models are pushed to")
    rest = listen(host, rest_port, "--rest-port")
    check_free(host, grpc_port, "--grpc-port")
    _say("for development, never for production: no TLS, no authentication. What it shows is not a diagnosis.")
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

    run(source, rest, host, grpc_port, announce, _say)


def _say(message: str) -> None:
    click.echo(f"cxr serve: {message}", err=True)
