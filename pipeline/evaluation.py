"""What TFMA computes on the test split."""

from functools import partial
from typing import Any, Final

import tensorflow as tf
import tensorflow_model_analysis as tfma
from google.protobuf import text_format

from components.loaded_model import load_model
from trainer import features

SENSITIVITY: Final = 0.95


def custom_eval_shared_model(eval_saved_model_path: str, **told: Any) -> tfma.types.EvalSharedModel:
    """The model that Evaluator asks: TFX looks for a function of this name, and gives it what it gives TFMA's own.

    In a run on one machine it is the same one in memory that Score asks.
    """
    loader = tfma.types.ModelLoader(partial(load_model, eval_saved_model_path), tags=[tf.saved_model.SERVING])
    return tfma.default_eval_shared_model(eval_saved_model_path, custom_model_loader=loader, **told)


def eval_config(classes: tuple[str, ...], positive: str) -> tfma.EvalConfig:
    """Rates at the model's stored threshold and threshold-free metrics, of each class, overall and by slice.

    The model type is left empty and the signature is a string signature, so that TFMA loads the SavedModel as the
    server does and never asks Keras. The threshold is chosen by the Trainer, after this is written: the model
    applies it itself, in its output ``decision``, which is one-hot, so 0.5 is the only threshold here.
    Nothing here gates: TFMA compares points, and its intervals differ from run to run.

    Age groups are left to ``trainer.assess``: TFMA can make them by ``slice_keys_sql``, but a batch in which no film
    has an age has no such column, and the query fails there. A film whose sex is not known is in no slice of sex.

    The macro averages are over all classes; where one has no film TFMA has no number (NaN) for it and for them, while
    ``trainer.by_class`` averages over the classes that have films and names them.

    The accuracy is the micro-averaged recall, which is the same of films with one label each: TFMA computes it itself,
    and a metric of Keras it would trace anew in every slice.

    Two figures differ from ours in ``trainer.assess``: TFMA looks at 10000 thresholds, which takes scores closer than
    .0001 for equal, and it interpolates the precision between films, so its area under that curve is a little smaller.
    """
    index = classes.index(positive)
    every = ", ".join(map(str, range(len(classes))))
    alike = " ".join(f"class_weights {{ key: {label} value: 1.0 }}" for label in range(len(classes)))
    return text_format.Parse(
        f"""
        model_specs {{ signature_name: "examples" label_key: "{features.LABEL}" }}
        slicing_specs {{}}
        slicing_specs {{ feature_keys: "{features.VIEW}" }}
        slicing_specs {{ feature_keys: "{features.SOURCE}" }}
        slicing_specs {{ feature_keys: "{features.SEX}" }}
        slicing_specs {{ feature_keys: ["{features.VIEW}", "{features.SOURCE}"] }}
        metrics_specs {{
          output_names: "decision"
          binarize {{ class_ids {{ values: [{every}] }} }}
          metrics {{ class_name: "Recall" config: '"name": "recall", "thresholds": [0.5]' }}
          metrics {{ class_name: "Precision" config: '"name": "precision", "thresholds": [0.5]' }}
          metrics {{ class_name: "Specificity" config: '"name": "specificity", "thresholds": [0.5]' }}
          metrics {{ class_name: "F1Score" config: '"name": "f1", "thresholds": [0.5]' }}
          metrics {{ class_name: "ConfusionMatrixAtThresholds" config: '"thresholds": [0.5]' }}
        }}
        metrics_specs {{
          output_names: "decision"
          aggregate {{ macro_average: true {alike} }}
          metrics {{ class_name: "Recall" config: '"name": "recall", "thresholds": [0.5]' }}
          metrics {{ class_name: "Precision" config: '"name": "precision", "thresholds": [0.5]' }}
        }}
        metrics_specs {{
          output_names: "decision"
          aggregate {{ micro_average: true }}
          metrics {{ class_name: "Recall" config: '"name": "accuracy", "thresholds": [0.5]' }}
        }}
        metrics_specs {{
          output_names: "probabilities"
          binarize {{ class_ids {{ values: [{every}] }} }}
          metrics {{ class_name: "AUC" config: '"name": "auc"' }}
          metrics {{ class_name: "AUC" config: '"name": "pr_auc", "curve": "PR"' }}
        }}
        metrics_specs {{
          output_names: "probabilities"
          binarize {{ class_ids {{ values: {index} }} }}
          metrics {{
            class_name: "SpecificityAtSensitivity"
            config: '"name": "specificity_at_sensitivity", "sensitivity": {SENSITIVITY}, "num_thresholds": 10000'
          }}
          metrics {{ class_name: "Calibration" config: '"name": "calibration"' }}
          metrics {{ class_name: "CalibrationPlot" config: '"num_buckets": 10' }}
        }}
        metrics_specs {{
          output_names: "decision"
          metrics {{ class_name: "ExampleCount" }}
          metrics {{ class_name: "MultiClassConfusionMatrixAtThresholds" config: '"thresholds": [0.5]' }}
        }}
        """,
        tfma.EvalConfig(),
    )
