"""The benchmark of the networks, on tiny images."""

import json
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from benchmarks.flops import flops_of
from benchmarks.gpu import CPU, SMALL, Figure, card, main, measure, table
from benchmarks.peak import PEAKS, Peak, share_of_peak
from trainer.backbones import BACKBONES
from trainer.precision import MIXED, SINGLE

FIGURE = Figure(
    backbone="cnn",
    precision=SINGLE,
    xla=False,
    inference=1200.4,
    training=300,
    inference_flops=1e9,
    training_flops=3e9,
    inference_share=0.25,
    training_share=0.125,
    augmented=280,
    augmentation=0.07,
)


def test_products_and_sums_are_counted_as_two_operations() -> None:
    image = keras.Input((8, 8, 2))
    features = keras.layers.Conv2D(3, 5, padding="same", use_bias=False)(image)
    network = keras.Model(image, keras.layers.Dense(4, use_bias=False)(keras.layers.Flatten()(features)))
    assert flops_of(network) == 2 * (8 * 8 * 5 * 5 * 2 * 3) + 2 * (8 * 8 * 3 * 4)


def test_the_share_is_that_of_the_precisions_own_peak_and_unknown_cards_have_none() -> None:
    assert share_of_peak("Tesla T4", MIXED, 6.5e9, 1000) == pytest.approx(0.1)
    assert share_of_peak("Tesla T4", SINGLE, 0.81e9, 1000) == pytest.approx(0.1)
    assert share_of_peak("NVIDIA A100-SXM4-40GB MIG 1g.5gb", MIXED, 1e9, 1000) is None
    assert all(peak.half > peak.single > 0 for peak in PEAKS.values())
    assert Peak(2, 1).of(MIXED) == 2e12


def test_the_table_leaves_out_what_is_not_known() -> None:
    compiled = FIGURE.model_copy(update={"xla": True, "augmented": None, "augmentation": None})
    known = table([FIGURE, compiled], "Tesla T4").splitlines()
    assert known[2] == "| cnn | float32 | off | 1,200 | 300 | 280 | 7.0% | 25.0% | 12.5% |"
    assert known[3] == "| cnn | float32 | on | 1,200 | 300 |  |  | 25.0% | 12.5% |"
    unknown = table([FIGURE], CPU).splitlines()
    assert unknown[2] == "| cnn | float32 | off | 1,200 | 300 | 280 | 7.0% |"
    assert {line.count("|") for line in unknown} == {8}


def test_it_runs_on_a_machine_without_a_gpu_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    main(["--small", "--output", str(tmp_path / "gpu.json")])
    out, err = capsys.readouterr()
    assert "TensorFlow sees no GPU; this measures the CPU, in float32 alone\n" in err
    assert out.startswith("CPU, images of 8 px, batches of 2\n")
    written = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert written["card"] == CPU
    plain, compiled = (Figure.model_validate(figure) for figure in written["figures"])
    assert (plain.xla, compiled.xla) == (False, True)
    assert plain.training_flops == 3 * plain.inference_flops > 1e6
    assert plain.inference > plain.training > 0
    assert plain.augmented is not None
    assert plain.augmentation is not None
    assert 0 < plain.augmentation < 1
    assert plain.inference_share is compiled.augmented is None


def test_an_unknown_backbone_ends_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--backbones", "cnn,resnet"])
    assert f"'resnet' is no backbone; there are {', '.join(BACKBONES)}" in capsys.readouterr().err


@pytest.mark.gpu
def test_a_card_is_measured_in_both_precisions_and_stays_below_its_peak() -> None:
    name = card()
    assert name != CPU
    for policy in (SINGLE, MIXED):
        figure = measure("cnn", policy, True, SMALL, name)
        assert figure.training > 0
        if name in PEAKS:
            assert figure.training_share is not None
            assert 0 < figure.training_share < 1
