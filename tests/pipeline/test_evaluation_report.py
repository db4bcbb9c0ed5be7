"""What the report of an evaluation says on top."""

from pipeline.evaluation_report import as_run, verdict_of
from pipeline.evaluation_result import EvaluationResult, KnownFilms
from pipeline.report.data import Films, ReportData
from pipeline.report.render import render
from trainer.assessment import Assessment, Slice
from trainer.servable import Rate


def assessment(recall: float, films: int) -> Assessment:
    rate = Rate(value=recall, low=recall - 0.1, high=recall + 0.1, n=films, patients=films)
    overall = Slice(by="overall", value="", films=films, patients=films, positives=films, metrics={"recall": rate})
    return Assessment(
        classes=("covid", "healthy"), positive="covid", threshold=0.5, sensitivity=0.95, slices=(overall,),
        confusion=((films, 0), (0, 0)), report={}, reliability=None,
    )  # fmt: skip


RESULT = EvaluationResult(
    status="evaluated",
    warnings=("4 of 20 films (20.0%) are not new to the model",),
    model_dir="/serving/cxr/7",
    version="7",
    films={"covid": 20},
    known=KnownFilms(films=20, known=4, share=0.2, ways={"file": 4}, training_films=50, not_checkable=("no manifest",)),
    assessment=assessment(0.85, 20),
    assessment_without_known=assessment(0.75, 16),
)


def page(result: EvaluationResult) -> str:
    return render(
        ReportData(
            result=as_run(result),
            verdict=verdict_of(result),
            classes=("covid", "healthy"),
            positive="covid",
            films=Films(shown=False),
            assessment=result.assessment,
        )
    )


def test_films_that_are_not_new_are_told_on_top_with_the_figures_without_them() -> None:
    text = page(RESULT)
    top = text[: text.index('id="data"')]
    for part in (
        "Evaluated, not on new films alone",
        "Version 7, a model that was pushed before, was tested on other films",
        "4 of 20 films (20.0%) are not new to the model",
        "without the films that are not new: recall 0.750 (0.650 to 0.850, 16 films)",
        "no manifest",
    ):
        assert part in top


def test_an_evaluation_on_new_films_has_no_warning_and_claims_no_push() -> None:
    text = page(RESULT.model_copy(update={"warnings": (), "assessment_without_known": None}))
    assert ">Evaluated<" in text
    assert "not on new films alone" not in text
    assert "Nothing was pushed" not in text
    assert "Released" not in text


def test_a_version_whose_folder_has_a_name_is_shown_too() -> None:
    assert as_run(RESULT.model_copy(update={"version": "candidate"})).version is None
