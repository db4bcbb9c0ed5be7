"""What a figure was measured on."""

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Final

import psutil

PACKAGES: Final = ("tensorflow", "keras", "tfx", "apache-beam", "tensorflow-model-analysis", "pillow", "numpy")


def about() -> dict[str, str]:
    """Machine, memory, versions and date, as texts."""
    return {
        "date": datetime.date.today().isoformat(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
