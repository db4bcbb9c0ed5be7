"""``cxr models``."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cxr.models_screen
import serving.server_status
from cxr.main import main
from serving.server_status import Server, ServerStatus
from tests.pushed_versions import RANDOM, push


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    push(tmp_path / "serving" / "cxr", 1, 2)
    push(tmp_path / "serving" / "cxr", 3, recall=0.8)
    return tmp_path / "serving"


def models(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["models", *map(str, arguments)])


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def shown(folder: Path, *arguments: object) -> Any:
    result = models("--models", folder, "--json", *arguments)
    assert result.exit_code == 0, result.output
    (model,) = json.loads(result.stdout)["models"]
    return model


def test_versions_are_listed_with_what_they_are_worth(folder: Path) -> None:
    (folder / "cxr" / "2" / "saved_model.pb").unlink()
    said = models("--models", folder).output
    assert "cxr: the newest version to be served" in said
    row = {line.split()[0]: line for line in said.splitlines() if line.strip()[:1].isdecimal()}
    assert {number: row[number].split()[1:3] for number in "321"} == {
        "3": ["complete", "yes"],
        "2": ["incomplete", "no"],
        "1": ["complete", "no"],
    }
    assert "0.800" in row["3"]
    assert "0.600 to 0.850" in said
    assert "1 of 1" in row["3"]
    assert f"Note on 1, 2, 3: {RANDOM}" in said
    assert "Note: version 2 is incomplete (saved_model.pb missing)" in said
    assert "config  none yet: cxr models serve latest writes one" in said


def test_json_has_all_that_the_versions_say_of_themselves(folder: Path) -> None:
    model = shown(folder)
    assert (model["name"], model["policy"], model["labels"]) == ("cxr", "the newest version", {})
    assert [version["version"] for version in model["versions"]] == [3, 2, 1]
    newest = model["versions"][0]
    assert (newest["state"], newest["configured"], newest["labels"], newest["server"]) == ("complete", True, [], None)
    assert newest["metrics"]["recall"] == {"value": 0.8, "low": 0.8 - 0.2, "high": 0.8 + 0.05, "n": 20, "patients": 18}
    assert (newest["notes"], newest["gate"][0]["name"], newest["backbone"]) == ([RANDOM], "min_recall", "cnn")


def test_a_canary_is_tried_made_stable_and_taken_back(folder: Path) -> None:
    where = ("--models", folder)
    assert lines(models("serve", 1, *where)) == [
        "cxr: version 1 to be served; no labels",
        "no server was asked which versions are AVAILABLE; --server URL asks before anything is written",
        f"written to {folder / 'models.config'}",
    ]
    assert lines(models("label", "stable", 1, *where))[0] == "cxr: version 1 to be served; stable is 1"
    assert lines(models("label", "canary", 3, *where))[:2] == [
        "cxr: versions 1, 3 to be served; canary is 3, stable is 1",
        "cxr: a request without version or label is answered by 3, not by stable",
    ]
    assert lines(models("label", "stable", 3, *where))[0] == "cxr: versions 1, 3 to be served; canary is 3, stable is 3"
    assert lines(models("label", "canary", "none", *where))[0] == "cxr: versions 1, 3 to be served; stable is 3"
    assert lines(models("rollback", *where))[:2] == [
        "cxr: from version 3 back to 2",
        "cxr: versions 1, 2, 3 to be served; stable is 2",
    ]
    assert lines(models("serve", 2, *where))[0] == "cxr: version 2 to be served; stable is 2"
    state = {one["version"]: (one["configured"], one["labels"]) for one in shown(folder)["versions"]}
    assert state == {3: (False, []), 2: (True, ["stable"]), 1: (False, [])}


def test_options_are_taken_before_the_verb_too_and_a_models_folder_means_its_parent(folder: Path) -> None:
    assert lines(models("--models", folder / "cxr", "label", "stable", 1))[-1] == f"written to {folder}/models.config"
    other = folder.parent / "elsewhere.config"
    assert lines(models("--models", folder, "--model-config", other, "serve", "latest"))[-1] == f"written to {other}"


def test_the_newest_version_is_served_again(folder: Path) -> None:
    lines(models("rollback", "--models", folder))
    assert shown(folder)["policy"] == "version 2"
    assert lines(models("serve", "latest", "--models", folder))[0] == "cxr: the newest version to be served; no labels"


def test_a_server_is_asked_what_it_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def status_of(server: Server, name: str) -> ServerStatus:
        asked.append((server, name))
        return ServerStatus({1: "AVAILABLE", 3: "END"}, {3: "Data loss"})

    monkeypatch.setenv("CXR_API_KEY", "a key")
    monkeypatch.setenv("CXR_CA_CERT", "ca.pem")
    monkeypatch.setattr(cxr.models_screen, "status_of", status_of)
    model = shown(folder, "--server", "http://host:8501")
    assert asked == [(Server("http://host:8501", "a key", "ca.pem"), "cxr")]
    assert [version["server"] for version in model["versions"]] == ["END", "unknown", "AVAILABLE"]
    assert model["faults"] == ["version 3 is not available on the server: Data loss"]
    said = models("--models", folder, "--server", "http://host:8501").output
    assert "Note: version 3 is not available on the server: Data loss" in said
    row = {line.split()[0]: line.split()[1:4] for line in said.splitlines() if line.strip()[:1].isdecimal()}
    assert (row["3"], row["1"]) == (["complete", "yes", "END"], ["complete", "no", "AVAILABLE"])


@pytest.mark.parametrize(
    "verb, states, refusal",
    [
        (("serve", 2), {}, "version 2 is unknown there, and version 1, which is AVAILABLE, would be unloaded"),
        (("serve", 2), {2: "LOADING"}, "version 2 is LOADING there, and version 1, which is AVAILABLE, would be"),
        (("serve", 2), {2: "AVAILABLE"}, ""),
        (("serve", 1, 2), {}, ""),
        (("serve", 1, 3), {3: "END"}, "version 3 has failed there (Data loss) and stays failed; push it again under"),
        (("label", "canary", 3), {3: "END"}, "version 3 has failed there (Data loss) and stays failed"),
        (("label", "canary", 2), {2: "END"}, ""),  # taken out of service once, and loaded again
        (("label", "stable", 1), {}, ""),
        (("rollback",), {}, "cxr: there is no complete version of 'cxr' before 1"),
    ],
)
def test_an_edit_that_would_leave_a_server_worse_off_is_not_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[object, ...], states: dict[int, str], refusal: str
) -> None:
    lines(models("serve", 1, "--models", folder))
    text = (folder / "models.config").read_text()
    errors = {3: "Data loss"} if 3 in states else {}
    status = ServerStatus({1: "AVAILABLE", **states}, errors)
    monkeypatch.setattr(serving.server_status, "status_of", lambda server, name: status)
    result = models("--server", "http://host:8501", *verb, "--models", folder)
    assert "no server was asked" not in result.output
    assert (result.exit_code, (folder / "models.config").read_text() == text) == (2 if refusal else 0, bool(refusal))
    assert refusal in result.output


def test_a_model_that_the_file_does_not_name_is_said_not_to_be_served(folder: Path) -> None:
    lines(models("serve", "latest", "--models", folder))
    push(folder / "other", 1)
    said = models("--models", folder, "--model", "other").output
    assert "Note: the model config file does not name this model, and it is not served" in said
    result = models("serve", 1, "--models", folder, "--model", "other")
    assert "model 'other' is not in the model config file, which names 'cxr'; add it there by hand" in result.output


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (("label", "blue", "1"), 2, "label 'blue' is unknown; it is stable or canary"),
        (("label", "stable", "7"), 2, "version 7 of 'cxr' is not there; there are: 1, 2, 3"),
        (("label", "stable", "1.0"), 2, "version '1.0' is no number; cxr models lists the versions"),
        (("serve", "1", "latest"), 2, "version 'latest' is no number; cxr models lists the versions"),
        (("--json", "serve", "1"), 2, "--json belongs to the list; leave it out before serve"),
        (("--model", "xr"), 2, "model 'xr' is not there; there are: cxr"),
        (
            ("--server", "http://127.0.0.1:1"),
            1,
            "server http://127.0.0.1:1 does not answer ([Errno 111] Connection refused); check the address, and that "
            "it runs",
        ),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(
    folder: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = models("--models", folder, *arguments)
    assert (result.exit_code, result.output) == (code, f"cxr: {message}\n")
    assert not (folder / "models.config").exists()


def test_a_change_that_leaves_something_which_a_server_cannot_follow_is_not_written(folder: Path) -> None:
    file = folder / "models.config"
    lines(models("label", "stable", 1, "--models", folder))
    text = file.read_text().replace('base_path: "/models/cxr"', 'base_path: "models/cxr"')
    file.write_text(text)
    result = models("label", "canary", 2, "--models", folder)
    assert (result.exit_code, file.read_text()) == (2, text)
    assert result.output == (
        f"cxr: {file} would not be followed: base_path 'models/cxr' is not absolute, and the server ends at once; "
        "nothing is written\n"
    )
