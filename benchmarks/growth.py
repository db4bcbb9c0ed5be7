"""How the cost of a run grows with its films: measured at three sizes, extrapolated by a stated model.

::

    python -m benchmarks.growth [--films 100,400,1600] [--to 400000] [--price 1] [--gpu gpu.json] [--output FOLDER]

Draws films, runs the whole pipeline on them with ``cxr run``, each size once in a folder of its own, and fits each
component's seconds. Writes ``growth.json`` and ``growth.md``. The network is a small one on features computed once:
what a card takes for the large ones comes from the JSON of ``benchmarks/gpu.py``. Eight minutes on 2 cores that do
nothing else.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.growth_model import Line, fitted, page
from benchmarks.machine import about
from components.score.variants import VARIANTS

HERE: Final = Path(__file__).parent
SEED: Final = 7
#: Films that a drawn patient of a class stands for, both classes together.
FILMS_A_PATIENT: Final = 3
NETWORK: Final = {"trainer.backbone": "efficientnet_b0", "data.image_size": "97", "trainer.epochs": "5"}
#: No bound of the gate, so that every component does its work at every size.
OPEN_GATE: Final = {"gate.min_recall": "0", "gate.min_specificity": "0"}
#: Share of the films that is trained on in the profile ``sample``.
TRAIN_SHARE: Final = 0.6
#: Of a test film through the network: as it is, every variant of it, and once more for TFMA.
PASSES: Final = 2 + len(VARIANTS)


def run_seconds(folder: Path, films: int) -> tuple[int, dict[str, float]]:
    """One run on about so many new drawn films, in a process of its own.

    Each size runs once, so a residual is the fit's: it does not say how much the seconds of a run vary.

    Returns:
        How many films the manifest holds, and each component's seconds.

    Raises:
        SystemExit: The run failed; its messages are above.
    """
    from pipeline.result import RunResult
    from pipeline.sample.data_set import draw_data_set

    draw_data_set(folder / "films", patients=max(1, round(films / FILMS_A_PATIENT)), seed=SEED)
    settings = {"data.root": str(folder / "films")} | NETWORK | OPEN_GATE
    command = [sys.executable, "-c", "from cxr.main import main; main()", "run", "--profile", "sample", "--json"]
    command += ["--root", str(folder / "run")]
    command += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, check=False)
    result = RunResult.model_validate_json(done.stdout) if done.stdout else None
    if result is None:
        raise SystemExit(f"the run on {films} films ended with {done.returncode}; its messages are above")
    if result.status not in ("pushed", "not_blessed"):
        raise SystemExit(f"the run on {films} films ended as {result.status}: {'; '.join(result.reasons)}")
    count = sum(number for splits in result.films.values() for number in splits.values())
    return count, {name: component.seconds for name, component in result.components.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", default="100,400,1600", help="three sizes or more, default %(default)s")
    parser.add_argument("--to", type=int, default=400_000, help="films to extrapolate to, default %(default)s")
    parser.add_argument("--price", type=float, default=1.0, help="of an hour of the machine, in any currency")
    parser.add_argument("--gpu", type=Path, help="what benchmarks.gpu --output wrote on the card")
    parser.add_argument("--epochs", type=int, default=50, help="of the network on the card, default %(default)s")
    parser.add_argument("--output", type=Path, default=HERE, help="folder for growth.json and growth.md")
    given = parser.parse_args(arguments)
    sizes = [int(size) for size in given.films.split(",")]
    if len(set(sizes)) < 3:
        parser.error(f"--films is {given.films}; a line through fewer than three sizes leaves no residual")
    counts, seconds = [], []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            count, measured = run_seconds(Path(folder), size)
        counts.append(count)
        seconds.append(measured)
    figures = figures_of(counts, seconds, given.to, given.price)
    if given.gpu:
        figures["card"] = on_card(json.loads(given.gpu.read_text(encoding="utf-8")), given.to, given.epochs)
    text = page(figures)
    print(text)
    (given.output / "growth.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (given.output / "growth.md").write_text(text, encoding="utf-8")


def figures_of(
    counts: Sequence[int], seconds: Sequence[Mapping[str, float]], films: int, price: float
) -> dict[str, Any]:
    """What is kept: measured seconds and the fitted lines of the components that ran at every size."""
    components = [name for name in seconds[-1] if all(name in one for one in seconds)]
    lines: dict[str, Line] = {name: fitted(counts, [one[name] for one in seconds]) for name in components}
    search = json.loads((HERE / "duplicates.json").read_text(encoding="utf-8"))["scale"]
    return {
        "about": about(),
        "network": NETWORK,
        "films": list(counts),
        "to": films,
        "price": price,
        "components": {
            name: {"seconds": [one[name] for one in seconds], **line.model_dump()} for name, line in lines.items()
        },
        "search": [{key: one[key] for key in ("films", "seconds", "search_mb")} for one in search],
    }


def on_card(measured: Mapping[str, Any], films: int, epochs: int) -> dict[str, Any]:
    """Hours of the networks on a card, of each in the faster precision; XLA cannot compile the default augmentation.

    Args:
        measured: What ``benchmarks.gpu --output`` wrote.
        films: Of the whole run, split as in the profile ``sample``; every test film goes forward `PASSES` times.
            Films that are explained are left out.
        epochs: In each every train film goes through a training step, and every eval film forward.
    """
    trained, held_back = TRAIN_SHARE * films, (1 - TRAIN_SHARE) * films
    hours: dict[str, float] = {}
    for one in measured["figures"]:
        if one["xla"]:
            continue
        forward = held_back / 2 / one["inference"]  # half of them eval films
        seconds = epochs * (trained / one["augmented"] + forward) + PASSES * forward
        hours[one["backbone"]] = min(seconds / 3600, hours.get(one["backbone"], float("inf")))
    keys = ("card", "image_size", "batch_size")
    return {**{key: measured[key] for key in keys}, "epochs": epochs, "passes": PASSES, "hours": hours}


if __name__ == "__main__":
    main()
