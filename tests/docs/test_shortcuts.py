"""docs/shortcuts.md says what there is."""

import re
from pathlib import Path

from components.score.variants import VARIANTS

TEXT = (Path(__file__).parents[2] / "docs" / "shortcuts.md").read_text(encoding="utf-8")


def test_every_variant_is_described_and_judged_as_it_is() -> None:
    table = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|.*\| (yes|no) \|$", TEXT, re.M)
    described = {name: judged == "yes" for names, judged in table for name in re.findall(r"\w+", names)}
    assert described == {variant.name: variant.judged for variant in VARIANTS}
