"""The pipeline of a comparison: films in, a node for each network; nothing is exported and nothing is pushed."""

import json
from collections.abc import Mapping
from typing import Final

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.pipeline import Pipeline

from components.manifest_gen.component import ManifestGen
from components.network_trial.component import NetworkTrial
from components.network_trial.roles import Roles, roles_of_fold
from components.xray_example_gen.component import XrayExampleGen
from pipeline.compare.nodes import node_of

NAME: Final = "cxr-compare"


def create_comparison_pipeline(
    *,
    root: str,
    data_settings: str,
    split_settings: str,
    networks: Mapping[str, str],
    threshold_settings: str,
    folds: int,
    classes: tuple[str, ...],
    positive: str,
    image_size: int,
    data_digest: str,
    key_id: str,
    weights_digests: Mapping[str, str],
    code: Mapping[str, str],
    checkpoint_dir: str,
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
) -> Pipeline:
    """Wires ingest and, one after the other, the networks: in each fold all of them, where there are folds.

    Args:
        root: Folder under which artifacts are kept.
        data_settings: ``DataSettings`` as JSON, its root absolute.
        split_settings: ``SplitSettings`` as JSON, or ``FoldSettings``.
        networks: Name -> ``TrainerSettings`` as JSON.
        threshold_settings: ``ThresholdSettings`` as JSON.
        folds: Of a cross-validation; 0 = none.
        classes: Names of the classes.
        positive: The class whose miss is the worst error.
        image_size: Side of a record's image in pixels.
        data_digest: Digest of films and metadata.
        key_id: Fingerprint of the key of the patients' pseudonyms.
        weights_digests: Name -> digest of a local weights file, empty where the weights have a name.
        code: For every own node, the digest of the code that it runs.
        checkpoint_dir: Folder outside the artifacts in which is kept what a killed training goes on from.
        metadata_connection_config: Where ML Metadata lives.
    """
    manifest_gen = ManifestGen(
        data_settings=data_settings,
        split_settings=split_settings,
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
    trials: list[NetworkTrial] = []
    for fold in range(1, folds + 1) if folds else (0,):
        for name, trainer_settings in networks.items():
            trial = NetworkTrial(
                examples=example_gen.outputs["examples"],
                trainer_settings=trainer_settings,
                threshold_settings=threshold_settings,
                classes=json.dumps(classes),
                positive=positive,
                image_size=image_size,
                splits=(roles_of_fold(fold, folds) if fold else Roles()).model_dump_json(),
                data_digest=data_digest,
                weights_digest=weights_digests[name],
                code_digest=code["NetworkTrial"],
                checkpoint_dir=checkpoint_dir,
            ).with_id(node_of(name, fold))
            if trials:
                trial.add_upstream_node(trials[-1])  # never two networks in memory, and in this order
            trials.append(trial)
    return Pipeline(
        pipeline_name=NAME,
        pipeline_root=root,
        components=[manifest_gen, example_gen, *trials],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
    )
