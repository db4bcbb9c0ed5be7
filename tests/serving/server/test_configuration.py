"""Which models, which versions: without a server."""

from pathlib import Path

import pytest

from serving.server.configuration import FileSource, FolderSource, ModelConfig, versions_in
from trainer.errors import UsageError


def test_only_whole_numbers_are_versions(tmp_path: Path) -> None:
    names = ("1", "0000000008", "tmp", "5.partial", "x6", "00007x", "-1", ".tmp4", "٣", "9" * 20)
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / "4").touch()
    assert versions_in(tmp_path) == {1: tmp_path / "1", 8: tmp_path / "0000000008"}
    assert versions_in(tmp_path / "none") is None


@pytest.mark.parametrize(
    "config, aspired",
    [
        (ModelConfig("m", Path()), [9]),
        (ModelConfig("m", Path(), latest=2), [9, 3]),
        (ModelConfig("m", Path(), latest=None), [9, 3, 1]),
        (ModelConfig("m", Path(), specific=(1, 7)), [1]),
    ],
)
def test_the_policy_chooses_versions(config: ModelConfig, aspired: list[int]) -> None:
    assert config.aspired([1, 9, 3]) == aspired


def test_a_folder_of_models_and_a_models_folder_are_told_apart(tmp_path: Path) -> None:
    source = FolderSource(tmp_path)
    assert source.read() == {}
    (tmp_path / "one" / "1").mkdir(parents=True)
    (tmp_path / "two").mkdir()
    (tmp_path / ".hidden").mkdir()
    assert sorted(source.read()) == ["one", "two"]
    assert sorted(FolderSource(tmp_path / "one").read()) == ["one"]


def test_a_model_whose_versions_have_gone_stays_a_model(tmp_path: Path) -> None:
    source = FolderSource(tmp_path / "one")
    (tmp_path / "one" / "1").mkdir(parents=True)
    assert list(source.read()) == ["one"]
    (tmp_path / "one" / "1").rmdir()
    assert list(source.read()) == ["one"]


def read(tmp_path: Path, text: str, folder: Path | None = None) -> ModelConfig:
    (tmp_path / "models.config").write_text(f"model_config_list {{ {text} }}")
    (config,) = FileSource(tmp_path / "models.config", folder).read().values()
    return config


HEAD = 'name: "m" base_path: "/models/cxr" model_platform: "tensorflow"'


@pytest.mark.parametrize(
    "policy, latest, specific",
    [
        ("", 1, ()),
        ("model_version_policy { latest { num_versions: 2 } }", 2, ()),
        ("model_version_policy { all {} }", None, ()),
        ("model_version_policy { specific { versions: 4 versions: 5 } }", 1, (4, 5)),
    ],
)
def test_a_config_file_says_what_the_real_server_reads(
    tmp_path: Path, policy: str, latest: int | None, specific: tuple[int, ...]
) -> None:
    config = read(tmp_path, f'config {{ {HEAD} {policy} version_labels {{ key: "stable" value: 4 }} }}')
    assert config == ModelConfig("m", Path("/models/cxr"), latest, specific, {"stable": 4})


def test_the_models_of_a_container_are_found_in_a_folder_here(tmp_path: Path) -> None:
    assert read(tmp_path, f"config {{ {HEAD} }}", tmp_path / "serving").folder == tmp_path / "serving" / "cxr"


@pytest.mark.parametrize(
    "text, message",
    [
        ("config { nme: 3 }", 'no text form of .*ModelServerConfig .*no field named "nme"'),
        (
            f"config {{ {HEAD} }} config {{ {HEAD} }}",
            "Illegal to list model m multiple times in config list; mend it by hand",
        ),
        ('config { name: "m" base_path: "here" }', r"to have an absolute path or URI; got base_path\(\)=here"),
        ('config { base_path: "/here" }', "has no name"),
        (f"config {{ {HEAD} model_version_policy {{ specific {{}} }} }}", "names none"),
        ('config { name: "m" base_path: "/here" }', "neither ModelServerConfig::model_type .* nor"),
    ],
)
def test_a_wrong_config_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        read(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_a_config_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none.config' cannot be read \(No such file or directory\); name"):
        FileSource(tmp_path / "none.config").read()
