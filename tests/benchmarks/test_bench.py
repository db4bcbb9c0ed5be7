"""The command ``make bench``, on claims that are made up."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import bench
from benchmarks.bench import CLAIMS, REAL, NotMeasuredError, committed, main, measure
from benchmarks.claim import Effort, Goal, Row
from benchmarks.results import Measured, Results

ROOT = Path(__file__).parents[2]
ROW = Row(
    claim=1, what="nothing", against="nobody", unit="x as fast", values=(2, 2, 2), goal=Goal(way="at least", bound=1)
)
STUB = """
from benchmarks.claim import Effort, Goal, Row

def measure(effort: Effort) -> list[Row]:
    {line}
    what = f"quick {{effort.quick}}, real {{effort.real}}"
    return [Row(claim=1, what=what, against="nobody", unit="x as fast", values=(1.0,) * effort.pairs)]
"""


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Row, ...] | None]:
    """Name of a claim -> what is measured of it; None = it cannot be measured."""
    known: dict[str, tuple[Row, ...] | None] = {"good": (ROW,), "bad": None, "last": (ROW,)}

    def measured(claim: str, effort: Effort) -> tuple[Row, ...]:
        rows = known[claim]
        if rows is None:
            raise NotMeasuredError(f"the claim {claim!r} ended with 3; its messages are above")
        return rows

    monkeypatch.setattr(bench, "measure", measured)
    monkeypatch.delenv(REAL, raising=False)
    return known


def _ends_with(code: int, folder: Path, *arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments, ("good", "bad", "last"), folder)
    assert ended.value.code == code


def test_a_claim_that_fails_is_named_at_the_end_and_the_others_are_kept(
    stubbed: dict[str, tuple[Row, ...] | None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _ends_with(1, tmp_path)
    out, err = capsys.readouterr()
    assert err.endswith("\nthe claim 'bad' ended with 3; its messages are above\n")
    assert out.count("| 1 | nothing |") == 2
    assert set(Results.read(tmp_path / "results.json").claims) == {"good", "last"}
    assert (tmp_path / "results.md").read_text(encoding="utf-8").startswith("# Measured claims\n")
    assert (tmp_path / "results.png").exists()
    stubbed["bad"], stubbed["good"] = (ROW,), None
    _ends_with(1, tmp_path)
    assert set(Results.read(tmp_path / "results.json").claims) == {"good", "bad", "last"}  # good of the run before


def test_what_got_worse_is_named_and_nothing_is_written_by_a_quick_run(
    stubbed: dict[str, tuple[Row, ...] | None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _ends_with(0, tmp_path, "--only", "good")
    before = (tmp_path / "results.json").read_bytes()
    stubbed["good"] = (ROW.model_copy(update={"values": (1.5,)}),)
    capsys.readouterr()
    _ends_with(1, tmp_path, "--quick", "--only", "good,last")
    assert capsys.readouterr().err == (
        "compared with committed figures: 2 rows; worse: 1\n"
        "claim 1, nothing: 1.5 x as fast, before 2 (1.5 to 1.5 in 1); goal ≥ 1\n"
    )
    assert (tmp_path / "results.json").read_bytes() == before


def test_an_interrupted_run_keeps_what_it_has_measured(
    stubbed: dict[str, tuple[Row, ...] | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = bench.measure

    def interrupted(claim: str, effort: Effort) -> tuple[Row, ...]:
        if claim == "bad":
            raise KeyboardInterrupt
        return measured(claim, effort)

    monkeypatch.setattr(bench, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        main((), ("good", "bad"), tmp_path)
    assert set(Results.read(tmp_path / "results.json").claims) == {"good"}


def test_figures_are_compared_with_those_of_the_last_commit(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert committed(file) == Results()
    kept = Results().with_claim("good", Measured(about={"date": "2026-01-02"}, rows=(ROW,)))
    kept.write(file)
    assert committed(file) == kept  # no git
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "figures"]):
        subprocess.run([*git, *arguments], check=True)
    Results().write(file)
    assert committed(file) == kept


def test_a_row_without_a_successor_is_named_but_is_no_fault(
    stubbed: dict[str, tuple[Row, ...] | None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = ROW.model_copy(update={"what": "real films"})
    stubbed["good"] = (ROW, real)
    _ends_with(0, tmp_path, "--only", "good,last")
    stubbed["good"] = (ROW,)
    capsys.readouterr()
    _ends_with(0, tmp_path, "--only", "good")
    assert capsys.readouterr().err == (
        "compared with committed figures: 1 rows; worse: 0\nclaim 1, real films: measured before and not now\n"
    )


def test_an_unknown_claim_ends_with_the_known_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _ends_with(2, tmp_path, "--only", "good,better")
    assert "'better' is no claim; there are good, bad, last" in capsys.readouterr().err


def test_a_claim_is_measured_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stubs = tmp_path / "benchmarks" / "claims"  # one namespace with the project's own
    stubs.mkdir(parents=True)
    (stubs / "fine.py").write_text(STUB.format(line="pass"), encoding="utf-8")
    (stubs / "broken.py").write_text(STUB.format(line="raise SystemExit(3)"), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (row,) = measure("fine", Effort(quick=True, real=Path("/films"), scratch=tmp_path))
    assert row.what == "quick True, real /films"
    assert row.values == (1, 1, 1)
    with pytest.raises(NotMeasuredError, match="the claim 'broken' ended with 3; its messages are above"):
        measure("broken", Effort(quick=True, real=None, scratch=tmp_path))


def test_every_module_of_claims_is_measured() -> None:
    assert sorted(CLAIMS) == sorted(file.stem for file in (ROOT / "benchmarks" / "claims").glob("*.py"))


@pytest.mark.parametrize("target, arguments", [("bench", ""), ("bench-quick", " --quick")])
def test_make_has_a_target_for_it(target: str, arguments: str) -> None:
    told = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/.dev", target, "BENCH_ARGS=--only good"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(rf"^\.venv/bin/python -m benchmarks\.bench{arguments} --only good$", told.stdout, re.MULTILINE)


def test_its_arguments_are_told_without_tensorflow() -> None:
    code = "import sys, benchmarks.bench; sys.exit(bool({'tensorflow', 'matplotlib', 'keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
