"""What the client shows of itself, and what it needs."""

import pickle
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import cxr_client
from cxr_client import FilmError, FilmErrors, NotServedError, _errors

CLIENT = Path(__file__).parents[3] / "serving" / "client"

PUBLIC = {
    "CxrClient", "AsyncCxrClient",
    "Film", "Timeout", "Retries", "Limits", "Tls",
    "Prediction", "HeatMap", "VersionStatus", "Metadata", "Signature", "Tensor",
    "CxrClientError", "UsageError", "FilmError", "FilmErrors", "ServerError", "RequestError", "NotServedError",
    "AccessError", "UnavailableError", "DeadlineError", "ReplyError",
}  # fmt: skip


def test_the_public_names_are_these_and_every_module_is_private() -> None:
    assert set(cxr_client.__all__) == PUBLIC
    shown = {name for name, value in vars(cxr_client).items() if not name.startswith("_")}
    assert shown == PUBLIC
    assert not [name for name, value in vars(cxr_client).items() if isinstance(value, ModuleType) and name[0] != "_"]


def test_the_drawing_of_the_exceptions_is_right() -> None:
    drawn, parents = {}, [Exception]
    for line in (_errors.__doc__ or "").splitlines():
        if match := re.match(r"^([│├└─ ]*)(\w+Errors?)\b", line):
            depth = len(match[1]) // 4
            error = getattr(cxr_client, match[2])
            drawn[error] = parents[depth]
            parents[depth + 1 :] = [error]
    assert len(drawn) == sum(
        isinstance(value, type) and issubclass(value, Exception) for value in vars(cxr_client).values()
    )
    assert all(error.__bases__ == (parent,) for error, parent in drawn.items())


def test_exceptions_go_from_process_to_process_whole() -> None:
    film = FilmError(3, "film.png", "size", "too large")
    for error in (film, FilmErrors([film]), NotServedError("no", cause="label", status="HTTP 400", server_message="m")):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy).keys()) == (type(error), str(error), vars(error).keys())
        for name in ("index", "cause", "status", "server_message"):
            assert getattr(copy, name, None) == getattr(error, name, None)


def test_the_client_has_types() -> None:
    assert (CLIENT / "src" / "cxr_client" / "py.typed").is_file()


def test_importing_it_imports_neither_tensorflow_nor_the_pipeline() -> None:
    program = (
        "import sys, cxr_client; names = {name.partition('.')[0] for name in sys.modules};"
        "print(names & {'tensorflow', 'tensorflow_serving', 'keras', 'tfx', 'trainer', 'serving', 'cxr', 'pipeline'})"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "set()"
