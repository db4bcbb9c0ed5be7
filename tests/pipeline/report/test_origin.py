"""What a report lists of the settings."""

from pathlib import Path

from pipeline.report.origin import origin_of
from pipeline.report.redaction import Redactor
from pipeline.settings import load_settings


def test_runners_are_listed_and_their_options_which_name_hosts_are_not(tmp_path: Path) -> None:
    options = "options: [--flink_master=http://flink.example:8081]"
    settings = load_settings(
        "sample", None, ["data.root=/films", f"beam.components.Evaluator={{runner: FlinkRunner, {options}}}"]
    )
    listed = dict(origin_of(settings, None, {}, Redactor([], [], tmp_path, None, set())).settings)
    assert {key: value for key, value in listed.items() if key.startswith("beam.")} == {
        "beam.runner": "DirectRunner", "beam.components.Evaluator.runner": "FlinkRunner",
    }  # fmt: skip
    assert not [value for value in listed.values() if "flink.example" in value]
