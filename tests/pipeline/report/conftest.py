"""Runs that never ran: artifacts written from their own types, on films of noise, with names that must not leak."""

import functools
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.data_audit.audit import Audit, Check, Measurement
from components.data_audit.settings import Waiver
from components.files import ASSESSMENT_FILE, AUDIT_FILE, DECISION_FILE, PREDICTIONS_FILE, SHORTCUTS_FILE
from components.manifest_gen.manifest import Manifest, write_manifest, write_rejected
from components.manifest_gen.rows import ManifestRow, Rejection
from components.release_gate.decision import Decision, Rule
from components.shortcut_audit.report import Explained, ShortcutFindings, VariantResult
from pipeline.lineage import NodeRun
from pipeline.report.data import ReportData
from pipeline.result import ComponentRun, RunResult
from pipeline.settings import RunSettings, load_settings
from trainer.assess import assess
from trainer.assessment import Assessment, Comparison
from trainer.features import SPLITS
from trainer.metrics import area_under_curve, rate
from trainer.predictions import ORIGINAL, Predictions, write_predictions
from trainer.servable import ModelInfo
from trainer.settings import TrainerSettings

from .page import Page

CLASSES = ("covid", "healthy")
SIZE = 32
#: A folder and names such as hospitals have them.
FOLDER = "/srv/archive/ward 7"
PER_SPLIT = {"train": 9, "eval": 3, "test": 14}


def _hex(text: str, digits: int = 16) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


@dataclass
class Run:
    """A run's folder, and what the runner hands to the report."""

    root: Path
    settings: RunSettings
    rows: list[ManifestRow]
    rejected: list[Rejection]
    result: RunResult = field(default_factory=lambda: RunResult(status="failed"))
    nodes: dict[str, NodeRun] = field(default_factory=dict)

    @property
    def identifying(self) -> set[str]:
        """Everything by which a film or a patient could be known."""
        texts = {FOLDER, *(rejection.file for rejection in self.rejected)}
        for row in self.rows:
            texts |= {row.path, row.file, Path(row.file).stem, row.sha256, row.image_id, row.patient_id}
        return texts

    def collect(self, *, show_films: bool = False) -> ReportData:
        from pipeline.report.collect import collect
        from pipeline.report.places import places_of, steps_of

        return collect(
            places_of(self.nodes),
            self.result,
            self.settings,
            self.root,
            show_films=show_films,
            steps=steps_of(self.nodes),
            digests={"data": "d" * 64, "Score": "e" * 64},
        )

    def write(self, *, show_films: bool = False) -> tuple[str, str]:
        """Report and card as the runner writes them."""
        from pipeline.report.write import write_report

        report = write_report(self.root, self.result, self.nodes, self.settings, show_films=show_films)
        return report.read_text(encoding="utf-8"), (self.root / "model_card.md").read_text(encoding="utf-8")

    def add(self, node: str, state: str = "ran", **outputs: str) -> Path:
        """A node with its outputs (key -> type); gives the folder of the last one."""
        from ml_metadata.proto import metadata_store_pb2

        made, folder = {}, self.root
        for key, kind in outputs.items():
            folder = self.root / "tfx" / node / key
            folder.mkdir(parents=True)
            made[key] = metadata_store_pb2.Artifact(id=len(self.nodes) + 1, type=kind, uri=str(folder))
        self.nodes[node] = NodeRun(node, state, 1.5 if state == "ran" else 0.0, made)
        components = {name: ComponentRun(state=run.state, seconds=run.seconds) for name, run in self.nodes.items()}
        self.result = self.result.model_copy(update={"components": components})
        return folder


@dataclass(frozen=True)
class Written:
    """A run with what was written of it."""

    run: Run
    html: str
    card: str

    @functools.cached_property
    def page(self) -> Page:
        return Page(self.html)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Written]:
    """Makes a run as ``make_run`` does and writes its report, each kind once; not to be changed."""

    @functools.cache
    def make(until: str, blessed: bool, show_films: bool) -> Written:
        run = _make_run(tmp_path_factory.mktemp("report"), until, blessed=blessed)
        return Written(run, *run.write(show_films=show_films))

    def write(until: str = "gate", *, blessed: bool = True, show_films: bool = False) -> Written:
        return make(until, blessed, show_films)

    return write


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Makes a run that came as far as ``until``: ``nothing``, ``data``, or ``gate`` (blessed or not)."""
    return functools.partial(_make_run, tmp_path)


def _make_run(
    folder: Path, until: str = "gate", *, blessed: bool = True, images: Callable[[int], np.ndarray] | None = None
) -> Run:
    settings = load_settings(
        "sample",
        None,
        [f"data.root={FOLDER}", f"data.image_size={SIZE}", "trainer.backbone=cnn", "trainer.feature_views=0"],
    )
    run = Run(folder / "root", settings, list(_rows()), _rejections())
    run.root.mkdir()
    if until == "nothing":
        run.add("ManifestGen", "failed")
        run.result = run.result.model_copy(update={"reasons": (f"ManifestGen: {run.rows[0].path} is broken",)})
        return run
    _add_data(run, images or _noise, "stop" if until == "data" else "warn")
    if until == "data":
        run.add("DataGate", "failed")
        reasons = tuple(check.reason for check in _audit(run, "stop").stops)
        run.result = run.result.model_copy(update={"status": "refused_data", "reasons": reasons})
        return run
    _add_model(run, blessed=blessed)
    return run


def _noise(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (SIZE, SIZE), np.uint8)


def _rows() -> Iterator[ManifestRow]:
    for label in CLASSES:
        for split in SPLITS:
            for number in range(PER_SPLIT[split]):
                name = f"Mustermann_{label}-{split}{number:02d}"
                digest = _hex(name, 64)
                yield ManifestRow(
                    path=f"{FOLDER}/images/{name}.png",
                    sha256=digest,
                    image_id=digest[:16],
                    label=label,
                    finding="COVID-19" if label == "covid" else "No Finding",
                    view="PA" if number % 3 else "AP",
                    patient_id=_hex(f"{label} {split} {number // 2}"),
                    source="ieee-layout" if number % 2 else "class-folders",
                    split=split,
                    age=20.0 + 5 * number,
                    sex="FM"[number % 2],
                    bytes=1000,
                    width=SIZE,
                    height=SIZE,
                    format="PNG",
                    mode="L",
                    group="",
                    row=number + 2,
                    file=f"{name}.png",
                )


def _rejections() -> list[Rejection]:
    detail = "the view 'LATERAL' is not one of PA, AP"
    return [
        Rejection("ieee-layout", 40, "Schmidt, Anna (2).jpeg", "view", detail),
        Rejection("ieee-layout", 41, "IMG0042.dcm", "view", detail),
        Rejection("class-folders", 0, "covid/Lang.png", "no_row", "no row names it"),
    ]


def _audit(run: Run, verdict: str = "warn") -> Audit:
    first, second = run.rows[0], run.rows[1]
    measured = Measurement(
        of="source", measure="AUC", by="naive Bayes", value=0.81, low=0.74, high=0.87, chance=0.6, permutations=20,
        balanced_accuracy=0.7, films=50, patients=30,
    )  # fmt: skip
    waiver = Waiver(check="shortcut_view", reason="drawn in equal shares", by="Dr. A. Test", date="2024-05-01")
    return Audit(
        checks=(
            Check(
                name="patient_overlap",
                verdict=verdict,  # type: ignore[arg-type]
                value=2,
                bound=0,
                message=f"2 patients have films in more than one split: {first.patient_id}, {second.patient_id}",
                allowed_by="split.by: film",
            ),
            Check(
                name="anomaly_age",
                verdict="warn",
                value=1,
                message=f"1 film of train: row 7 of ieee-layout (film {first.image_id}), '{first.file}', {first.path}",
            ),
            Check(
                name="shortcut_source",
                verdict="warn",
                value=0.81,
                bound=0.7,
                message="the source",
                measurement=measured,
            ),
            Check(name="shortcut_view", verdict="waived", value=0.9, bound=0.7, message="the view", waiver=waiver),
            Check(name="rejected", verdict="pass", value=0.05, bound=0.5, message="3 of 55 rows rejected"),
        )
    )


def _add_data(run: Run, images: Callable[[int], np.ndarray], verdict: str) -> None:
    write_manifest(Manifest(tuple(run.rows), tuple(run.rejected)), run.add("ManifestGen", manifest="Manifest"))
    folder = run.add("XrayExampleGen", examples="Examples", rejected="RejectedFilms")
    write_rejected([], folder)
    _write_records(run, folder.parent / "examples", images)
    audit = _audit(run, verdict)
    folder = run.add("DataAudit", audit="DataAuditReport")
    (folder / AUDIT_FILE).write_text(audit.model_dump_json())
    run.result = run.result.model_copy(update={"audit": audit.checks})


def _write_records(run: Run, folder: Path, images: Callable[[int], np.ndarray]) -> None:
    import tensorflow as tf

    def feature(value: Any) -> Any:
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    for split in SPLITS:
        (folder / f"Split-{split}").mkdir()
        options = tf.io.TFRecordOptions(compression_type="GZIP")
        with tf.io.TFRecordWriter(str(folder / f"Split-{split}" / "data-00000.gz"), options) as writer:
            for number, row in enumerate(run.rows):
                if row.split == split:
                    values = {
                        "image": images(number).tobytes(),
                        "image_id": row.image_id.encode(),
                        "label": CLASSES.index(row.label),
                    }
                    features = tf.train.Features(feature={key: feature(value) for key, value in values.items()})
                    writer.write(tf.train.Example(features=features).SerializeToString())


@functools.cache
def _assessed() -> tuple[Predictions, Assessment]:
    """Predictions on the test films, and what they are worth; the bootstraps once for all runs."""
    predictions = _predict()
    return predictions, assess(predictions)


def _predict() -> Predictions:
    rows = [row for row in _rows() if row.split == "test"]
    label = np.array([CLASSES.index(row.label) for row in rows])
    draw = np.random.default_rng(4).normal(size=len(rows))
    score = 1 / (1 + np.exp(-(1.6 * (label == 0) - 0.8 + draw)))
    return Predictions(
        classes=CLASSES,
        positive=0,
        threshold=0.4,
        image_id=[row.image_id for row in rows],
        patient_id=[row.patient_id for row in rows],
        label=label,
        view=[row.view for row in rows],
        source=[row.source for row in rows],
        sex=[row.sex or "" for row in rows],
        age=np.array([row.age for row in rows], float),
        probabilities=np.column_stack([score, 1 - score]).astype(np.float32),
        decided=score >= 0.4,
    )


def _add_model(run: Run, *, blessed: bool) -> None:
    predictions, assessment = _assessed()
    folder = run.add("Trainer", "cached", model="Model") / "Format-Serving"
    folder.mkdir()
    history = [
        {"loss": 1 / n, "eval_loss": 0.2 + abs(n - 6) / 20, "accuracy": 1 - 0.5 / n, "eval_accuracy": 0.8,
         "recall": 1 - 0.4 / n, "eval_recall": 0.9, "seconds": 1.25}
        for n in range(1, 11)
    ]  # fmt: skip
    ModelInfo(
        classes=CLASSES,
        positive="covid",
        threshold=0.4,
        target_recall=0.95,
        image_size=SIZE,
        backbone="cnn",
        weights="scratch",
        trainable_parameters=1234,
        settings=TrainerSettings(backbone="cnn").model_dump(mode="json"),
        training={"best_epoch": 6, "history": history},
        data_digest="d" * 64,
        code_digest="c" * 64,
        seed=1,
        metrics={},
        notes=("The backbone has random weights: this model proves the plumbing only and reads no film.",),
    ).write(folder)
    write_predictions({ORIGINAL: predictions}, run.add("Score", predictions="Predictions") / PREDICTIONS_FILE)
    _add_shortcuts(run, predictions)
    decision = _decision(run, assessment, blessed=blessed)
    folder = run.add("ReleaseGate", blessing="ModelBlessing")
    (folder / DECISION_FILE).write_text(decision.model_dump_json())
    (folder / ASSESSMENT_FILE).write_text(assessment.model_dump_json())
    reasons = tuple(rule.message for rule in decision.rules if not rule.passed)
    run.result = run.result.model_copy(
        update={
            "status": "pushed" if blessed else "not_blessed",
            "version": 1795406570 if blessed else None,
            "metrics": decision.metrics,
            "gate": decision.rules,
            "reasons": reasons,
            "notes": decision.warnings,
        }
    )


def _add_shortcuts(run: Run, predictions: Predictions) -> None:
    folder = run.add("ShortcutAudit", shortcuts="ShortcutReport")
    for name in ("hidden", "heat"):
        Image.fromarray(_noise(99)).resize((96, 96)).save(folder / f"{name}.png")
    positives, patients = predictions.is_positive, np.array(predictions.patient_id)
    auc = area_under_curve(predictions.score, positives, patients, seed=0)
    recall, specificity = rate(predictions.decided[positives], patients[positives]), None
    explained = [
        Explained(
            image_id=predictions.image_id[index],
            label=CLASSES[predictions.label[index]],
            called=CLASSES[predictions.called[index]],
            score=float(predictions.score[index]),
            heat_inside=0.6,
            field=0.4,
            heat_picture="heat.png",
            occlusion_picture="" if index else "heat.png",
        )
        for index in (0, 1, 16, *np.flatnonzero(predictions.called != predictions.label)[:2])
    ]
    findings = ShortcutFindings(
        bound=0.7,
        variants=(
            VariantResult(
                name="original", shows="the film as it is", judged=False, auc=auc, recall=recall,
                specificity=specificity, changed=None, tells=False,
            ),
            VariantResult(
                name="hidden_80", shows="centre 80 % of each side black", judged=True, auc=auc, recall=recall,
                specificity=specificity, changed=recall, tells=True, picture="hidden.png",
            ),
            VariantResult(
                name="rim", shows="the rim alone", judged=True, auc=None, recall=None, specificity=None, changed=None,
                tells=False,
            ),
        ),
        explained=tuple(explained),
        heat_inside=recall,
        field=0.4,
        notes=(f"film {predictions.image_id[0]} was left out",),
    )  # fmt: skip
    (folder / SHORTCUTS_FILE).write_text(findings.model_dump_json())


def _decision(run: Run, assessment: Assessment, *, blessed: bool) -> Decision:
    bound = 0.3 if blessed else 0.999
    return Decision(
        status="blessed" if blessed else "not_blessed",
        rules=(
            Rule(name="min_recall", value=0.52, bound=bound, passed=blessed, message=f"recall: bound {bound}"),
            Rule(name="min_recall (view AP)", value=0.9, bound=0.3, passed=True, message="recall in view AP"),
            Rule(name="parity", value=3e-7, bound=1e-5, passed=True, message=f"compared {run.rows[2].file}"),
            Rule(name="calibration", value=None, bound=0.3, passed=True, message="not computable"),
        ),
        metrics=assessment.overall.metrics,
        warnings=tuple(check.message for check in _audit(run).warnings),
        compared_with="1795406000",
        comparisons=(
            Comparison(
                of="recall",
                films=14,
                patients=7,
                better=3,
                worse=1,
                better_patients=3,
                worse_patients=1,
                p=0.625,
                p_worse=0.9375,
            ),
        ),
    )
