"""What the study of 2020 published of its four networks, on films that nobody else has.

Source: a student's study of COVID-19 in chest X-rays, University of Granada, 2020, done as a notebook with Keras: 198
covid films of ieee8023's covid-chestxray-dataset and as many normal ones of Kaggle's chest-xray-pneumonia, split film
by film into 236 for training, 80 for validation and 80 for the test. Its films are not at hand, so nothing here is
computed by this project but the intervals, which the study does not give: Wilson's, as if every film had a patient of
its own.
"""

from typing import Final

from trainer.servable import Rate
from trainer.statistics import wilson
from trainer.strict import Settings

#: The order of the rows (true) and columns (called) of the confusion matrices.
CLASSES: Final = ("covid", "healthy")
TRAIN_FILMS: Final = 236
#: Side of its films in pixels.
IMAGE_SIZE: Final = 224
#: Width of the dense layer in its networks.
DENSE: Final = 64


class Published(Settings):
    """One row of the study's table.

    Attributes:
        network: As it is called here.
        train_accuracy: As published; whether on augmented films, and with which weights, the study does not say.
        train_loss: Likewise.
        confusion: Test films, rows true, columns called: covid, healthy.
        trainable_parameters: Numbers that training moved.
        seconds_per_epoch: On the study's machine, which had a GPU.
    """

    network: str
    train_accuracy: float
    train_loss: float
    confusion: tuple[tuple[int, int], tuple[int, int]]
    trainable_parameters: int
    seconds_per_epoch: float

    @property
    def train(self) -> Rate:
        """Its train accuracy as a count of its train films, which gives the four digits that it prints."""
        return _rate(round(self.train_accuracy * TRAIN_FILMS), TRAIN_FILMS)

    def recall(self, label: int) -> Rate:
        """Share of the films of a class that are called so."""
        return _rate(self.confusion[label][label], sum(self.confusion[label]))

    def precision(self, label: int) -> Rate:
        """Share of the films called a class that are of it."""
        return _rate(self.confusion[label][label], sum(row[label] for row in self.confusion))

    @property
    def accuracy(self) -> Rate:
        """Share of the test films that are called right."""
        (a, b), (c, d) = self.confusion
        return _rate(a + d, a + b + c + d)


STUDY: Final = (
    Published(
        network="cnn",
        train_accuracy=0.8814,
        train_loss=0.3,
        confusion=((28, 12), (0, 40)),
        trainable_parameters=2_008_930,
        seconds_per_epoch=4,
    ),
    Published(
        network="vgg16",
        train_accuracy=0.9492,
        train_loss=0.15,
        confusion=((39, 1), (2, 38)),
        trainable_parameters=32_962,
        seconds_per_epoch=4,
    ),
    Published(
        network="nasnet_large",
        train_accuracy=0.9873,
        train_loss=0.04,
        confusion=((38, 2), (0, 40)),
        trainable_parameters=258_242,
        seconds_per_epoch=6,
    ),
    Published(
        network="inception_resnet_v2",
        train_accuracy=0.9619,
        train_loss=0.09,
        confusion=((40, 0), (0, 40)),
        trainable_parameters=98_498,
        seconds_per_epoch=4,
    ),
)


def _rate(k: int, n: int) -> Rate:
    interval = wilson(k, n)
    return Rate(value=k / n, low=interval.low, high=interval.high, n=n, patients=n)
