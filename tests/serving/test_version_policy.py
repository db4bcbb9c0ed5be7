"""Which versions are served under which labels: every change leaves what a server can follow."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from serving.model_config import starter, write_config
from serving.server.configuration import FileSource
from serving.version_policy import (
    faults,
    policy_of,
    roll_back,
    serve_newest,
    serve_versions,
    served,
    set_label,
    take_label,
)
from serving.versions import Version, versions_of
from tests.pushed_versions import push
from trainer.errors import UsageError

NEWEST = "model_version_policy { latest { num_versions: 1 } }"
ALL = "model_version_policy { all {} }"
ONE_AND_TWO = "model_version_policy { specific { versions: 1 versions: 2 } }"
STABLE_1 = 'version_labels { key: "stable" value: 1 }'
STABLE_2 = 'version_labels { key: "stable" value: 2 }'
CANARY_2 = 'version_labels { key: "canary" value: 2 }'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return push(tmp_path / "cxr", 1, 2, 3)


@pytest.fixture
def versions(folder: Path) -> list[Version]:
    return versions_of(folder)


def model_of(*settings: str) -> ModelConfig:
    named = 'name: "cxr" base_path: "/models/cxr" model_platform: "tensorflow" '
    return text_format.Parse(named + " ".join(settings), ModelConfig())


def state_of(model: ModelConfig) -> tuple[list[int], dict[str, int]]:
    return served(model, (1, 2, 3)), dict(model.version_labels)


@pytest.mark.parametrize(
    "policy, serving, words",
    [
        ("", [3], "the newest version"),
        (NEWEST, [3], "the newest version"),
        ("model_version_policy { latest { num_versions: 2 } }", [2, 3], "the 2 newest versions"),
        (ALL, [1, 2, 3], "all versions"),
        (ONE_AND_TWO, [1, 2], "versions 1, 2"),
        ("model_version_policy { specific { versions: 2 versions: 9 } }", [2], "versions 2, 9"),
    ],
)
def test_a_policy_serves_what_the_local_server_serves(
    policy: str, serving: list[int], words: str, tmp_path: Path
) -> None:
    model = model_of(policy)
    assert (served(model, [3, 1, 2]), policy_of(model)) == (serving, words)
    config = starter("cxr")
    config.model_config_list.config[0].CopyFrom(model)
    write_config(tmp_path / "models.config", config)
    assert FileSource(tmp_path / "models.config").read()["cxr"].aspired([1, 2, 3]) == serving[::-1]


def test_a_label_makes_its_version_served_beside_what_is_served(versions: list[Version]) -> None:
    model = model_of(NEWEST)
    set_label(model, "stable", 1, versions)
    assert state_of(model) == ([1, 3], {"stable": 1})
    set_label(model, "canary", 3, versions)
    assert state_of(model) == ([1, 3], {"stable": 1, "canary": 3})
    set_label(model, "stable", 3, versions)
    assert state_of(model) == ([1, 3], {"stable": 3, "canary": 3})


def test_a_push_takes_no_version_away_under_its_label(folder: Path, versions: list[Version]) -> None:
    model = model_of(NEWEST)
    set_label(model, "stable", 3, versions)
    push(folder, 4)
    assert served(model, (1, 2, 3, 4)) == [3]
    assert faults(model, versions_of(folder)) == []


def test_a_policy_of_all_versions_stays_one(versions: list[Version]) -> None:
    model = model_of(ALL)
    set_label(model, "stable", 1, versions)
    assert policy_of(model) == "all versions"


def test_a_label_is_taken_away() -> None:
    model = model_of(ONE_AND_TWO, STABLE_1, CANARY_2)
    take_label(model, "canary")
    assert state_of(model) == ([1, 2], {"stable": 1})


def test_versions_are_served_and_no_others(versions: list[Version]) -> None:
    model = model_of(NEWEST)
    serve_versions(model, [2, 1, 2], versions)
    assert policy_of(model) == "versions 1, 2"
    serve_newest(model)
    assert policy_of(model) == "the newest version"


def test_going_back_moves_the_stable_label_and_unloads_nothing(versions: list[Version]) -> None:
    model = model_of("model_version_policy { specific { versions: 3 } }", 'version_labels { key: "stable" value: 3 }')
    assert roll_back(model, versions) == (3, 2)
    assert state_of(model) == ([2, 3], {"stable": 2})
    assert roll_back(model, versions) == (2, 1)
    assert state_of(model) == ([1, 2, 3], {"stable": 1})


@pytest.mark.parametrize("policy", [NEWEST, ALL, "model_version_policy { specific { versions: 3 } }"])
def test_going_back_without_labels_takes_the_newest_served_version_out(policy: str, versions: list[Version]) -> None:
    model = model_of(policy)
    assert roll_back(model, versions) == (3, 2)
    assert served(model, (1, 2, 3))[-1] == 2


def test_going_back_from_under_another_label_is_refused(versions: list[Version]) -> None:
    model = model_of(NEWEST, 'version_labels { key: "canary" value: 3 }')
    with pytest.raises(UsageError, match="label 'canary' of 'cxr' stands on version 3, which is not among 2; move or"):
        roll_back(model, versions)
    assert state_of(model) == ([3], {"canary": 3})


def test_going_back_passes_over_a_version_that_is_incomplete(folder: Path) -> None:
    (folder / "2" / "variables" / "variables.index").unlink()
    model = model_of(NEWEST)
    assert roll_back(model, versions_of(folder)) == (3, 1)
    assert served(model, (1, 2, 3)) == [1]


REFUSALS: list[tuple[Callable[[ModelConfig, list[Version]], object], str]] = [
    (lambda model, there: set_label(model, "stabel", 1, there), "label 'stabel' is unknown; it is stable or canary"),
    (lambda model, there: set_label(model, "stable", 9, there), "version 9 of 'cxr' is not there; there are: 1, 2, 3"),
    (
        lambda model, there: serve_versions(model, [1, 3], there),
        "label 'canary' of 'cxr' stands on version 2, which is not among 1, 3; move or take the label first: "
        "cxr models label canary ...",
    ),
    (
        lambda model, there: serve_newest(model),
        "'cxr' has labels (canary on version 2, stable on version 1), which the next push would leave on a version "
        "that is not served; name the versions, or take the labels first: cxr models label LABEL none",
    ),
    (
        lambda model, there: roll_back(model, there),
        "there is no complete version of 'cxr' before 1 to go back to; cxr models lists what is there",
    ),
]


@pytest.mark.parametrize("change, message", REFUSALS)
def test_what_a_server_could_not_follow_is_refused(
    change: Callable[[ModelConfig, list[Version]], object], message: str, versions: list[Version]
) -> None:
    model = model_of(ONE_AND_TWO, STABLE_1, CANARY_2)
    before = state_of(model)
    with pytest.raises(UsageError) as caught:
        change(model, versions)
    assert (str(caught.value), state_of(model)) == (message, before)


def test_a_label_that_stands_nowhere_cannot_be_taken_away() -> None:
    with pytest.raises(UsageError, match="label 'canary' of 'cxr' stands on no version; cxr models shows the labels"):
        take_label(model_of(STABLE_1), "canary")


@pytest.mark.parametrize("change", [set_label, lambda model, label, number, there: serve_versions(model, [2], there)])
def test_an_incomplete_version_is_neither_labelled_nor_served(change: Callable[..., None], folder: Path) -> None:
    (folder / "2" / "saved_model.pb").unlink()
    message = r"version 2 of 'cxr' is incomplete \(saved_model.pb missing\); push it again under a new number"
    with pytest.raises(UsageError, match=message):
        change(model_of(NEWEST), "stable", 2, versions_of(folder))


def test_nothing_to_go_back_from_is_refused() -> None:
    with pytest.raises(UsageError, match="no version of 'cxr' is served; name one: cxr models serve VERSION"):
        roll_back(model_of(NEWEST), [])


def test_what_a_person_wrote_wrongly_is_named_all_at_once(folder: Path) -> None:
    (folder / "2" / "model.json").unlink()
    model = model_of("model_version_policy { specific { versions: 2 versions: 9 } }", STABLE_1)
    model.base_path = "models/cxr"
    assert faults(model, versions_of(folder)) == [
        "base_path 'models/cxr' is not absolute, and the server ends at once",
        "version 9 is to be served, and is not there",
        "version 2 is to be served, and is incomplete (model.json missing)",
        "label stable stands on version 1, which is not served",
    ]
    assert faults(model_of(NEWEST), []) == [
        "no version that it names is there, and the server waits for one with its ports closed"
    ]


@pytest.mark.parametrize("policy", [NEWEST, ALL, ONE_AND_TWO])
def test_after_any_two_changes_every_label_stands_on_a_served_version(policy: str, versions: list[Version]) -> None:
    changes: list[Callable[[ModelConfig], object]] = [
        *(
            lambda model, at=at: set_label(model, at[0], at[1], versions)
            for at in product(("stable", "canary"), (1, 3))
        ),
        *(lambda model, one=one: serve_versions(model, one, versions) for one in ((1,), (2, 3), (1, 2, 3))),
        lambda model: roll_back(model, versions),
        lambda model: take_label(model, "stable"),
        serve_newest,
    ]
    done = 0
    for first, second in product(changes, changes):
        model = model_of(policy)
        try:
            first(model)
            second(model)
            done += 1
        except UsageError:
            pass  # a refusal leaves what was there
        assert faults(model, versions) == []
    assert done > 50
