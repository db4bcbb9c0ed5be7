"""How often the two audits catch films in which something other than the lungs tells the class.

::

    python -m benchmarks.shortcuts [--seeds 10] [--only data,frozen,cnn]

Draws films, confounds them, and (1) holds the data audit against them, (2) trains a network on them, exports it, and
holds the shortcut audit against it. Writes ``shortcuts.json`` and ``shortcuts.md`` beside this file; what is not asked
for by ``--only`` is kept from the last time. Hours on 2 cores.
"""

import argparse
import importlib.metadata
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

from components.score.variants import VARIANTS
from tests.confounding import CLEAN, CONFOUNDERS, EAGER, LABEL, confounded_copy, draw_folder, draw_small
from tests.data_trial import audit_data, stopping
from tests.model_trial import TRAIN_SHARE, small_frozen_backbone, train_and_audit
from trainer.settings import TrainerSettings
from trainer.statistics import wilson

HERE: Final = Path(__file__).parent
#: Per class, of the folders that the data audit sees.
COHORTS: Final = (32, 100)
#: Per class, of the films that a network is trained, stopped and tested on.
PATIENTS: Final = 60
#: Shares of the films of covid and of the others that are marked.
ALL: Final = (1.0, 0.0)
MOST: Final = (0.8, 0.1)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Network:
    """A network, the side of its images in pixels, and how it is trained."""

    what: str
    side: int
    settings: Mapping[str, Any]

    def trained_with(self, seed: int) -> TrainerSettings:
        """Settings of the trainer."""
        return TrainerSettings(**self.settings, seed=seed)


NETWORKS: Final = {
    "frozen": Network(
        "two frozen random convolutions and a trained head",
        64,
        {"weights": "random", "epochs": 40, "feature_views": 2},
    ),
    "cnn": Network(
        "the study's CNN",
        32,
        {"backbone": "cnn", "weights": "random", "epochs": 20, "patience": 20, "batch_size": 16, **EAGER},
    ),
}


#: What is drawn, as arguments of ``draw_small``.
CONDITIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "disease, nothing else": {},
    "nothing at all": {"clear_lungs": True},
    "label": {"clear_lungs": True, "marked": ALL, "text": LABEL},
    "label, 80 % against 10 %": {"clear_lungs": True, "marked": MOST, "text": LABEL},
    "letter": {"clear_lungs": True, "marked": ALL},
    "view": {"clear_lungs": True, "view_tells": True},
    "disease and label": {"marked": ALL, "text": LABEL},
    "disease and label, 80 % against 10 %": {"marked": MOST, "text": LABEL},
    "disease and view": {"view_tells": True},
}


def try_data(patients: int, seeds: Sequence[int], confounders: Sequence[str] = (CLEAN, *CONFOUNDERS)) -> list[Row]:
    """What stops the run on drawn folders of several seeds, with every confounder in turn."""
    stops: dict[str, list[list[str]]] = {name: [] for name in confounders}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as scratch:
            drawn = draw_folder(Path(scratch, "drawn"), patients=patients, seed=seed)
            for number, name in enumerate(confounders):
                copy = Path(scratch, str(number))
                confounded_copy(drawn, Path(scratch, "drawn"), copy, name, seed)
                stops[name].append(sorted(stopping(audit_data(copy))))
                print(patients, seed, name, stops[name][-1], file=sys.stderr)
    return [{"confounder": name, "patients": patients, "stops": stops[name]} for name in confounders]


def try_model(network: str, condition: str, seeds: Sequence[int], patients: int = PATIENTS) -> Row:
    """What the audit finds of models trained with several seeds, each on films of its own seed."""
    net = NETWORKS[network]
    trials = []
    for seed in seeds:
        films = draw_small(patients, seed, net.side, **CONDITIONS[condition])
        with tempfile.TemporaryDirectory() as scratch, small_frozen_backbone():
            trial = train_and_audit(films, net.trained_with(seed), Path(scratch))
            results = trial.results
            trials.append(
                {
                    "seed": seed,
                    "films": len(films.images),
                    "tested": results[0].auc.n if results[0].auc else 0,
                    "tells": list(trial.telling),
                    "auc": {one.name: [one.auc.value, one.auc.low, one.auc.high] for one in results if one.auc},
                }
            )
            print(network, condition, trials[-1], file=sys.stderr)
    return {"network": network, "condition": condition, "trials": trials}


def rate(hits: Sequence[bool]) -> str:
    """``9 / 10 | 60 to 98``: how many, and Wilson's 95 % interval in percent."""
    interval = wilson(sum(hits), len(hits))
    return f"{sum(hits)} / {len(hits)} | {100 * interval.low:.0f} to {100 * interval.high:.0f}"


def page(figures: Mapping[str, Any]) -> Iterator[str]:
    """The lines of ``shortcuts.md``."""
    yield "# Shortcuts: how often they are caught"
    yield ""
    yield f"{figures['about']}. `benchmarks/shortcuts.py` writes this page; its head has"
    yield "the command. Seeds count from 1, and every seed draws films of its own. Intervals are Wilson's, 95 %."
    yield ""
    yield "## By the data audit"
    yield ""
    yield "A run with `audit.shortcuts: stop` is stopped by a check or more."
    yield ""
    yield "| what tells the class | patients per class | stopped | % | by |"
    yield "|---|---:|---:|---:|---|"
    for row in figures["data"]:
        by = Counter(name for stops in row["stops"] for name in stops)
        named = ", ".join(f"`{name}` {count}" for name, count in by.most_common())
        told = "nothing but the lungs" if row["confounder"] == CLEAN else row["confounder"]
        yield f"| {told} | {row['patients']} | {rate([bool(stops) for stops in row['stops']])} | {named} |"
    for network, rows in figures["models"].items():
        net = NETWORKS[network]
        tested = [trial["tested"] for row in rows for trial in row["trials"]]
        yield ""
        yield f"## By the shortcut audit: {net.what}, {net.side} px"
        yield ""
        yield f"{PATIENTS} patients per class, {TRAIN_SHARE:.0%} of them trained on;"
        yield f"{' to '.join(map(str, sorted({min(tested), max(tested)})))} test films. Caught: a judged variant tells"
        yield "the classes apart. AUC: mean over seeds."
        yield ""
        shown = ["original", *(variant.name for variant in VARIANTS if variant.judged), "corners"]
        yield f"| what tells the class | caught | % | by | {' | '.join(f'AUC {name}' for name in shown)} |"
        yield f"|---|---:|---:|---|{'---:|' * len(shown)}"
        for row in rows:
            trials = row["trials"]
            by = Counter(name for trial in trials for name in trial["tells"])
            named = ", ".join(f"`{name}` {count}" for name, count in by.most_common())
            means = [sum(trial["auc"][name][0] for trial in trials) / len(trials) for name in shown]
            caught = rate([bool(trial["tells"]) for trial in trials])
            yield f"| {row['condition']} | {caught} | {named} | {' | '.join(f'{mean:.2f}' for mean in means)} |"


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="so many, from 1 on")
    parser.add_argument("--only", default=f"data,{','.join(NETWORKS)}", help="parts, separated by commas")
    parser.add_argument("--patients", type=int, action="append", help="per class, for the data audit; may be repeated")
    parser.add_argument("--condition", choices=CONDITIONS, action="append", help="this one only; may be repeated")
    parser.add_argument("--output", default=HERE, type=Path, help="where shortcuts.json and shortcuts.md go")
    arguments = parser.parse_args()
    # IPython, which TFX imports, puts a package `tests` of its own on the path, and worker processes would find that.
    sys.path[:] = [folder for folder in sys.path if not Path(folder, "tests", "__init__.py").exists()]
    seeds, parts = range(1, arguments.seeds + 1), arguments.only.split(",")
    kept = arguments.output / "shortcuts.json"
    figures: dict[str, Any] = (
        json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {"about": "", "data": [], "models": {}}
    )
    figures["about"] = f"tensorflow {importlib.metadata.version('tensorflow')}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    if "data" in parts:
        for patients in arguments.patients or COHORTS:
            kept_rows = [row for row in figures["data"] if row["patients"] != patients]
            figures["data"] = sorted([*kept_rows, *try_data(patients, seeds)], key=lambda row: row["patients"])
            write(figures, arguments.output)
    for network in [network for network in NETWORKS if network in parts]:
        rows = {row["condition"]: row for row in figures["models"].get(network, [])}
        for condition in arguments.condition or CONDITIONS:
            rows[condition] = try_model(network, condition, seeds)
            figures["models"][network] = [rows[name] for name in CONDITIONS if name in rows]
            write(figures, arguments.output)
    print("\n".join(page(figures)))


def write(figures: Mapping[str, Any], folder: Path) -> None:
    """Writes what there is, so that hours are not lost with the last minute."""
    (folder / "shortcuts.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / "shortcuts.md").write_text("\n".join(page(figures)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
