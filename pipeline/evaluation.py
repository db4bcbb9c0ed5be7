"""What TFMA computes on the test split."""

import tensorflow_model_analysis as tfma
from google.protobuf import text_format

from trainer import features


def eval_config(classes: tuple[str, ...], positive: str) -> tfma.EvalConfig:
    """Rates at the model's stored threshold and threshold-free metrics, overall and by view.

    The model type is left empty and the signature is a string signature, so that TFMA loads the SavedModel as the
    server does and never asks Keras. The threshold is chosen by the Trainer, after this is written: the model
    applies it itself, in its output ``decision``, which is one-hot, so 0.5 is the only threshold here.
    Nothing here gates: TFMA compares points, and its intervals differ from run to run.
    """
    index = classes.index(positive)
    return text_format.Parse(
        f"""
        model_specs {{ signature_name: "examples" label_key: "{features.LABEL}" }}
        slicing_specs {{}}
        slicing_specs {{ feature_keys: "{features.VIEW}" }}
        metrics_specs {{
          output_names: "decision"
          binarize {{ class_ids {{ values: {index} }} }}
          metrics {{ class_name: "Recall" config: '"name": "recall", "thresholds": [0.5]' }}
          metrics {{ class_name: "Precision" config: '"name": "precision", "thresholds": [0.5]' }}
          metrics {{ class_name: "Specificity" config: '"name": "specificity", "thresholds": [0.5]' }}
          metrics {{ class_name: "ConfusionMatrixAtThresholds" config: '"thresholds": [0.5]' }}
        }}
        metrics_specs {{
          output_names: "probabilities"
          binarize {{ class_ids {{ values: {index} }} }}
          metrics {{ class_name: "AUC" config: '"name": "auc"' }}
        }}
        metrics_specs {{
          output_names: "probabilities"
          metrics {{ class_name: "ExampleCount" }}
          metrics {{ class_name: "SparseCategoricalAccuracy" config: '"name": "accuracy"' }}
        }}
        """,
        tfma.EvalConfig(),
    )
