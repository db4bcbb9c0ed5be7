"""When a model is said to read the frame."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from components.score.variants import VARIANTS
from components.shortcut_audit.findings import find
from components.shortcut_audit.report import VariantResult
from trainer.predictions import ORIGINAL, Predictions

Predict = Callable[..., Predictions]
LABELS = np.array([0, 1] * 20)
SEEN = np.where(LABELS == 0, 0.9, 0.1) + np.linspace(0, 0.05, 40)  # tells the classes apart
BLIND = np.tile([0.3, 0.3, 0.7, 0.7], 10)  # says the same of either class


def result(found: tuple[VariantResult, ...], name: str) -> VariantResult:
    return next(one for one in found if one.name == name)


def audited(predict: Predict, scores: dict[str, np.ndarray], bound: float = 0.7) -> tuple[VariantResult, ...]:
    everywhere = {ORIGINAL: SEEN, **{variant.name: BLIND for variant in VARIANTS}, **scores}
    return find({name: predict(LABELS, score) for name, score in everywhere.items()}, bound)


def test_a_model_that_is_blind_without_lungs_passes(predict: Predict) -> None:
    found = audited(predict, {})
    assert [one.name for one in found] == [ORIGINAL, *(variant.name for variant in VARIANTS)]
    assert not [one.name for one in found if one.tells]
    hidden = result(found, "hidden_80")
    assert hidden.auc is not None
    assert hidden.auc.value == 0.5
    assert hidden.auc.low < 0.5 < hidden.auc.high


@pytest.mark.parametrize("variant", ["hidden_80", "hidden_90", "rim"])
def test_a_model_that_tells_the_classes_apart_without_lungs_is_caught(predict: Predict, variant: str) -> None:
    found = audited(predict, {variant: SEEN})
    assert [one.name for one in found if one.tells] == [variant]


def test_it_is_caught_too_where_it_tells_them_the_other_way_round(predict: Predict) -> None:
    found = audited(predict, {"hidden_80": 1 - SEEN})
    assert result(found, "hidden_80").tells


@pytest.mark.parametrize("patients, bound, tells", [(4, 0.7, True), (10, 0.7, True), (3, 0.7, False), (10, 1.0, False)])
def test_scores_that_part_the_classes_completely_tell_from_few_patients_on(
    predict: Predict, patients: int, bound: float, tells: bool
) -> None:
    labels = np.array([0, 1] * patients)
    seen = np.where(labels == 0, 0.9, 0.1)
    found = find({name: predict(labels, seen) for name in (ORIGINAL, "hidden_80")}, bound)
    auc = result(found, "hidden_80").auc
    assert auc is not None
    assert auc.low < 0.7, "the interval knows only of pairs"
    assert result(found, "hidden_80").tells is tells


@pytest.mark.parametrize("variant", [variant.name for variant in VARIANTS if not variant.judged])
def test_where_lungs_can_be_seen_or_no_film_at_all_nothing_is_judged(predict: Predict, variant: str) -> None:
    found = audited(predict, {variant: SEEN})
    assert not result(found, variant).judged
    assert not any(one.tells for one in found)


def test_the_bound_is_compared_with_the_end_of_the_interval(predict: Predict) -> None:
    mixed = np.where(np.arange(40) < 8, BLIND, SEEN)
    auc = result(audited(predict, {"rim": mixed}), "rim").auc
    assert auc is not None
    assert 0.5 < auc.low < auc.value < auc.high
    assert result(audited(predict, {"rim": mixed}, auc.low), "rim").tells
    assert not result(audited(predict, {"rim": mixed}, (auc.low + auc.value) / 2), "rim").tells


def test_a_bound_of_one_judges_none(predict: Predict) -> None:
    assert not any(one.tells for one in audited(predict, {"rim": SEEN, "hidden_80": 1 - SEEN}, 1.0))


def test_films_of_one_patient_widen_the_interval(predict: Predict) -> None:
    noisy = np.random.default_rng(0).normal(np.where(LABELS == 0, 0.6, 0.4), 0.25).clip(0, 1)
    patients = [f"p{film // 8}{LABELS[film]}" for film in range(40)]
    one, several = (
        result(
            find({ORIGINAL: predict(LABELS, SEEN, p), "rim": predict(LABELS, np.sort(noisy)[::-1], p)}, 0.7), "rim"
        ).auc
        for p in (None, patients)
    )
    assert one is not None
    assert several is not None
    assert (one.patients, several.patients) == (40, 10)
    assert one.value == several.value
    assert several.high - several.low > one.high - one.low


def test_changed_decisions_are_counted_against_the_film_as_it_is(predict: Predict) -> None:
    flipped = SEEN.copy()
    flipped[:3] = 1 - flipped[:3]
    found = audited(predict, {"flipped": flipped})
    changed = result(found, "flipped").changed
    assert changed is not None
    assert (changed.value, changed.n) == (3 / 40, 40)
    assert changed.low < 3 / 40 < changed.high
    assert found[0].changed is None
    recall = found[0].recall
    assert recall is not None
    assert recall.value == 1


def test_recall_and_specificity_are_those_at_the_stored_threshold(predict: Predict) -> None:
    found = audited(predict, {"darker": np.where(np.arange(40) < 10, 0.9, 0.1)})
    darker = result(found, "darker")
    assert darker.recall is not None
    assert darker.specificity is not None
    assert (darker.recall.value, darker.specificity.value) == (5 / 20, 15 / 20)


@pytest.mark.parametrize("labels, given", [([], (False, False)), ([0, 0, 0], (True, False)), ([1, 1], (False, True))])
def test_without_films_of_both_sides_nothing_tells(predict: Predict, labels: list[int], given: Any) -> None:
    said = predict(labels, [0.9] * len(labels))
    for one in find({ORIGINAL: said, "hidden_80": said}, 0.7):
        assert one.auc is None
        assert not one.tells
        assert (one.recall is not None, one.specificity is not None) == given


def test_the_seed_alone_decides_the_interval(predict: Predict) -> None:
    mixed = np.where(np.arange(40) < 8, BLIND, SEEN)
    variants = {ORIGINAL: predict(LABELS, SEEN), "rim": predict(LABELS, mixed)}
    assert find(variants, 0.7, 3) == find(variants, 0.7, 3)
    assert find(variants, 0.7, 3) != find(variants, 0.7, 4)
