"""The pipeline of an evaluation: films in, a model's predictions out. Nothing is trained and nothing is pushed."""

import json
from collections.abc import Mapping
from typing import Final

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Model

from components.manifest_gen.component import ManifestGen
from components.score.component import Score
from components.shortcut_audit.component import ShortcutAudit
from components.xray_example_gen.component import XrayExampleGen

#: The node that stands where a run has its Trainer.
MODEL: Final = "Model"


def create_evaluation_pipeline(
    *,
    root: str,
    model: str,
    data_settings: str,
    score_settings: str,
    max_masked_auc: float,
    classes: tuple[str, ...],
    image_size: int,
    data_digest: str,
    key_id: str,
    code: Mapping[str, str],
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
) -> Pipeline:
    """Wires the components that a run has behind its Trainer, with a model that is there already.

    Args:
        root: Folder under which artifacts are kept.
        model: Folder in which ``Format-Serving`` is the servable. Another model must have another folder: TFX keys its
            cache by the path.
        data_settings: ``DataSettings`` as JSON, its root absolute.
        score_settings: ``ScoreSettings`` as JSON.
        max_masked_auc: AUC on films without lungs from which on the model reads the frame.
        classes: Names of the classes, in the model's order.
        image_size: Side of a record's image in pixels, the model's.
        data_digest: Digest of films and metadata.
        key_id: Fingerprint of the key of the patients' pseudonyms.
        code: For every own node, the digest of the code that it runs.
        metadata_connection_config: Where ML Metadata lives.
    """
    manifest_gen = ManifestGen(
        data_settings=data_settings,
        split_settings="",  # every film is there to test on
        data_digest=data_digest,
        key_id=key_id,
        code_digest=code["ManifestGen"],
    )
    example_gen = XrayExampleGen(
        manifest=manifest_gen.outputs["manifest"],
        image_size=image_size,
        classes=json.dumps(classes),
        code_digest=code["XrayExampleGen"],
    )
    importer = Importer(source_uri=model, artifact_type=Model).with_id(MODEL)
    score = Score(
        examples=example_gen.outputs["examples"],
        model=importer.outputs["result"],
        manifest=manifest_gen.outputs["manifest"],
        score_settings=score_settings,
        served="",
        code_digest=code["Score"],
    )
    shortcut_audit = ShortcutAudit(
        predictions=score.outputs["predictions"], max_auc=max_masked_auc, code_digest=code["ShortcutAudit"]
    )
    return Pipeline(
        pipeline_name="cxr-evaluate",
        pipeline_root=root,
        components=[manifest_gen, example_gen, importer, score, shortcut_audit],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
    )
