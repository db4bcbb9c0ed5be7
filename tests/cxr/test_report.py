"""``cxr report`` where there is no run to report of; what it writes is tested with the report."""

from pathlib import Path
from typing import Any


def test_a_folder_without_a_run_is_wrong_use(cxr: Any, tmp_path: Path) -> None:
    result = cxr("report", "--run", "nowhere")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"cxr: {tmp_path / 'nowhere' / 'report.json'} cannot be read (No such file or directory); name the folder of a "
        "run with --run, or run the pipeline first"
    ]


def test_the_path_of_the_report_is_printed(cxr: Any, tmp_path: Path) -> None:
    from pipeline.report.write import write_report
    from pipeline.result import RunResult
    from pipeline.settings import load_settings

    settings = load_settings("sample", None, [])
    write_report(tmp_path, RunResult(status="failed", reasons=("x",)), {}, settings, show_films=False)
    before = (tmp_path / "report.html").read_bytes()
    (tmp_path / "report.html").unlink()
    result = cxr("report", "--run", tmp_path)
    assert (result.returncode, result.stdout) == (0, f"{tmp_path / 'report.html'}\n")
    assert (tmp_path / "report.html").read_bytes() == before
