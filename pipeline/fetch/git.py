"""A git repository's newest state, without its history."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from pipeline.progress import Progress, silent
from trainer.errors import RunError

#: A server that sends less than this for that long is given up.
_SLOW: Final = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")
#: What git says of how far it is: "Receiving objects:  45% (450/1000), 1.2 MiB".
_PERCENT: Final = re.compile(r"([A-Z][a-z]+(?: [a-z]+)*): +(\d+)%")


def clone(repository: str, folder: Path, *, shown: str, progress: Progress = silent) -> str:
    """Brings the files of a repository's default branch.

    Hooks do not run, nobody is asked for a password, and a link becomes a plain file that holds its target's name.

    Args:
        repository: URL, or the absolute path of a local one.
        folder: New.
        shown: How to call the repository in messages.
        progress: Told percents.

    Returns:
        The commit.

    Raises:
        RunError: There is no git, or it cannot clone; its own reason is in the message.
    """
    url = Path(repository).as_uri() if repository.startswith("/") else repository  # by path it would clone everything
    options = ["--depth=1", "--single-branch", "--no-tags", "--progress", "--template="]
    _git([*_SLOW, "clone", *options, "--", url, str(folder)], shown, progress)
    commit = _git(["-C", str(folder), "rev-parse", "HEAD"], shown, silent)
    shutil.rmtree(folder / ".git")
    return commit


def _git(arguments: list[str], shown: str, progress: Progress) -> str:
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        "LC_ALL": "C",
    }
    try:
        with subprocess.Popen(
            ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,  # with universal newlines: git ends each word on its progress by a CR
            errors="replace",
        ) as process:
            try:
                said, output = _listen(process, progress)
            except BaseException:
                process.kill()
                raise
    except FileNotFoundError as error:
        raise RunError("there is no git on this machine; install it, or fetch an archive with --from URL") from error
    if process.returncode:
        fatal = next((line for line in reversed(said) if line.startswith(("fatal:", "error:"))), "no reason given")
        raise RunError(
            f"git cannot clone {shown} ({fatal}); where the network is closed, fetch an archive of it elsewhere and "
            "give the file with --from FILE"
        )
    return output.strip()


def _listen(process: "subprocess.Popen[str]", progress: Progress) -> tuple[list[str], str]:
    """What git says on stderr but for its progress, and what it prints."""
    assert process.stdout is not None
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if found := _PERCENT.search(line):
            progress(found[1].lower(), int(found[2]), 100)
        elif line.strip():
            said.append(line.strip())
    return said, process.stdout.read()
