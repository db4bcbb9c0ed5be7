"""Moves records, model and manifest in, and what the network said out; the work is in modules of their own."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.files import EXPLANATIONS_FILE, EXPORT_FILE, PREDICTIONS_FILE, SERVED_FAULT_FILE, SERVED_FILE
from components.manifest_gen.manifest import read_manifest
from components.score.ask_served import ask_served
from components.score.check_export import check_export
from components.score.explain import explain
from components.score.films import read_films
from components.score.run_variants import run_variants
from components.score.servable import Servable
from components.score.served_model import ServedModel
from components.score.settings import ScoreSettings
from trainer.features import TEST
from trainer.predictions import ORIGINAL, write_predictions


class Executor(base_executor.BaseExecutor):
    """Executor of Score."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes what ``components.artifacts.Predictions`` holds; of the served model its predictions, or why not."""
        folder = Path(artifact_utils.get_single_uri(output_dict["predictions"]))
        settings = ScoreSettings.model_validate_json(exec_properties["score_settings"])
        records = Path(artifact_utils.get_split_uri(input_dict["examples"], TEST))
        films = read_films(sorted(records.iterdir()))
        model = Servable(Path(path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict["model"]))))

        variants = run_variants(model, films, settings.seed)
        write_predictions(variants, folder / PREDICTIONS_FILE)
        explain(model, films, variants[ORIGINAL], settings).write(folder / EXPLANATIONS_FILE)
        rows = read_manifest(Path(artifact_utils.get_single_uri(input_dict["manifest"])))
        checked = check_export(model, films, variants[ORIGINAL], rows)
        (folder / EXPORT_FILE).write_text(checked.model_dump_json(indent=2) + "\n", encoding="utf-8")

        if told := exec_properties["served"]:
            served = ask_served(ServedModel.model_validate_json(told), films, model.info)
            if isinstance(served, str):
                (folder / SERVED_FAULT_FILE).write_text(served + "\n", encoding="utf-8")
            else:
                write_predictions({ORIGINAL: served}, folder / SERVED_FILE)
