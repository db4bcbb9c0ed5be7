"""Which fold trains, chooses and tests."""

import pytest

from components.network_trial.roles import Roles, roles_of_fold
from trainer.features import SPLITS, fold_names


def test_without_folds_the_splits_do_what_they_are_called() -> None:
    roles = Roles()
    assert (*roles.train, roles.eval, roles.test) == SPLITS


@pytest.mark.parametrize("folds", [3, 5])
def test_every_fold_tests_once_chooses_once_and_never_does_two_things_at_a_time(folds: int) -> None:
    turns = [roles_of_fold(fold, folds) for fold in range(1, folds + 1)]
    assert [turn.test for turn in turns] == list(fold_names(folds))
    assert sorted(turn.eval for turn in turns) == sorted(fold_names(folds))
    for turn in turns:
        assert sorted([*turn.train, turn.eval, turn.test]) == sorted(fold_names(folds))
