"""Memory that a film takes while it becomes the network's image, by which docs/deploy.md sizes a server.

::

    python -m benchmarks.film_memory
    python -m benchmarks.film_memory --side 1000 --kind BMP-RGB

Each film is of flat patches, is decoded in a process of its own, behind a small one, and the peak is Linux's.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

#: Format and Pillow's mode.
KINDS: Final = (
    "JPEG-L", "JPEG-RGB", "JPEG-CMYK", "PNG-L", "PNG-P", "PNG-RGB", "PNG-RGBA", "PNG-I;16", "GIF-P", "BMP-L", "BMP-RGB",
)  # fmt: skip
SIDE: Final = 6000
IMAGE: Final = 224


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints bytes a pixel for each kind of film."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=SIDE, help="of a film in pixels")
    parser.add_argument("--kind", choices=KINDS, action="append", help="may be given several times; all by default")
    given = parser.parse_args(arguments)
    print("| film | bytes a pixel |\n|---|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in given.kind or KINDS:
            film = Path(folder) / kind
            write(film, kind, given.side)
            command = [
                sys.executable,
                "-c",
                "from benchmarks.film_memory import *; print(peak(Path(sys.argv[1])))",
                film,
            ]
            root = Path(__file__).parents[1]
            taken = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout
            print(f"| {kind} | {int(taken.split()[-1]) / given.side**2:.1f} |", flush=True)


def write(file: Path, kind: str, side: int) -> None:
    """A film of a hundred gray patches a side, in a format and one of Pillow's modes."""
    name, mode = kind.split("-")
    patches = np.random.default_rng(0).integers(0, 256, (100, 100), np.uint8)
    film = Image.fromarray(patches).resize((side, side), Image.Resampling.NEAREST)
    if mode == "I;16":
        film = Image.fromarray(np.asarray(film).astype(np.uint16) * 257)
    film.convert(mode).save(file, name)


def peak(file: Path) -> int:
    """Bytes that this process takes for the moment while a film is decoded and resized, beyond its file."""
    import tensorflow as tf

    from trainer.preprocessing import films_to_images

    small = file.with_name("small.png")
    Image.new("L", (300, 300)).save(small)
    film = tf.constant([file.read_bytes()])
    films_to_images(tf.constant([small.read_bytes()]), IMAGE)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = _peak()
    films_to_images(film, IMAGE)
    return _peak() - before


def _peak() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
