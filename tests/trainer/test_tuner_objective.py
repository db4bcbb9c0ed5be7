import numpy as np
import pytest

from trainer.errors import RunError
from trainer.statistics import auc
from trainer.tuner_objective import check_objective, measure_objective, objective_name
from trainer.tuner_settings import TunerSettings

AUC, RECALL = TunerSettings(), TunerSettings(objective="recall_at_specificity", specificity=0.9)
POSITIVES = np.arange(60) % 3 == 0
PATIENTS = np.array([f"p{index}" for index in range(60)])


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(1).normal(POSITIVES * 1.5, 1).round(1)


def test_the_area_is_that_of_the_eval_scores(scores: np.ndarray) -> None:
    measured = measure_objective(scores, POSITIVES, PATIENTS, AUC)
    assert measured.value == auc(scores, POSITIVES)
    assert measured.low < measured.value < measured.high
    assert (measured.n, measured.patients) == (60, 60)


def test_the_recall_is_the_best_one_whose_threshold_keeps_the_specificity(scores: np.ndarray) -> None:
    def recall_from(threshold: float) -> float:
        kept = (scores[~POSITIVES] < threshold).mean() >= 0.9
        return float((scores[POSITIVES] >= threshold).mean()) if kept else 0.0

    measured = measure_objective(scores, POSITIVES, PATIENTS, RECALL)
    assert measured.value == pytest.approx(max(map(recall_from, [*scores, scores.max() + 1])))
    assert measured.low < measured.value < measured.high


def test_an_eval_split_that_tells_no_trial_from_another_is_refused() -> None:
    check_objective(POSITIVES, PATIENTS, "covid", AUC)
    check_objective(POSITIVES, PATIENTS, "covid", RECALL)
    one = np.where(POSITIVES, "p", PATIENTS)
    with pytest.raises(RunError, match="the 20 eval films that are covid are of one patient"):
        check_objective(POSITIVES, one, "covid", AUC)
    few = np.arange(12) < 3
    check_objective(few, PATIENTS[:12], "covid", AUC)
    with pytest.raises(RunError, match=r"9 films that are not covid, .* set tuner.specificity to 0.88 or less"):
        check_objective(few, PATIENTS[:12], "covid", RECALL)
    check_objective(few, PATIENTS[:12], "covid", RECALL.model_copy(update={"specificity": 0.88}))


def test_the_objective_has_a_name() -> None:
    assert [objective_name(tuner) for tuner in (AUC, RECALL)] == ["AUC", "recall at specificity 0.9"]
