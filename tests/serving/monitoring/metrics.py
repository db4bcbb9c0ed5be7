"""The one list of metrics, docs/monitoring.md, and a page of them as TF Serving writes it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = (Path(__file__).parents[3] / "docs" / "monitoring.md").read_text(encoding="utf-8")
#: Microseconds; TF Serving's Exponential(10, 1.8, 33).
BOUNDS = [10 * 1.8**power for power in range(33)]

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Metric:
    """A row of the table."""

    kind: str
    labels: frozenset[str]

    @property
    def suffixes(self) -> Sequence[str]:
        """What is asked for is the name with one of these."""
        return ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)


METRICS = {
    name: Metric(kind, frozenset(re.findall(r"`(\w+)`", labels)))
    for name, kind, labels in re.findall(r"^\| `(:tensorflow:\S+)` \| (\w+) \| (.*?) ?\| .*\|$", DOCS, re.M)
}
#: Name as it is asked for -> its metric.
SERIES = {f"{name}{suffix}": metric for name, metric in METRICS.items() for suffix in metric.suffixes}


def page(values: Mapping[str, Sequence[tuple[Labels, Sequence[float]]]]) -> str:
    """Metrics in the form of TF Serving's prometheus_exporter.cc: no HELP, braces without labels too, ``%g`` in le.

    Args:
        values: Name -> series, each with its labels and what was observed: a counter is the sum of it.
    """
    lines = []
    for name, series in values.items():
        kind = METRICS[name].kind
        lines.append(f"# TYPE {name} {kind}")
        for labels, observed in series:
            assert labels.keys() == METRICS[name].labels, name
            words = [f'{label}="{value}"' for label, value in labels.items()]
            if kind == "counter":
                lines.append(f"{name}{{{','.join(words)}}} {sum(observed):.0f}")
                continue
            for bound in [*BOUNDS, float("inf")]:
                upto = f"{bound:g}" if bound < float("inf") else "+Inf"
                bucket = ",".join([*words, f'le="{upto}"'])
                lines.append(f"{name}_bucket{{{bucket}}} {sum(value < bound for value in observed)}")
            lines.append(f"{name}_sum{{{','.join(words)}}} {sum(observed):g}")
            lines.append(f"{name}_count{{{','.join(words)}}} {len(observed)}")
    return "\n".join(lines) + "\n"
