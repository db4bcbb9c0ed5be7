"""Folders of pushed versions as they look from outside: ``model.json`` is real, the graph is not."""

from pathlib import Path

from trainer.servable import ModelInfo, Rate

RANDOM = "The backbone has random weights."


def push(model_folder: Path, *numbers: int, recall: float = 0.9) -> Path:
    """Adds complete versions to a model's folder, and returns that folder."""
    for number in numbers:
        version = model_folder / str(number)
        (version / "variables").mkdir(parents=True)
        (version / "variables" / "variables.index").write_bytes(b"index")
        (version / "variables" / "variables.data-00000-of-00001").write_bytes(b"data")
        (version / "saved_model.pb").write_bytes(b"graph")
        ModelInfo(
            classes=("covid", "healthy"),
            positive="covid",
            threshold=0.4,
            target_recall=0.95,
            image_size=32,
            backbone="cnn",
            weights="random",
            trainable_parameters=10,
            settings={},
            training={},
            data_digest="d",
            code_digest="c",
            seed=1,
            metrics={
                "eval": {"recall": Rate(value=1, low=0.9, high=1, n=40, patients=30)},
                "test": {"recall": Rate(value=recall, low=recall - 0.2, high=recall + 0.05, n=20, patients=18)},
            },
            notes=(RANDOM,),
            gate=({"name": "min_recall", "value": 0.7, "bound": 0.6, "passed": True, "message": "enough"},),
        ).write(version)
    return model_folder
