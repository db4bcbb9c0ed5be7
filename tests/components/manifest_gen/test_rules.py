from dataclasses import replace
from pathlib import Path

import pytest

from components.manifest_gen.rows import Film, Rejection
from components.manifest_gen.rules import judge
from components.manifest_gen.settings import DataSettings

DATA = DataSettings.model_validate(
    {
        "sources": [{"kind": "ieee8023", "name": "here", "path": "here"}],
        "findings": {
            "covid": ["COVID-19", "Pneumonia/Viral/COVID-19"],
            "healthy": ["No Finding", "Normal"],
        },
        "views": ["PA", "AP Supine"],
    }
)
FILM = Film(Path("/a.png"), 17, "here", "a.png", "patient 12345", "covid-19", "pa")


def test_a_film_that_passes_gets_its_class_and_the_proper_name_of_its_view() -> None:
    passed = replace(FILM, label="covid", finding="COVID-19", view="PA")
    assert judge(FILM, DATA) == passed
    assert judge(replace(FILM, view="ap supine"), DATA) == replace(passed, view="AP Supine")


@pytest.mark.parametrize("finding", ["SARS", "COVID-19, ARDS", "COVID", ""])
def test_a_finding_that_no_class_claims_is_rejected(finding: str) -> None:
    rejection = judge(replace(FILM, finding=finding), DATA)
    detail = f"finding '{finding}' belongs to no class; drop the row or add it under data.findings"
    assert rejection == Rejection("here", 17, "a.png", "finding", detail)


@pytest.mark.parametrize("finding", ["COVID-19", "No Finding"])
def test_a_view_outside_the_list_is_rejected_in_every_class(finding: str) -> None:
    rejection = judge(replace(FILM, finding=finding, view="L"), DATA)
    detail = "view 'L' is not one of PA, AP Supine; drop the row or add it under data.views"
    assert rejection == Rejection("here", 17, "a.png", "view", detail)


def test_a_view_that_is_known_but_not_wanted_is_rejected() -> None:
    rejection = judge(replace(FILM, view="AP erect"), DATA)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "view"
    assert "'AP erect'" in rejection.detail


@pytest.mark.parametrize("stated", ["", "no finding", "NORMAL", "Normal|No Finding"])
def test_folder_and_metadata_agree_by_class_not_by_spelling(stated: str) -> None:
    judged = judge(replace(FILM, finding="Normal", stated=stated), DATA)
    assert isinstance(judged, Film)
    assert judged.label == "healthy"


@pytest.mark.parametrize("stated", ["COVID-19", "Cardiomegaly", "No Finding|Cardiomegaly", "No Finding|COVID-19"])
def test_folder_and_metadata_that_disagree_are_a_conflict(stated: str) -> None:
    rejection = judge(replace(FILM, finding="Normal", stated=stated), DATA)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "conflict"
    assert f"the folder says 'Normal', the metadata '{stated}'" in rejection.detail


def test_a_detail_stays_one_short_line_and_names_no_patient() -> None:
    rejection = judge(replace(FILM, finding="clinical\nnotes\x1b[31m " + "that are long " * 20), DATA)
    assert isinstance(rejection, Rejection)
    assert rejection.detail.isprintable()
    assert len(rejection.detail) < 150
    assert FILM.patient not in rejection.detail
