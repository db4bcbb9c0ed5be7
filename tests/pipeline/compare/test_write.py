"""The files of a comparison."""

from pathlib import Path

from pipeline.compare.write import forget_earlier, set_aside


def test_tables_of_the_comparison_before_are_set_aside_and_not_lost(tmp_path: Path) -> None:
    (tmp_path / "compare.md").write_text("before")
    set_aside(tmp_path)
    set_aside(tmp_path)  # a second one, which found nothing new
    assert [path.name for path in tmp_path.iterdir()] == ["earlier"]
    assert (tmp_path / "earlier" / "compare.md").read_text() == "before"
    forget_earlier(tmp_path)
    assert not list(tmp_path.iterdir())
