"""The command ``cxr``: finds the verb, runs it, and turns expected failures into one line and an exit code."""

import importlib
from typing import Any, Final

import click

#: Verb -> module that holds it. The modules import what they need when they run: ``cxr --help`` answers at once.
VERBS: Final = {
    "run": "cxr.run",
    "compile": "cxr.compile",
    "submit": "cxr.submit",
    "sample": "cxr.sample",
    "fetch": "cxr.fetch",
    "data": "cxr.data",
    "report": "cxr.report",
    "evaluate": "cxr.evaluate",
    "compare": "cxr.compare",
    "predict": "cxr.predict",
    "serve": "cxr.serve",
    "models": "cxr.models",
    "drift": "cxr.drift",
}

#: Where a verb notes, in click's context, that it was asked for tracebacks.
DEBUG: Final = "cxr.debug"


class Verbs(click.Group):
    """Loads the module of a verb when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order in which a newcomer meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, or None where there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the verb; a failure ends in its message and its exit code, and in a traceback only with --debug."""
        from trainer.errors import CxrError

        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click ends in silence where a reader such as head has read enough
        except Exception as error:
            if ctx.meta.get(DEBUG):
                raise
            expected = isinstance(error, CxrError)
            message = str(error) if expected else f"unexpected {type(error).__name__}: {error}; --debug shows where"
            for line in message.splitlines():
                click.echo(f"cxr: {line}", err=True)
            ctx.exit(error.exit_code if isinstance(error, CxrError) else 1)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="cxr")
def main() -> None:
    """Turn folders of chest X-rays into a served, audited classifier.

    \b
    cxr run                       the whole pipeline on films that it draws
    cxr run --profile covid_chestxray --set data.root=FOLDER
    cxr predict FILM --model runs/sample/serving/cxr

    Exit codes: 0 done, 1 failed, 2 wrong use, 3 a gate said no.
    """
