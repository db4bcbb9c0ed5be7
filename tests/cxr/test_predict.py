"""``cxr predict``."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cxr.main import main
from cxr.predict_screen import CsvRows, print_table
from serving.prediction import Answers, Prediction, without_answer
from tests.cxr.conftest import Run
from tests.serving.client.stub import POISON, Refused, StubModel, grpc_server


@pytest.fixture
def good(films: Path) -> list[Path]:
    return sorted((films / "class-folders" / "covid").iterdir())[:2]


@pytest.fixture
def bad(tmp_path: Path, good: list[Path]) -> list[Path]:
    """A text with a picture's name, an empty file, a film cut off."""
    contents = {"text.png": b"no film", "empty.jpg": b"", "cut.png": good[0].read_bytes()[:1000]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in contents]


def predict(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


def test_films_get_label_score_and_decision(good: list[Path], model_folder: Path) -> None:
    result = predict(*good, "--model", model_folder)
    assert result.exit_code == 0, result.output
    for part in (*(film.name for film in good), "covid from 0.500", "Model version 7", "Not a diagnosis"):
        assert part in result.output
    assert "Note: a note for the reader" in result.output


def test_json_is_one_object(good: list[Path], model_folder: Path) -> None:
    result = predict(*good, "--model", model_folder / "7", "--json")
    said = json.loads(result.stdout)
    assert (said["version"], said["positive_class"], said["threshold"]) == ("7", "covid", 0.5)
    assert [film["film"] for film in said["films"]] == list(map(str, good))
    for film in said["films"]:
        assert film["score"] == film["probabilities"]["covid"]
        assert film["positive"] == (film["score"] >= 0.5)
        assert film["label"] == ("covid" if film["positive"] else "healthy")
        assert film["error"] is None


def test_a_bad_film_fails_alone_and_gets_no_label(good: list[Path], bad: list[Path], model_folder: Path) -> None:
    result = predict(bad[0], good[0], *bad[1:], "--model", model_folder, "--json")
    assert result.exit_code == 1
    films = json.loads(result.stdout)["films"]
    assert [film["label"] is None for film in films] == [True, False, True, True]
    assert all(film["error"] and film["score"] is None for film in films if film["label"] is None)


def test_a_table_shows_no_class_for_a_bad_film(bad: list[Path], model_folder: Path) -> None:
    result = predict(bad[0], "--model", model_folder)
    assert result.exit_code == 1
    row = next(line for line in result.output.splitlines() if "text.png" in line)
    assert "not a JPEG, PNG, GIF or BMP file" in row
    assert "healthy" not in row
    assert "covid" not in row


def test_a_dicom_film_is_asked_for_as_any_other(make_dicom: Any, tmp_path: Path, model_folder: Path) -> None:
    film = tmp_path / "IM000001"
    film.write_bytes(make_dicom(np.arange(6400, dtype=np.uint16).reshape(80, 80), PatientID="hidden"))
    result = predict(film, "--model", model_folder, "--json")
    assert result.exit_code == 0, result.output
    (said,) = json.loads(result.stdout)["films"]
    assert said["label"] in ("covid", "healthy")
    assert "hidden" not in result.output


@pytest.mark.parametrize(
    "film, model, message",
    [
        ("nowhere.png", None, "film 'nowhere.png' cannot be read (No such file or directory); give an image file"),
        (".", None, "film '.' cannot be read (not a regular file); give an image file"),
        (None, "nowhere", "model 'nowhere' is not a folder; give a version, or a model's folder with versions in it"),
    ],
)
def test_wrong_use_is_one_line(
    film: str | None, model: str | None, message: str, good: list[Path], model_folder: Path
) -> None:
    result = predict(film or good[0], "--model", model or model_folder)
    assert (result.exit_code, result.output) == (2, f"cxr: {message}\n")


@pytest.fixture
def stub() -> StubModel:
    return StubModel()


@pytest.fixture
def server(stub: StubModel) -> Iterator[str]:
    """The URL of a server that calls a film by its brightness."""
    with grpc_server(stub) as port:
        yield f"grpc://127.0.0.1:{port}"


@pytest.fixture
def drawn(tmp_path: Path) -> list[Path]:
    """A bright film and a dark one."""
    paths = [tmp_path / "bright.png", tmp_path / "dark.png"]
    for path, level in zip(paths, (200, 40), strict=True):
        Image.fromarray(np.full((80, 90), level, np.uint8)).save(path)
    return paths


def test_a_server_is_asked_as_a_folder_is(drawn: list[Path], server: str) -> None:
    result = predict(*drawn, "--server", server)
    assert result.exit_code == 0, result.output
    assert "Model version 7; score is the probability of covid. Not a diagnosis." in result.output
    assert "covid from 0.500" in result.output
    said = json.loads(predict(*drawn, "--server", server, "--json").stdout)
    assert (said["version"], said["positive_class"], said["threshold"], said["notes"]) == ("7", "covid", 0.5, [])
    assert [(film["label"], film["positive"], film["error"]) for film in said["films"]] == [
        ("covid", True, None),
        ("healthy", False, None),
    ]


def test_folder_and_server_give_json_and_csv_of_the_same_shape(
    drawn: list[Path], server: str, model_folder: Path
) -> None:
    ways = (("--server", server), ("--model", model_folder))
    one, other = (json.loads(predict(*drawn, *way, "--json").stdout) for way in ways)
    assert one.keys() == other.keys()
    assert one["films"][0].keys() == other["films"][0].keys()
    headers = [predict(*drawn, *way, "--csv").stdout.splitlines()[0] for way in ways]
    assert (
        headers == ["film,label,score,threshold,positive,error,version,probability of covid,probability of healthy"] * 2
    )


def test_csv_has_a_row_for_every_film(drawn: list[Path], bad: list[Path], server: str) -> None:
    result = predict(drawn[0], bad[0], drawn[1], "--server", server, "--csv")
    assert result.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["film"] for row in rows] == [str(drawn[0]), str(bad[0]), str(drawn[1])]
    assert [row["label"] for row in rows] == ["covid", "", "healthy"]
    assert [row["threshold"] for row in rows] == ["0.5", "", "0.5"]
    assert [float(row["score"]) for row in rows[::2]] == [float(row["probability of covid"]) for row in rows[::2]]
    assert "none of JPEG, PNG" in rows[1]["error"]


def test_an_unreadable_path_among_films_fails_alone(drawn: list[Path], server: str, tmp_path: Path) -> None:
    result = predict(drawn[0], tmp_path / "none.png", drawn[1], "--server", server, "--json")
    assert result.exit_code == 1
    films = json.loads(result.stdout)["films"]
    assert [film["label"] for film in films] == ["covid", None, "healthy"]
    assert films[1]["error"] == "cannot be read (No such file or directory); give an image file"


def gone(stub: StubModel, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The server answers one request, and then no more."""
    rows = stub.rows

    def answer(*arguments: Any) -> list[dict[str, Any]]:
        if stub.requests:
            raise error
        return rows(*arguments)

    monkeypatch.setattr(stub, "rows", answer)


@pytest.mark.parametrize("how", ["--json", "--csv", None])
def test_what_a_server_that_goes_away_has_answered_is_shown(
    how: str | None, drawn: list[Path], server: str, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone(stub, monkeypatch, Refused(grpc.StatusCode.INTERNAL, 500, "gone"))
    result = predict(*drawn * 5, "--server", server, *([how] if how else []))
    assert result.exit_code == 1
    assert result.stderr == "cxr: 8 of 10 films were answered, then: the server failed (INTERNAL: gone)\n"
    if how == "--json":
        films = json.loads(result.stdout)["films"]
    elif how == "--csv":
        films = list(csv.DictReader(io.StringIO(result.stdout)))
    else:
        assert (result.stdout.count("covid "), result.stdout.count("not answered")) == (5, 2)  # and the heading
        return
    assert [film["label"] or None for film in films] == ["covid", "healthy"] * 4 + [None] * 2
    assert [film["error"] or None for film in films] == [None] * 8 + ["not answered"] * 2


def test_ctrl_c_shows_what_was_answered(drawn: list[Path], server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from serving import remote_model

    answers = iter([remote_model._prediction, remote_model._prediction])

    def prediction(*arguments: Any) -> Any:
        if (answer := next(answers, None)) is None:
            raise KeyboardInterrupt
        return answer(*arguments)

    monkeypatch.setattr(remote_model, "_prediction", prediction)
    result = predict(*drawn, drawn[0], "--server", server, "--csv")
    assert (result.exit_code, result.stderr) == (1, "cxr: 2 of 3 films were answered, then: stopped by Ctrl-C\n")
    assert [line.split(",")[1] for line in result.stdout.splitlines()] == ["label", "covid", "healthy", ""]


def test_rows_of_csv_are_written_as_films_are_answered() -> None:
    stream = io.StringIO()
    rows = CsvRows(stream)
    rows.add(without_answer(Path("bad.png"), "cut off"))
    assert stream.getvalue() == ""  # the classes are not known
    rows.add(answered(0.75))
    head = "film,label,score,threshold,positive,error,version,probability of covid,probability of healthy\n"
    assert stream.getvalue() == f"{head}bad.png,,,,,cut off,,,\nfilm.png,covid,0.75,0.5,True,,7,0.75,0.25\n"
    rows.end()
    nothing = CsvRows(io.StringIO())
    nothing.add(without_answer(Path("bad.png"), "cut off"))
    nothing.end()
    assert nothing._stream.getvalue().splitlines()[1] == "bad.png,,,,,cut off,"  # type: ignore[attr-defined]


def answered(score: float, threshold: float = 0.5) -> Prediction:
    positive = score >= threshold
    probabilities = {"covid": score, "healthy": 1 - score}
    label = "covid" if positive else "healthy"
    return Prediction(Path("film.png"), label, score, positive, True, "", probabilities, threshold, "7")


@pytest.mark.parametrize(
    "scores, threshold, shown",
    [
        ([0.4997, 0.2], 0.5, ["covid from 0.5000", "0.4997", "0.200"]),
        ([0.5, 0.75], 0.5, ["covid from 0.500", "0.500", "0.750"]),
        ([0.49998, 0.4998], 0.49996, ["covid from 0.49996", "0.49998", "0.4998"]),
    ],
)
def test_a_score_near_the_threshold_has_the_digits_that_tell_it_from_it(
    scores: list[float], threshold: float, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(Answers([answered(score, threshold) for score in scores], "7", "covid", threshold, []))
    lines = capsys.readouterr().out.splitlines()
    assert [part for part in shown if not any(part in line.split("  ") or part in line for line in lines)] == []
    assert not any(f" {threshold:.3f} " in line and " no" in line for line in lines)


def test_no_class_is_printed_for_a_film_that_a_server_cannot_decode(
    drawn: list[Path], server: str, stub: StubModel
) -> None:
    drawn[0].write_bytes(drawn[0].read_bytes() + POISON)
    result = predict(drawn[0], "--server", server)
    assert result.exit_code == 1
    row = next(line for line in result.output.splitlines() if "bright.png" in line)
    assert "Invalid PNG data" in row
    assert not any(name in row for name in ("covid", "healthy", "invalid"))


def test_label_version_name_and_key_go_to_the_server(
    drawn: list[Path], server: str, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_API_KEY", "secret")
    result = predict(drawn[0], "--server", server, "--label", "canary", "--model-name", "other")
    assert result.exit_code == 0, result.output
    assert "secret" not in result.output
    assert stub.requests[0][2]["x-api-key"] == "secret"
    stub.refusals = [Refused(grpc.StatusCode.INVALID_ARGUMENT, 400, "Unrecognized servable version label: canary")]
    result = predict(drawn[0], "--server", server, "--label", "canary")
    assert result.exit_code == 1
    assert result.output == (
        "cxr: no version has this label; set it on the server, or ask without "
        "(INVALID_ARGUMENT: Unrecognized servable version label: canary)\n"
    )


@pytest.mark.parametrize("way", ["--server", "--model"])
def test_heat_maps_are_drawn_over_the_films(
    way: str, drawn: list[Path], server: str, model_folder: Path, tmp_path: Path
) -> None:
    whom = (way, server if way == "--server" else model_folder)
    assert predict(drawn[0], *whom, "--explain", tmp_path / "one.png").exit_code == 0
    result = predict(*drawn, drawn[0], *whom, "--explain", tmp_path / "maps" / "all")
    assert result.exit_code == 0, result.output
    made = sorted((tmp_path / "maps" / "all").iterdir())
    assert [path.name for path in made] == ["bright-2.heatmap.png", "bright.heatmap.png", "dark.heatmap.png"]
    for path in (*made, tmp_path / "one.png"):
        with Image.open(path) as picture:
            assert (picture.size, picture.mode) == ((90, 80), "RGB")


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "give one of --model FOLDER and --server URL"),
        (["--model", "m", "--server", "grpc://h"], "give one of --model FOLDER and --server URL"),
        (["--model", "m", "--label", "stable"], "--label is for --server; with --model give the version's folder"),
        (["--server", "grpc://h", "--json", "--csv"], "--json and --csv are given; give one of the two"),
        (["--server", "host:8500"],
         "URL 'host:8500' is not one of http://host, https://host, grpc://host, grpcs://host; "
         "give for instance https://host/ or grpc://host:8500"),
        (["--server", "grpcs://h", "--ca-cert", "nowhere.pem"],
         "Tls(authorities='nowhere.pem') is not a file; give a PEM file"),
        (["--server", "grpc://h", "--explain", "map.txt"],
         "--explain 'map.txt' is no folder and ends in none of .png, .jpg, .jpeg; give OUT.png"),
        (["--server", "grpc://h", "--explain", "FILM"], "--explain 'FILM' would overwrite the film; give another name"),
    ],
)  # fmt: skip
def test_wrong_use_of_a_server_is_one_line(arguments: list[str], message: str, drawn: list[Path]) -> None:
    film = str(drawn[0])
    result = predict(film, *(film if argument == "FILM" else argument for argument in arguments))
    assert (result.exit_code, result.output) == (
        2,
        f"cxr: {message.replace('FILM', film) if 'FILM' in arguments else message}\n",
    )


def test_a_file_is_no_folder_for_many_heat_maps(drawn: list[Path], tmp_path: Path) -> None:
    result = predict(*drawn, "--server", "grpc://h", "--explain", drawn[0])
    assert result.output == f"cxr: --explain '{drawn[0]}' is a file, but there are 2 films; give a folder\n"


def test_grpc_says_nothing_of_its_own(drawn: list[Path], server: str, cxr: Run) -> None:
    result = cxr("predict", drawn[0], "--server", server.replace("grpc", "grpcs"))
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("cxr: the certificate is not trusted, or the server speaks no TLS")


def test_asking_a_server_does_not_import_tensorflow(drawn: list[Path], server: str) -> None:
    program = (
        f"import sys; from cxr.main import main; main(['predict', {str(drawn[0])!r}, '--server', {server!r}], "
        "standalone_mode=False); print('tensorflow' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).splitlines()[-1] == "False"
