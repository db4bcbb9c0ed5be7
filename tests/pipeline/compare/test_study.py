"""The published figures, against one another."""

import pytest

from pipeline.compare.study import STUDY, Published
from trainer.statistics import wilson

BY_NAME = {one.network: one for one in STUDY}


@pytest.mark.parametrize("one", STUDY, ids=lambda one: one.network)
def test_every_network_was_tested_on_forty_films_of_each_class(one: Published) -> None:
    assert [sum(row) for row in one.confusion] == [40, 40]


@pytest.mark.parametrize(
    "network, healthy, covid, accuracy",
    [
        ("cnn", 0.77, 1.0, 0.85),
        ("vgg16", 0.97, 0.95, 0.96),
        ("nasnet_large", 0.95, 1.0, 0.97),
        ("inception_resnet_v2", 1.0, 1.0, 1.0),
    ],
)
def test_its_matrices_give_the_precisions_and_accuracies_that_it_prints(
    network: str, healthy: float, covid: float, accuracy: float
) -> None:
    one = BY_NAME[network]
    assert one.precision(1).value == pytest.approx(healthy, abs=0.0051)
    assert one.precision(0).value == pytest.approx(covid, abs=0.0051)
    assert one.accuracy.value == pytest.approx(accuracy, abs=0.0051)


@pytest.mark.parametrize("one", STUDY, ids=lambda one: one.network)
def test_its_train_accuracies_are_counts_of_its_train_films(one: Published) -> None:
    assert round(one.train.value, 4) == one.train_accuracy
    assert one.train.n == 236
    assert one.train.low < one.train_accuracy < one.train.high


def test_forty_of_forty_is_not_yet_all() -> None:
    recall = BY_NAME["inception_resnet_v2"].recall(0)
    assert (recall.value, recall.n) == (1, 40)
    assert recall.low == wilson(40, 40).low < 0.92
    assert BY_NAME["cnn"].recall(0).value == 0.7
