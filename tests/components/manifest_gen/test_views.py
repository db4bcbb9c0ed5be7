import pytest

from components.manifest_gen.views import SPELLINGS, view_of
from trainer.features import VIEWS


@pytest.mark.parametrize(
    "text, view",
    [
        ("PA", "PA"),
        ("pa", "PA"),
        ("AP", "AP"),
        ("AP erect", "AP"),
        ("AP  Supine", "AP Supine"),
        ("AP_supine", "AP Supine"),
        ("antero-posterior", None),
        ("anteroposterior", "AP"),
        ("L", None),
        ("Axial", None),
        ("frontal", None),
        ("", None),
    ],
)
def test_views_are_known_by_their_spellings(text: str, view: str | None) -> None:
    assert view_of(text) == view


def test_every_spelling_leads_to_a_view_and_every_view_knows_its_own_name() -> None:
    assert set(SPELLINGS.values()) == set(VIEWS)
    assert [view_of(view) for view in VIEWS] == list(VIEWS)
