"""TF Serving's model config file, read and written."""

import os
from pathlib import Path

import pytest

from serving.model_config import model_in, read_config, starter, write_config
from trainer.errors import RunError, UsageError

DELIVERED = Path(__file__).parents[2] / "serving" / "config" / "models.config"
BY_HAND = """\
# of the clinic

# do not touch
model_config_list {
  config {
    name: "cxr"
    base_path: "/models/cxr"
    logging_config { log_collector_config { type: "any" filename_prefix: "/tmp/requests" } }
    version_labels { key: "eu" value: 1 }
  }
  config { name: "other" base_path: "/models/other" }
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models.config"


def test_the_delivered_file_is_what_a_new_one_is(file: Path) -> None:
    write_config(file, starter("cxr"))
    assert file.read_text() == DELIVERED.read_text()
    assert read_config(file) == starter("cxr")


def test_what_others_have_written_is_kept(file: Path) -> None:
    file.write_text(BY_HAND)
    config = read_config(file)
    model_in(config, "cxr").version_labels["stable"] = 2
    write_config(file, config)
    again = read_config(file)
    assert file.read_text().startswith("# of the clinic\n\n# do not touch\nmodel_config_list {\n")
    assert model_in(again, "cxr").logging_config.log_collector_config.filename_prefix == "/tmp/requests"
    assert dict(model_in(again, "cxr").version_labels) == {"eu": 1, "stable": 2}
    assert model_in(again, "other").base_path == "/models/other"


def test_a_file_is_replaced_and_never_written_in_place(file: Path) -> None:
    write_config(file, starter("cxr"))
    file.chmod(0o640)
    with file.open() as reader:
        write_config(file, starter("other"))
        assert 'name: "cxr"' in reader.read()
    assert 'name: "other"' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert os.listdir(file.parent) == ["models.config"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.config").write_text(BY_HAND)
    (tmp_path / "link.config").symlink_to("real.config")
    write_config(tmp_path / "link.config", starter("cxr"))
    assert (tmp_path / "link.config").is_symlink()
    assert 'base_path: "/models/cxr"' in (tmp_path / "real.config").read_text()


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"models\.config' cannot be written \(No such file or directory\); make its"):
        write_config(tmp_path / "nowhere" / "models.config", starter("cxr"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text, message",
    [
        ("model_confg_list {}", r"is no text form of TF Serving's ModelServerConfig \(1:1 : .*model_confg_list.*mend"),
        ("model_config_list { config { name: 5 } }", "is no text form"),
        (None, r"models.config' cannot be read \(No such file or directory\); name another with --model-config"),
    ],
)
def test_a_file_that_is_no_config_is_refused(file: Path, text: str | None, message: str) -> None:
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_config(file)
    assert "\n" not in str(caught.value)


def test_a_model_that_is_not_in_the_file_is_named_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="model 'xr' is not in the model config file, which names 'cxr'; add it"):
        model_in(starter("cxr"), "xr")
