import pytest
from pydantic import ValidationError

from trainer.settings import Augmentation, FineTuning, TrainerSettings


@pytest.mark.parametrize("key", ["optimizer", "schedule"])
def test_an_unknown_name_is_refused_with_the_known_ones(key):
    with pytest.raises(ValidationError, match="'nadam', 'adam'" if key == "optimizer" else "'constant', 'cosine'"):
        TrainerSettings(**{key: "best"})


def test_the_defaults_are_those_of_the_study():
    settings = TrainerSettings()
    chosen = (settings.optimizer, settings.schedule, settings.class_weights, settings.dense, settings.fine_tune)
    assert chosen == ("nadam", "constant", "none", 64, None)
    assert settings.augmentation.scaled() == settings.augmentation


def test_strength_scales_every_range_and_switches_all_off_at_zero():
    half = Augmentation(strength=0.5, rotation=10, rescale=0.2).scaled()
    assert (half.rotation, half.zoom, half.rescale, half.horizontal_flip, half.strength) == (5, 0.05, 0.1, True, 1)
    none = Augmentation(strength=0).scaled()
    assert not any(value for name, value in none if name != "strength")
    assert Augmentation().moves
    assert not Augmentation(strength=0).moves


@pytest.mark.parametrize("given, meant", [(True, "on"), (False, "off"), ("on", "on"), ("auto", "auto")])
def test_on_and_off_are_understood_as_yaml_reads_them(given, meant):
    settings = TrainerSettings(mixed_precision=given, xla=given, augmentation=Augmentation(strength=0))
    assert settings.mixed_precision == settings.xla == meant


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"backbone": "cnn", "fine_tune": {"layers": 1}}, "the cnn is trained whole"),
        ({"feature_views": 2, "fine_tune": {"layers": 1}}, "feature_views is 2"),
        ({"xla": "on"}, "XLA cannot compile the rotation, zoom and shift"),
        ({"mixed_precision": "on", "feature_views": 1}, "are float32"),
    ],
)
def test_what_cannot_be_done_together_is_refused(settings, reason):
    with pytest.raises(ValidationError, match=reason):
        TrainerSettings(**settings)


def test_xla_may_be_asked_for_where_no_film_is_moved_in_the_step():
    assert TrainerSettings(xla="on", feature_views=1).xla_compiles
    assert TrainerSettings(xla="on", augmentation=Augmentation(rotation=0, zoom=0, shift=0)).xla_compiles


@pytest.mark.parametrize("given", [{}, {"layers": 3, "block": "block5"}])
def test_fine_tuning_takes_layers_or_a_block(given):
    with pytest.raises(ValidationError, match="give one of layers and block"):
        FineTuning(**given)
