"""The templates, and the words and numbers that they write with."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.report import tables, words
from trainer.features import SPLITS, UNUSED

TEMPLATES: Final = Path(__file__).with_name("templates")


def environment(**options: Any) -> Environment:
    """A Jinja2 environment over the templates; a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    made.filters |= {
        "number": words.number,
        "share": words.share,
        "rate": words.rate,
        "interval": words.interval,
        "slice": tables.name_of,
    }
    made.tests |= {"of_slice": tables.is_of_slice}
    made.globals |= {
        "class_gaps": tables.class_gaps,
        "confusion_rows": tables.confusion_rows,
        "count_rows": tables.count_rows,
        "changes": words.changes,
        "fine_tuning": words.fine_tuning,
        "not_computable": tables.not_computable,
        "metric_title": words.metric_title,
        "metric_meaning": words.metric_meaning,
        "ranges": words.ranges,
        "rule_title": words.rule_title,
        "rule_question": words.rule_question,
        "summary": words.summary,
        "used_splits": tables.used_splits,
        "verdicts": words.VERDICTS,
        "dash": words.NONE,
        "splits": (*SPLITS, UNUSED),
    }
    return made
