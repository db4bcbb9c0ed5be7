"""Which splits, or which folds of a cross-validation, train, choose and test."""

from trainer.features import EVAL, TEST, TRAIN, fold_names
from trainer.strict import Settings


class Roles(Settings):
    """What each split is for.

    Attributes:
        train: Films to learn from.
        eval: Films that say when to stop and where the threshold lies.
        test: Films to measure on.
    """

    train: tuple[str, ...] = (TRAIN,)
    eval: str = EVAL
    test: str = TEST


def roles_of_fold(fold: int, folds: int) -> Roles:
    """The turn in which a fold is tested: the next one chooses, the others train.

    Args:
        fold: Counted from 1.
        folds: How many there are, 3 at least.
    """
    names = fold_names(folds)
    test, choose = names[fold - 1], names[fold % folds]
    return Roles(train=tuple(name for name in names if name not in (test, choose)), eval=choose, test=test)
