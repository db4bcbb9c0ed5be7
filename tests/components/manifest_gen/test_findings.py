import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.manifest_gen.findings import claim_of

CLAIMS = {
    "covid": ("COVID-19",),
    "viral": ("Pneumonia/Viral",),
    "pneumonia": ("Pneumonia", "Infiltration", "Pneumonia/Bacterial/E.Coli"),
    "mixed": ("Edema|Pneumonia", "COVID-19, ARDS"),
    "tuberculosis": ("Bacterial",),
}


@pytest.mark.parametrize(
    "finding, claim",
    [
        ("pneumonia|  infiltration", ("pneumonia", "Pneumonia|Infiltration")),
        ("Infiltration|Pneumonia/Lipoid", ("pneumonia", "Infiltration|Pneumonia")),
        ("edema|pneumonia", ("mixed", "Edema|Pneumonia")),
        ("Pneumonia|Edema", None),
        ("Pneumonia|COVID-19", None),
        ("Pneumonia/Viral/COVID-19", ("covid", "COVID-19")),
        ("Pneumonia / Viral / covid-19", ("covid", "COVID-19")),
        ("Pneumonia/Viral/SARS", ("viral", "Pneumonia/Viral")),
        ("Pneumonia/Fungal/Pneumocystis", ("pneumonia", "Pneumonia")),
        ("Pneumonia/Bacterial/E.Coli", ("pneumonia", "Pneumonia/Bacterial/E.Coli")),
        ("Pneumonia/Bacterial/Klebsiella", ("tuberculosis", "Bacterial")),
        ("covid-19, ards", ("mixed", "COVID-19, ARDS")),
        ("COVID-19, Klebsiella", None),
        ("Pneumonia/Viral/COVID-19, ARDS", None),
        ("Edema", None),
        ("|", None),
        ("/", None),
        ("", None),
    ],
)
def test_the_nearest_claim_counts_and_two_diseases_are_not_one(finding: str, claim: tuple[str, str] | None) -> None:
    assert claim_of(finding, CLAIMS) == claim


@given(st.lists(st.sampled_from(["COVID-19", "covid-19", " Pneumonia", "Viral", "/", "|", ",", "Edema"])).map("".join))
def test_a_finding_that_passes_is_made_of_names_in_the_settings(finding: str) -> None:
    claim = claim_of(finding, CLAIMS)
    if claim:
        assert claim.finding in CLAIMS[claim.label] or set(claim.finding.split("|")) <= set(CLAIMS[claim.label])
        assert claim_of(claim.finding, CLAIMS) == claim
