"""Settings: profiles, overrides, and one sentence for every fault."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import PROFILES, load_settings, profile_names
from trainer.errors import UsageError


def faults(*overrides: str, profile: str | None = "sample", config: Path | None = None) -> list[str]:
    with pytest.raises(UsageError) as refused:
        load_settings(profile, config, overrides)
    return str(refused.value).splitlines()


@pytest.mark.parametrize("profile", profile_names())
def test_every_profile_is_valid_and_opens_with_what_it_is_for(profile: str) -> None:
    load_settings(profile, None, [])
    head = (PROFILES / f"{profile}.yaml").read_text(encoding="utf-8").split("\n\n")[0]
    assert f"cxr run --profile {profile}" in head
    assert "Expect" in head


def test_keys_that_scripts_rely_on_exist() -> None:
    settings = load_settings(
        "sample",
        None,
        [
            "data.root=/films", "data.image_size=192", "data.views=[PA]", "data.seed=5", "split.by=film",
            "trainer.backbone=inception_resnet_v2", "trainer.weights=imagenet", "trainer.epochs=7",
            "trainer.batch_size=8", "trainer.feature_views=3", "tuner.trials=0", "threshold.target_recall=0.9",
            "gate.min_recall=0.7", "gate.min_specificity=0.6", "serving.model_name=mine", "beam.runner=DirectRunner",
        ],
    )  # fmt: skip
    assert settings.data.views == ("PA",)
    assert settings.trainer.epochs == 7
    assert settings.serving.model_name == "mine"


def test_the_model_is_called_cxr_by_default() -> None:
    assert load_settings("sample", None, []).serving.model_name == "cxr"


def test_a_key_that_is_not_known_is_named_with_the_nearest_one() -> None:
    assert faults("trainer.epoch=5") == ["trainer.epoch is not a setting; did you mean trainer.epochs?"]


def test_a_group_that_is_not_known_is_named_with_what_is() -> None:
    (fault,) = faults("zzz.qqq=1")
    assert fault.startswith("zzz is not a setting; known are data,")


def test_all_faults_are_told_at_once() -> None:
    lines = faults("trainer.epochs=0", "gate.min_recall=1.5", "data.views=[LATERAL]", "trainer.batch_sise=3")
    assert lines == [
        "data.views.0 is 'LATERAL': input should be 'PA', 'AP' or 'AP Supine'",
        "trainer.epochs is 0: input should be greater than or equal to 1",
        "trainer.batch_sise is not a setting; did you mean trainer.batch_size?",
        "gate.min_recall is 1.5: input should be less than or equal to 1",
    ]


def test_values_that_contradict_each_other_are_told_in_one_sentence() -> None:
    assert faults("split.train=0.9") == ["split: train, eval and test are shares of one whole, but make 1.3"]
    assert faults("data.positive=sars") == ["data: positive is 'sars', which is not one of classes: covid, healthy"]


def test_a_class_may_not_be_called_as_an_unreadable_film_is() -> None:
    (fault,) = faults("data.classes=[covid, invalid]")
    assert fault == "data: 'invalid' is what a served model calls a film that it cannot read; rename the class"


@pytest.mark.parametrize(
    "source, message",
    [
        ("{kind: nih, imges: x}", "data.sources.0.imges is not a setting; did you mean data.sources.0.images?"),
        ("{kind: nih, zzz: x}", "data.sources.0.zzz is not a setting; known are data.sources.0.name, "),
        ("{kind: nih, images: ../x}", "data.sources.0.images.0: '../x' leads out of the source's folder; name a place"),
        ("{kind: nhi}", "data.sources.0.kind is 'nhi', which is not one of class_folders, csv, "),
        ("{}", "data.sources.0.kind is missing; it is one of class_folders, csv, "),
        ("{kind: kaggle_pneumonia}", "data.sources.0.view is missing; set it in the settings file"),
        (
            "{kind: csv, metadata: a, columns: {fil: b}}",
            "data.sources.0.columns.fil is 'fil': input should be 'file', ",
        ),
        (
            "{kind: csv, metadata: a, columns: {patient: b}}",
            "data.sources.0: nothing says which film a row names; name",
        ),
    ],
)
def test_a_fault_in_a_source_is_told_where_it_stands(source: str, message: str) -> None:
    given = source.replace("{", "{name: here, path: here, ", 1)
    (fault,) = faults(f"data.sources=[{given}]")
    assert fault.startswith(message)


def test_settings_of_the_cnn_do_not_ask_for_feature_views() -> None:
    (fault,) = faults("trainer.backbone=cnn", "trainer.feature_views=2")
    assert "set trainer.feature_views to 0" in fault


def test_a_search_that_the_trainer_could_not_take_is_told_in_one_sentence() -> None:
    (fault,) = faults("trainer.backbone=cnn", "trainer.feature_views=0", "tuner.trials=2")
    assert fault.startswith("tuner.trials is 2, but trainer.backbone is cnn, which has no frozen part")
    (fault,) = faults("tuner.trials=2", "tuner.strengths=[0, .1, .2, .3]")
    assert fault == (
        "tuner.strengths: there are 4 strengths, but the features of every one are computed and kept; give 3 at most"
    )


def test_an_unknown_profile_is_told_with_the_known_ones() -> None:
    assert faults(profile="smple") == [f"profile 'smple' is not one of {', '.join(profile_names())}"]


@pytest.mark.parametrize(
    "override, message",
    [
        ("trainer.epochs", "--set 'trainer.epochs' is not KEY=VALUE; for example --set trainer.epochs=5"),
        ("=5", "--set '=5' is not KEY=VALUE; for example --set trainer.epochs=5"),
        ("trainer=5", "trainer is 5: input should be a valid dictionary or instance of TrainerSettings"),
    ],
)
def test_an_override_that_makes_no_sense_is_told(override: str, message: str) -> None:
    assert faults(override) == [message]


def test_a_file_of_settings_goes_over_the_profile_and_an_override_over_both(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("trainer: {epochs: 3, batch_size: 4}\n")
    settings = load_settings("sample", file, ["trainer.epochs=9"])
    assert (settings.trainer.epochs, settings.trainer.batch_size, settings.trainer.weights) == (9, 4, "random")


@pytest.mark.parametrize(
    "content, message",
    [
        ("a: [1", "is not YAML"),
        ("- 1\n", "holds list, not groups of keys"),
        ("!!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_a_file_that_holds_no_settings_is_told(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    (fault,) = faults(config=file)
    assert message in fault
    assert str(file) in fault


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (fault,) = faults(config=tmp_path / "none.yaml")
    assert fault.endswith("none.yaml cannot be read: No such file or directory")


@given(st.text(max_size=30))
def test_no_override_makes_it_crash(text: str) -> None:
    with contextlib.suppress(UsageError):
        load_settings("sample", None, [text])
