"""How networks were trained: settings, and both stages of a training that was fine-tuned."""

from typing import Any

from pipeline.compare.outcome import network_of, pooled
from pipeline.compare.render import html_of, markdown_of
from pipeline.compare.result import ComparisonResult
from pipeline.compare.tables import study_notes, study_table
from pipeline.compare.training_tables import epochs_table, fine_tunings, settings_table
from tests.drawn_networks import draw_report, draw_result, draw_trials
from tests.pipeline.report.page import Page


def tuned_result(*kept: bool) -> ComparisonResult:
    """Of a network that was fine-tuned in each fold, or once; an epoch of it takes twice as long."""
    folds = len(kept) if len(kept) > 1 else 0
    trials = []
    for ends_well, (report, said) in zip(kept, draw_trials("vgg16", 1, folds), strict=True):
        first = report.training
        second: dict[str, Any] = {
            "kept": ends_well, "eval_loss_before": 0.2, "eval_loss_after": 0.1, "layers": ("a", "b"), "best_epoch": 1,
            "history": [epoch | {"seconds": 4.0, "loss": 0.05} for epoch in first["history"][:2]],
        }  # fmt: skip
        asked = {"layers": 2, "block": None, "epochs": 2, "learning_rate": 1e-5}
        tuned = draw_report(
            "vgg16", training=first | {"fine_tune": second}, settings=report.settings | {"fine_tune": asked}
        )
        trials.append((tuned, said))
    network = network_of("vgg16", trials, pooled([said for _, said in trials]))
    return draw_result("vgg16", folds=folds).model_copy(update={"networks": (network,)})


def test_both_stages_are_shown_where_the_second_was_kept() -> None:
    result = tuned_result(True)
    (network,) = result.networks
    assert [row.name for row in epochs_table(network).rows] == [
        "epoch 1", "epoch 2, fine-tuned from there", "epoch 3", "fine-tuning, epoch 1, kept", "fine-tuning, epoch 2",
    ]  # fmt: skip
    assert epochs_table(network).rows[3].cells[0].value == "0.050"
    page = Page(html_of(result))
    assert "First stage" in page.section("vgg16")
    assert len([one for one in page.all("svg") if one.attributes.get("class") == "chart"]) == 6
    assert study_table(result).rows[0].cells[-1].details == ("CPU", "head alone", "fine-tuning 4.0")
    (told,) = fine_tunings(network)
    assert told.startswith("Fine-tuning of 2 layers: kept, from its epoch 1;")
    assert told.endswith("2.0 s an epoch before, 4.0 s in it.")
    assert told in markdown_of(result)
    assert "fine-tuning trains layers of the backbone, too" in study_notes(result)[1]


def test_a_second_stage_that_was_undone_leaves_the_first_one_kept() -> None:
    result = tuned_result(False)
    names = [row.name for row in epochs_table(result.networks[0]).rows]
    assert "epoch 2, kept" in names
    assert "fine-tuning, epoch 1, best, undone" in names
    assert len([one for one in Page(html_of(result)).all("svg") if one.attributes.get("class") == "chart"]) == 3
    assert study_table(result).rows[0].cells[-1].details == ("CPU", "head alone")


def test_with_folds_each_has_its_sentence() -> None:
    result = tuned_result(True, False, True)
    told = list(fine_tunings(result.networks[0]))
    assert [one.partition(" of ")[0] for one in told] == [f"Fold {fold}: fine-tuning" for fold in (1, 2, 3)]
    assert "undone" in told[1]
    assert all(one in markdown_of(result) for one in told)
    cells = dict(zip(settings_table(result).columns[1:], settings_table(result).rows[0].cells, strict=True))
    assert cells["Fine-tuning"].line == "last 2 layers, 2 epochs, learning rate 1e-05 (kept in 2 of 3 folds)"


def test_epochs_done_are_told_beside_those_that_were_asked_for() -> None:
    grid = settings_table(draw_result("cnn", folds=3))
    cells = dict(zip(grid.columns[1:], (cell.value for cell in grid.rows[0].cells), strict=True))
    assert (cells["Epochs at most"], cells["Epochs done"], cells["Image side"], cells["Seed"]) == ("50", "3", "64", "1")


def test_seconds_are_the_median_of_an_even_number_of_folds_too() -> None:
    result = draw_result("cnn", folds=4)
    (network,) = result.networks
    trials = [
        one.model_copy(update={"seconds_per_epoch": seconds})
        for one, seconds in zip(network.trials, (1, 2, 4, 9), strict=True)
    ]
    network = network.model_copy(update={"trials": tuple(trials)})
    assert study_table(result.model_copy(update={"networks": (network,)})).rows[0].cells[-1].value == "3.0"
