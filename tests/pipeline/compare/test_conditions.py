"""What the networks were trained with stands beside their figures."""

from pathlib import Path
from typing import Any

from pipeline.compare.conditions import differences, fine_tuning_told, with_conditions
from pipeline.compare.result import ComparisonResult, NetworkResult
from pipeline.compare.training_tables import conditions_table
from pipeline.settings import load_settings
from tests.drawn_networks import draw_result


def told(network: NetworkResult, **settings: Any) -> NetworkResult:
    """A network that was trained with other settings."""
    trials = [one.model_copy(update={"settings": one.settings | settings}) for one in network.trials]
    return network.model_copy(update={"trials": tuple(trials)})


def test_networks_that_were_not_trained_alike_are_told_once() -> None:
    cnn, vgg16, densenet121 = draw_result("cnn", "vgg16", "densenet121").networks
    assert differences((cnn, vgg16)) == ()
    tuned = {"layers": 2, "block": None, "epochs": 10, "learning_rate": 1e-5}
    (warning,) = differences(
        (told(cnn, epochs=6, batch_size=8), told(vgg16, feature_views=1), told(densenet121, fine_tune=tuned))
    )
    assert warning.startswith("the networks were not trained alike: epochs at most 6 (cnn), 50 (vgg16, densenet121); ")
    assert "batch size 8 (cnn), 32 (vgg16, densenet121); feature views 0 (cnn, densenet121), 1 (vgg16)" in warning
    assert "fine-tuning none (cnn, vgg16), last 2 layers, 10 epochs, learning rate 1e-05 (densenet121)" in warning


def test_fine_tuning_from_a_block_on_names_it() -> None:
    told = {"layers": None, "block": "block5", "epochs": 3, "learning_rate": 0.001}
    assert fine_tuning_told(told) == "from block5 on, 3 epochs, learning rate 0.001"


def rows_of(result: ComparisonResult) -> dict[str, str]:
    return {row.name: row.cells[0].value for row in conditions_table(result).rows}


def test_what_all_networks_were_told_is_listed_without_the_folder_of_the_films(tmp_path: Path) -> None:
    drawn = load_settings("sample", None, [f"data.root={tmp_path}/films"])
    result = with_conditions(draw_result("cnn", warnings=("first",)), drawn, tmp_path)
    assert result.warnings == ("first",)
    rows = rows_of(result)
    assert (rows["data.classes"], rows["split.test"], rows["threshold.target_recall"]) == (
        "covid, healthy",
        "0.2",
        "0.95",
    )
    assert rows["sample.patients"] == "100"
    assert "data.root" not in rows
    assert str(tmp_path) not in str(rows)


def test_films_that_were_not_drawn_and_shares_that_folds_have_not_are_left_out(tmp_path: Path) -> None:
    settings = load_settings("sample", None, ["data.root=/elsewhere"])
    rows = rows_of(with_conditions(draw_result("cnn", folds=3), settings, tmp_path))
    assert (rows["split.by"], rows["split.folds"]) == ("patient", "3")
    assert not [name for name in rows if name.startswith("sample") or name == "split.test"]
