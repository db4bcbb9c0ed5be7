"""A torch DataLoader over folders of films, in an environment of its own: ``make peers``.

``.peers/bin/python benchmarks/torch_loader.py FOLDER BATCH WORKERS``. It says torch's version; then for each line on
stdin it makes one pass over the films and answers with its seconds: ``first`` with a new loader, whose workers start in
that time, and ``later`` with one whose workers live on.
"""

import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset


class Folders(Dataset):
    """Image uint8 [S, S, 3] and label of each JPEG file, a folder for each class."""

    def __init__(self, folder: Path) -> None:
        self._classes = sorted(one.name for one in folder.iterdir())
        self._files = sorted(folder.rglob("*.jpg"))

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        file = self._files[index]
        with Image.open(file) as film:
            image = np.array(film.convert("RGB"))
        return torch.from_numpy(image), self._classes.index(file.parent.name)


def drain(batches: Iterable[object]) -> int:
    """Counts what it throws away."""
    return sum(1 for _ in batches)


def main() -> None:
    """Says torch's version and answers until stdin ends."""
    folder, batch, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    print(torch.__version__, flush=True)
    living = DataLoader(Folders(folder), batch, shuffle=True, num_workers=workers, persistent_workers=True)
    drain(living)
    for line in sys.stdin:
        begin = time.perf_counter()
        if line.strip() == "first":
            drain(DataLoader(Folders(folder), batch, shuffle=True, num_workers=workers))
        else:
            drain(living)
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main()
