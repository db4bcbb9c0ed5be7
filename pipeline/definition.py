"""The one pipeline definition: films in, served model out. Runners differ in where it runs, not in what it is."""

import json
from collections.abc import Mapping

from ml_metadata.proto import metadata_store_pb2
from tfx.components import Evaluator, StatisticsGen, Trainer, Tuner
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2

from components.data_audit.component import DataAudit
from components.data_gate.component import DataGate
from components.example_validator.component import ExampleValidator
from components.manifest_gen.component import ManifestGen
from components.pusher.component import Pusher
from components.release_gate.component import ReleaseGate
from components.score.component import Score
from components.shortcut_audit.component import ShortcutAudit
from components.xray_example_gen.component import XrayExampleGen
from pipeline.evaluation import eval_config
from pipeline.validation import validation_config
from trainer.features import EVAL, TEST, TRAIN


def create_pipeline(
    *,
    name: str,
    root: str,
    data_settings: str,
    split_settings: str,
    audit_settings: str,
    search_settings: str,
    trainer_settings: str,
    threshold_settings: str,
    score_settings: str,
    gate_settings: str,
    max_masked_auc: float,
    classes: tuple[str, ...],
    positive: str,
    views: tuple[str, ...],
    min_patients: int,
    image_size: int,
    max_rejected: float,
    split_by: str,
    duplicates: str,
    sources_without_patients: tuple[str, ...],
    data_digest: str,
    baseline: str,
    served: str,
    plan_digest: str,
    key_id: str,
    weights_digest: str,
    code: Mapping[str, str],
    schema_file: str,
    checkpoint_dir: str,
    model_folder: str,
    version: int,
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
) -> Pipeline:
    """Wires the components.

    Args:
        name: Name of the pipeline, lower case.
        root: Folder or URI under which artifacts are kept.
        data_settings: ``DataSettings`` as JSON, its root absolute.
        split_settings: ``SplitSettings`` as JSON.
        audit_settings: ``AuditSettings`` as JSON.
        search_settings: ``Search`` as JSON; empty where the Trainer's settings are used as they are.
        trainer_settings: ``TrainerSettings`` as JSON.
        threshold_settings: ``ThresholdSettings`` as JSON.
        score_settings: ``ScoreSettings`` as JSON.
        gate_settings: ``GateSettings`` as JSON.
        max_masked_auc: AUC on films without lungs that a model must stay below.
        classes: Names of the classes; a label is an index into them.
        positive: The class whose miss is the worst error.
        views: The views that may pass; each is asked for in every split.
        min_patients: Per class in every split; fewer are warned of.
        image_size: Side of a record's image in pixels.
        max_rejected: Share of all rows that may be rejected.
        split_by: ``patient`` or ``film``.
        duplicates: What the settings say of copies: ``group``, ``drop`` or ``stop``.
        sources_without_patients: Names of the sources that do not say which films are of one patient.
        data_digest: Digest of films and metadata.
        baseline: ``Baseline`` as JSON, the last accepted data; empty where there are none yet.
        served: ``ServedModel`` as JSON, the model that a candidate must not be worse than; empty where none is served.
        plan_digest: Digest of all that a candidate is made from.
        key_id: Fingerprint of the key of the patients' pseudonyms.
        weights_digest: Digest of a local weights file, empty where the weights have a name.
        code: For every own node, the digest of the code that it runs.
        schema_file: The schema of the run, a text proto.
        checkpoint_dir: Folder outside the artifacts in which Tuner and Trainer keep what a killed run goes on from.
        model_folder: Folder that TF Serving watches for versions of the model.
        version: Number under which a blessed model is pushed, seconds since the epoch.
        metadata_connection_config: Where ML Metadata lives; None where the orchestrator brings it.
    """
    # Sources, rules and splits: one row per film.
    manifest_gen = ManifestGen(
        data_settings=data_settings,
        split_settings=split_settings,
        data_digest=data_digest,
        key_id=key_id,
        code_digest=code["ManifestGen"],
    )
    manifest = manifest_gen.outputs["manifest"]

    # Films to records, decoded and resized once.
    example_gen = XrayExampleGen(
        manifest=manifest,
        image_size=image_size,
        classes=json.dumps(classes),
        code_digest=code["XrayExampleGen"],
    )
    examples = example_gen.outputs["examples"]

    # The schema is curated, not inferred: an inferred one calls whatever it sees correct.
    schema_gen = ImportSchemaGen(schema_file=schema_file)
    schema = schema_gen.outputs["schema"]
    statistics_gen = StatisticsGen(examples=examples, schema=schema)
    statistics = statistics_gen.outputs["statistics"]
    example_validator = ExampleValidator(
        statistics=statistics,
        schema=schema,
        custom_validation_config=validation_config(classes, positive, views, min_patients),
        code_digest=code["ExampleValidator"],
    )

    # Measuring and refusing are two nodes: TFX deletes what a raising component has written.
    data_audit = DataAudit(
        manifest=manifest,
        examples=examples,
        rejected=example_gen.outputs["rejected"],
        schema=schema,
        statistics=statistics,
        anomalies=example_validator.outputs["anomalies"],
        audit_settings=audit_settings,
        classes=json.dumps(classes),
        positive=positive,
        max_rejected=max_rejected,
        split_by=split_by,
        duplicates=duplicates,
        sources_without_patients=json.dumps(sources_without_patients),
        baseline=baseline,
        code_digest=code["DataAudit"],
    )
    data_gate = DataGate(
        audit=data_audit.outputs["audit"],
        manifest=manifest,
        rejected=example_gen.outputs["rejected"],
        gate_settings=gate_settings,
        positive=positive,
        code_digest=code["DataGate"],
    )

    # What a film is, and where a restart finds its state: the same for the search and for the training.
    common_config = {
        "data": json.dumps({"classes": classes, "positive": positive, "image_size": image_size}),
        "data_digest": data_digest,
        "weights_digest": weights_digest,
        "checkpoint_dir": checkpoint_dir,
    }
    # The search sees the splits that the Trainer sees, and never the test split.
    tuner = None
    if search_settings:
        tuner = Tuner(
            tuner_fn="trainer.tuning.tuner_fn",
            examples=examples,
            schema=schema,
            train_args=trainer_pb2.TrainArgs(splits=[TRAIN]),
            eval_args=trainer_pb2.EvalArgs(splits=[EVAL]),
            custom_config={**common_config, "search": search_settings, "code_digest": code["Tuner"]},
        )
        tuner.add_upstream_node(data_gate)

    # A dotted run_fn: module_file would build a wheel with a pip that the environment does not have, and would
    # put a path of the compiling machine into the compiled pipeline.
    trainer = Trainer(
        run_fn="trainer.run.run_fn",
        examples=examples,
        schema=schema,
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[EVAL]),
        hyperparameters=tuner.outputs["best_hyperparameters"] if tuner else None,
        custom_config={
            **common_config,
            "trainer": trainer_settings,
            "threshold": threshold_settings,
            "code_digest": code["Trainer"],
        },
    )
    # Without this the runner trains before it validates: no artifact leads from the gate to the Trainer.
    trainer.add_upstream_node(data_gate)
    model = trainer.outputs["model"]

    # TFMA's view of the test split; the decision is made from Score's predictions.
    evaluator = Evaluator(
        examples=examples,
        model=model,
        eval_config=eval_config(classes, positive),
        example_splits=[TEST],
        module_path=eval_config.__module__,
    )
    # The network once per test film and variant; all that judges the model reads what it says here.
    score = Score(
        examples=examples,
        model=model,
        manifest=manifest,
        score_settings=score_settings,
        served=served,
        code_digest=code["Score"],
    )
    predictions = score.outputs["predictions"]
    shortcut_audit = ShortcutAudit(predictions=predictions, max_auc=max_masked_auc, code_digest=code["ShortcutAudit"])
    release_gate = ReleaseGate(
        predictions=predictions,
        shortcuts=shortcut_audit.outputs["shortcuts"],
        audit=data_audit.outputs["audit"],
        gate_settings=gate_settings,
        views=json.dumps(views),
        served=served,
        code_digest=code["ReleaseGate"],
    )
    release_gate.add_upstream_node(evaluator)  # a model that TFMA cannot evaluate is not released
    pusher = Pusher(
        model=model,
        blessing=release_gate.outputs["blessing"],
        statistics=statistics,
        examples=examples,
        manifest=manifest,
        predictions=predictions,
        model_folder=model_folder,
        version=version,
        plan_digest=plan_digest,
        key_id=key_id,
        code_digest=code["Pusher"],
    )
    return Pipeline(
        pipeline_name=name,
        pipeline_root=root,
        components=[
            manifest_gen,
            example_gen,
            schema_gen,
            statistics_gen,
            example_validator,
            data_audit,
            data_gate,
            *([tuner] if tuner else []),
            trainer,
            evaluator,
            score,
            shortcut_audit,
            release_gate,
            pusher,
        ],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
    )
