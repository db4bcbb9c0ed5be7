"""The probes' models do what scikit-learn's do, faster."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from components.data_audit.models import logistic_regression, naive_bayes, svm, svm_of_pixels


@pytest.fixture
def films() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training features [40, 90], test features [10, 90], labels bool [40]."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(50, 90)) * generator.uniform(0.1, 9, 90)
    return features[:40], features[40:], generator.random(40) < 0.3


def test_the_svm_is_scikit_learns(films: tuple[np.ndarray, ...]) -> None:
    train, test, labels = films
    model = make_pipeline(StandardScaler(), SVC(class_weight="balanced")).fit(train, labels)
    np.testing.assert_allclose(svm([train], [test], labels[None])[0], model.decision_function(test), atol=1e-6)
    unscaled = SVC(C=10, gamma=1 / train.var(axis=0).sum(), class_weight="balanced").fit(train, labels)
    np.testing.assert_allclose(
        svm_of_pixels([train], [test], labels[None])[0], unscaled.decision_function(test), atol=1e-6
    )


@pytest.mark.parametrize("features", [5, 90])
def test_the_logistic_regression_is_scikit_learns_with_few_and_with_many_features(
    films: tuple[np.ndarray, ...], features: int
) -> None:
    train, test, labels = films[0][:, :features], films[1][:, :features], films[2]
    peer = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000))
    expected = peer.fit(train, labels).decision_function(test)
    np.testing.assert_allclose(logistic_regression([train], [test], labels[None])[0], expected, atol=0.01)


def test_naive_bayes_weighs_the_classes_equally_and_knows_no_unseen_category() -> None:
    codes, labels = np.array([0] * 6 + [1] * 6)[:, None], np.array([True] * 2 + [False] * 10)
    scores = naive_bayes([codes], [np.array([[0], [1], [2]])], labels[None])[0]
    assert scores[0] > 0 > scores[1]
    assert abs(scores[2]) < 0.3


def test_blocks_weigh_the_same_however_many_features_they_have() -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 2 == 0
    telling, noise = labels[:, None] * 3.0 + generator.normal(size=(60, 2)), generator.normal(size=(60, 2000))
    as_blocks = svm_of_pixels([telling[:40], noise[:40]], [telling[40:], noise[40:]], labels[None, :40])[0]
    both = np.hstack([telling, noise])
    as_one = svm_of_pixels([both[:40]], [both[40:]], labels[None, :40])[0]
    assert ((as_blocks > 0) == labels[40:]).mean() > 0.95 > ((as_one > 0) == labels[40:]).mean()


@pytest.mark.parametrize("model", [logistic_regression, svm, svm_of_pixels])
def test_a_feature_that_is_constant_in_a_fold_and_a_labeling_of_one_class_are_no_fault(model: object) -> None:
    train, test = np.column_stack([np.ones(20), np.arange(20.0)]), np.array([[7.0, 3.0]])
    labelings = np.array([np.arange(20) < 10, np.ones(20, bool)])
    scores = model([train], [test], labelings)  # type: ignore[operator]
    assert np.isfinite(scores).all()
    assert scores[0, 0] > 0
    assert scores[1, 0] == 0
