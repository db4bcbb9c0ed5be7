"""Claim 12: evaluation and audit of a test split beside the network's own time."""

import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import keras
import tensorflow as tf
from tfx.components.evaluator.executor import Executor as Evaluator
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import json_utils, proto_utils

from benchmarks.claim import Effort, Goal, Row
from benchmarks.pairs import Pairs, seconds, take_pairs
from components.artifacts import Manifest as ManifestArtifact
from components.artifacts import Predictions, ShortcutReport
from components.manifest_gen.build import build_manifest
from components.manifest_gen.manifest import Manifest, write_manifest
from components.manifest_gen.rows import ManifestRow
from components.score.check_export import TRIED
from components.score.executor import Executor as Score
from components.score.occlusion import GRID
from components.score.settings import ScoreSettings
from components.score.variants import VARIANTS
from components.shortcut_audit.executor import Executor as ShortcutAudit
from components.xray_example_gen.shards import plan_shards
from components.xray_example_gen.write_shard import WriteShard
from pipeline import beam_runner  # noqa: F401  # so that a component starts as it does in a run
from pipeline.beam_settings import BeamSettings
from pipeline.evaluation import eval_config
from pipeline.sample.data_set import draw_data_set
from pipeline.settings import load_settings
from trainer.export import export
from trainer.features import TEST
from trainer.model import build_classifier, build_extractor
from trainer.servable import ModelInfo
from trainer.settings import TrainerSettings
from trainer.signatures import Decision

KEY: Final = b"a key for drawn patients, long enough"
PATIENTS: Final = 40  #: per class, which have more films than are evaluated
SEED: Final = 7  #: of the drawn films
BATCH: Final = 32  #: films at once, of the peer; the same as Score's
#: Part of the passes in one round of the peer, whose batches all cost the same: its seconds are taken times this.
PART: Final = 4


@dataclass(frozen=True)
class Case:
    """What is evaluated: so many films, by which network, with images of which side in pixels."""

    backbone: str
    side: int
    films: int

    @property
    def variants(self) -> int:
        """Films x variants, the films as they are among them: the least that the audit can ask."""
        return self.films * (1 + len(VARIANTS))

    @property
    def passes(self) -> int:
        """Images that go through the network in all.

        Beside those of :attr:`variants`: TFMA's own, the hidden patches and heat maps of the explained films, and the
        files and records on which the export is tried.
        """
        settings = ScoreSettings()
        explained, occluded = min(settings.explained, self.films), min(settings.occluded, self.films)
        return self.films + self.variants + explained + occluded * GRID**2 + 2 * min(TRIED, self.films)


#: The claim's own, and a network of seconds.
FULL: Final = Case("inception_resnet_v2", 224, 80)
QUICK: Final = Case("cnn", 64, 24)


class Subject:
    """Drawn films as a test split, and a network with random weights, as the pipeline's components want them.

    Args:
        case: Which.
        films: Folder of drawn films.
        folder: New; gets the artifacts.
    """

    def __init__(self, case: Case, films: Path, folder: Path) -> None:
        self.case, self._folder, self._rounds = case, folder, 0
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)  #: component -> those of each round
        settings = load_settings("sample", None, [f"data.root={films}"])
        self._classes, self._positive = settings.data.classes, settings.data.positive
        found = build_manifest(settings.data, settings.split, KEY, films).rows
        spread = found[:: max(1, len(found) // case.films)][: case.films]  # of all sources and classes
        rows = tuple(replace(row, split=TEST) for row in spread)
        self._manifest = self._artifact(ManifestArtifact)
        write_manifest(Manifest(rows, ()), Path(self._manifest.uri))
        self._examples = self._records(rows)
        self._model, core = self._exported()
        self._images = tf.zeros([BATCH, case.side, case.side, 1])
        self._network = tf.function(lambda images: core(images, training=False))

    def judge(self) -> None:
        """Evaluator, Score and ShortcutAudit, from records and an exported model to their artifacts."""
        self._rounds += 1
        asked = {"examples": self._examples, "model": self._model}
        evaluation = {"eval_config": proto_utils.proto_to_json(eval_config(self._classes, self._positive))}
        self._run(
            Evaluator,
            asked,
            {"evaluation": standard_artifacts.ModelEvaluation, "blessing": standard_artifacts.ModelBlessing},
            evaluation | {"example_splits": json_utils.dumps([TEST]), "module_path": eval_config.__module__},
        )
        scored = self._run(
            Score,
            asked | {"manifest": self._manifest},
            {"predictions": Predictions},
            {"score_settings": ScoreSettings().model_dump_json(), "served": ""},
        )
        self._run(ShortcutAudit, scored, {"shortcuts": ShortcutReport}, {"max_auc": 0.75})

    def ask(self) -> None:
        """The bare network on a ready batch, for a part of the images that :meth:`judge` asks about."""
        for _ in range(round(self.case.passes / BATCH / PART)):
            self._network(self._images).numpy()

    @property
    def asked(self) -> int:
        """Images in one round of :meth:`ask`."""
        return BATCH * round(self.case.passes / BATCH / PART)

    def _run(
        self, executor: Any, inputs: dict[str, Any], outputs: dict[str, type], properties: dict[str, Any]
    ) -> dict[str, Any]:
        made = {name: self._artifact(kind) for name, kind in outputs.items()}
        beam = {"beam_pipeline_args": BeamSettings().pipeline_args} if executor is Evaluator else {}
        context = executor.Context(**beam, tmp_dir=str(self._folder / "tmp"), unique_id=str(self._rounds))
        given, taken = ({name: [artifact] for name, artifact in some.items()} for some in (inputs, made))
        name = executor.__module__.split(".")[-2]
        self.seconds[name].append(seconds(lambda: executor(context).Do(given, taken, properties)))
        return made

    def _artifact(self, kind: Any) -> Any:
        artifact = kind()
        artifact.uri = str(self._folder / f"{kind.__name__}-{self._rounds}")
        Path(artifact.uri).mkdir(parents=True)
        return artifact

    def _records(self, rows: Sequence[ManifestRow]) -> Any:
        examples, rejected = self._artifact(standard_artifacts.Examples), self._folder / "rejected"
        examples.split_names = artifact_utils.encode_split_names([TEST])
        write = WriteShard(examples.uri, str(rejected), self._classes, self.case.side)
        written = sum(count for shard in plan_shards(rows) if shard.rows for count in write.process(shard))
        if written != self.case.films:
            raise RuntimeError(
                f"{written} of {self.case.films} films became records; draw more than {PATIENTS} a class"
            )
        return examples

    def _exported(self) -> tuple[Any, keras.Model]:
        keras.utils.set_random_seed(1)
        settings = TrainerSettings(backbone=self.case.backbone, weights="random")  # type: ignore[arg-type]
        classifier = build_classifier(settings, build_extractor(settings, self.case.side), len(self._classes))
        model = self._artifact(standard_artifacts.Model)
        folder = Path(model.uri, "Format-Serving")
        export(classifier, Decision(self._classes, self._positive, 0.5), folder)
        ModelInfo(
            classes=self._classes,
            positive=self._positive,
            threshold=0.5,
            target_recall=0.95,
            image_size=self.case.side,
            backbone=self.case.backbone,
            weights="random",
            trainable_parameters=classifier.trainable_parameters,
            settings={},
            training={},
            data_digest="",
            code_digest="",
            seed=1,
            metrics={},
        ).write(folder)
        return model, classifier.core


def rows_of(case: Case, pairs: Pairs, asked: int, by_component: dict[str, list[float]]) -> list[Row]:
    """The rows.

    Args:
        case: What was evaluated.
        pairs: Seconds of all of ours, and of the bare network on ``asked`` images.
        asked: Images in one round of the peer.
        by_component: Component -> seconds of each round, the untimed first one before those of the pairs.
    """
    what = f"evaluation and audit of {case.films} films ({case.backbone}, {case.side} px)"
    medians = {name: statistics.median(found[1:]) for name, found in by_component.items()}
    network = statistics.median(pairs.peer) / asked

    def row(what: str, images: int, values: Sequence[float], goal: Goal | None = None, note: str = "") -> Row:
        return Row(
            claim=12,
            what=what,
            against=f"the bare network on {images} images, batches of {BATCH}",
            unit="x the time",
            values=tuple(values),
            goal=goal,
            ours=", ".join(f"{name} {found:.1f} s" for name, found in medians.items()),
            peer=f"{network * images:.1f} s",
            note=note,
        )

    costs = [cost * asked / case.passes for cost in pairs.costs]
    first = sum(found[0] for found in by_component.values()) / (network * case.passes)
    return [
        row(
            what,
            case.passes,
            costs,
            Goal(way="at most", bound=1.5),
            "building the graphs of three signatures and TFMA's own pipeline cost the same "
            f"whatever the number of films; the peer's time is that of {asked} images, scaled",
        ),
        row(f"{what}, the first in its process", case.passes, [first]),
        row(
            f"{what}, against films x variants alone",
            case.variants,
            [cost * case.passes / case.variants for cost in costs],
            note="the least that an audit can ask; TFMA, hidden patches, heat maps and the export check ask more",
        ),
    ]


def measure(effort: Effort) -> list[Row]:
    """Evaluation and audit beside the network's own time."""
    case = QUICK if effort.quick else FULL
    films = effort.scratch / f"films-of-{PATIENTS}-patients-a-class-seed-{SEED}"
    if not films.exists():
        draw_data_set(films, patients=PATIENTS, seed=SEED)
    with tempfile.TemporaryDirectory(dir=effort.scratch) as folder:
        subject = Subject(case, films, Path(folder))
        pairs = take_pairs(subject.judge, subject.ask, effort.pairs)
        return rows_of(case, pairs, subject.asked, subject.seconds)
