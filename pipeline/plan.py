"""Everything that a run's result depends on, gathered before TFX is imported."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.data_audit.baseline import Baseline
from components.manifest_gen.manifest import sha256_of as sha256_of_file
from components.manifest_gen.settings import DataSettings
from components.xray_example_gen.values import first_finding
from pipeline.digests import code_digest, sha256_of
from pipeline.settings import RunSettings
from schema.build import run_schema
from trainer.tuner_settings import search_of

#: What each own node runs. Its digest is a parameter of the node, so that an edit there makes the node run again.
CODE_OF_NODES: Final[Mapping[str, str]] = {
    "ManifestGen": "components.manifest_gen.executor",
    "XrayExampleGen": "components.xray_example_gen.executor",
    "ExampleValidator": "components.example_validator.executor",
    "DataAudit": "components.data_audit.executor",
    "DataGate": "components.data_gate.executor",
    "Tuner": "trainer.tuning",
    "Trainer": "trainer.run",
    "Score": "components.score.executor",
    "ShortcutAudit": "components.shortcut_audit.executor",
    "ReleaseGate": "components.release_gate.executor",
    "Pusher": "components.pusher.executor",
}
#: The order of the nodes and the metrics of the Evaluator, in which TFX keeps no digest of its own.
DEFINITION: Final = "pipeline.definition"


@dataclass(frozen=True)
class Plan:
    """The values that ``create_pipeline`` takes, apart from places.

    Every group of settings is JSON, checked again by the same pydantic model in the executor that reads it.
    """

    data_settings: str
    split_settings: str
    audit_settings: str
    search_settings: str
    trainer_settings: str
    threshold_settings: str
    score_settings: str
    gate_settings: str
    max_masked_auc: float
    classes: tuple[str, ...]
    positive: str
    views: tuple[str, ...]
    min_patients: int
    image_size: int
    max_rejected: float
    split_by: str
    duplicates: str
    sources_without_patients: tuple[str, ...]
    data_digest: str
    baseline: str
    plan_digest: str
    key_id: str
    weights_digest: str
    code: Mapping[str, str]
    served: str = ""

    @property
    def schema(self) -> str:
        """The schema of the run, a text proto."""
        return _schema_of(DataSettings.model_validate_json(self.data_settings))

    def fingerprint(self, model_folder: Path, report_settings: str = "") -> str:
        """Digests the plan, the place that it pushes to and what the report may show: equal digests, equal results."""
        values = dataclasses.asdict(self) | {
            "definition": code_digest(DEFINITION),
            "schema": self.schema,
            "model_folder": str(model_folder),
            "report": report_settings,
        }
        return sha256_of(json.dumps(values, sort_keys=True).encode())


def make_plan(settings: RunSettings, *, digest_of_data: str, key_id: str, baseline: Baseline | None = None) -> Plan:
    """Takes from the settings what each node needs to know, and no more: what a node is told is its cache key.

    Args:
        settings: All settings.
        digest_of_data: Digest of films and metadata.
        key_id: Fingerprint of the key of the patients' pseudonyms.
        baseline: The last accepted data; none where no model of other films is served.
    """
    data = settings.data
    search = ""
    if settings.tuner.trials:
        search = search_of(settings.trainer, settings.tuner, settings.threshold).model_dump_json()
    # The code of a node that is not there is nothing that a result depends on.
    code = {node: code_digest(module) for node, module in CODE_OF_NODES.items() if search or node != "Tuner"}
    weights_digest = _weights_digest(settings.trainer.weights)
    candidate = [
        *(
            data.model_dump_json(exclude={"max_rejected"}),
            settings.split.model_dump_json(),
            settings.trainer.model_dump_json(),
        ),
        *(settings.threshold.model_dump_json(), digest_of_data, weights_digest, key_id, _schema_of(data)),
        *(code[node] for node in ("ManifestGen", "XrayExampleGen", "Trainer")),
        *((search, code["Tuner"]) if search else ()),
    ]
    return Plan(
        data_settings=data.model_dump_json(exclude={"image_size", "max_rejected"}),
        split_settings=settings.split.model_dump_json(),
        audit_settings=settings.audit.model_dump_json(),
        search_settings=search,
        trainer_settings=settings.trainer.model_dump_json(),
        threshold_settings=settings.threshold.model_dump_json(),
        score_settings=settings.score.model_dump_json(),
        gate_settings=settings.gate.model_dump_json(),
        max_masked_auc=settings.gate.max_masked_auc,
        classes=data.classes,
        positive=data.positive,
        views=data.views,
        min_patients=settings.audit.min_patients,
        image_size=data.image_size,
        max_rejected=data.max_rejected,
        split_by=settings.split.by,
        duplicates=data.duplicates,
        sources_without_patients=tuple(source.name for source in data.sources if not source.names_patients),
        data_digest=digest_of_data,
        baseline=baseline.model_dump_json() if baseline else "",
        plan_digest=sha256_of(*(part.encode() for part in candidate)),
        key_id=key_id,
        weights_digest=weights_digest,
        code=code,
    )


def _schema_of(data: DataSettings) -> str:
    claims = [claim for claims in data.findings.values() for claim in claims]
    return run_schema(len(data.classes), map(first_finding, claims))


def _weights_digest(weights: str) -> str:
    """The sha256 of a local weights file, empty where the weights have a name. Whether it is one, the Trainer says."""
    file = Path(weights)
    return sha256_of_file(file) if file.is_file() else ""
