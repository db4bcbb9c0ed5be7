"""XrayExampleGen's executor on drawn films, and on what people put into folders of films."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.artifacts import Manifest, RejectedFilms
from components.manifest_gen.manifest import read_manifest, read_rejected
from components.manifest_gen.manifest import write_manifest as write
from components.xray_example_gen.executor import Executor
from trainer import features


def bytes_of(example: Any, name: str) -> bytes:
    return bytes(example.features.feature[name].bytes_list.value[0])


def test_every_film_of_the_manifest_becomes_a_record(manifest: Any, ingested: Any, read_examples: Any) -> None:
    rows = read_manifest(Path(manifest.uri))
    for split in features.SPLITS:
        examples = read_examples(ingested.examples, split)
        ids = sorted(bytes_of(example, features.IMAGE_ID).decode() for example in examples)
        assert ids == sorted(row.image_id for row in rows if row.split == split)
    assert not read_rejected(Path(ingested.rejected.uri))


def test_a_record_says_what_the_manifest_says(
    manifest: Any, ingested: Any, read_examples: Any, sample_data: dict[str, Any]
) -> None:
    from trainer.preprocessing import film_to_image

    rows = {row.image_id: row for row in read_manifest(Path(manifest.uri))}
    example = read_examples(ingested.examples)[0]
    row = rows[bytes_of(example, features.IMAGE_ID).decode()]
    size = sample_data["image_size"]
    image = np.frombuffer(bytes_of(example, features.IMAGE), np.uint8).reshape(size, size, 1)
    np.testing.assert_array_equal(image, film_to_image(Path(row.path).read_bytes(), size))
    assert example.features.feature[features.LABEL].int64_list.value == [["covid", "healthy"].index(row.label)]
    for name in (features.FINDING, features.VIEW, features.PATIENT_ID, features.SOURCE, features.SEX):
        assert bytes_of(example, name).decode() == getattr(row, name)
    assert example.features.feature[features.AGE].float_list.value == pytest.approx([row.age])


def test_records_hold_no_path_and_no_file_name(manifest: Any, ingested: Any) -> None:
    records = b"".join(path.read_bytes() for path in Path(ingested.examples.uri).rglob("data_tfrecord*"))
    for row in read_manifest(Path(manifest.uri)):
        assert Path(row.path).name.encode() not in records


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class folder with one good film and everything that is not one."""
    folder = tmp_path_factory.mktemp("dirty") / "healthy"
    folder.mkdir()
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (90, 70), dtype=np.uint8))

    def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()

    contents = {
        "good.png": encoded(noise, "PNG"),
        "deep.png": encoded(Image.fromarray(np.arange(6300, dtype=np.uint16).reshape(90, 70) * 10), "PNG"),
        "cmyk.jpg": encoded(noise.convert("CMYK"), "JPEG"),
        "cut.jpg": truncated(encoded(noise, "JPEG", quality=95)),
        "cut.png": truncated(encoded(noise, "PNG")),
        "text.png": b"this is a text, whatever its name says",
        "moving.gif": encoded(noise, "GIF", save_all=True, append_images=[noise.rotate(90)]),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder.parent


def test_what_cannot_be_decoded_is_rejected_with_its_reason(
    run_executor: Any, ingest: Any, dirty: Path, monkeypatch: pytest.MonkeyPatch, read_examples: Any
) -> None:
    from components.manifest_gen.executor import Executor as ManifestGenExecutor

    monkeypatch.setenv("CXR_PATIENT_KEY", "a key for tests, long enough")
    source = {"kind": "class_folders", "name": "dirty", "path": ".", "folders": {"healthy": "normal"}, "view": "PA"}
    data = {
        "root": str(dirty),
        "sources": [source],
        "findings": {"covid": ["COVID-19"], "healthy": ["normal"]},
    }
    properties = {"data_settings": json.dumps(data), "split_settings": "{}"}
    manifest = run_executor(ManifestGenExecutor, {}, {"manifest": Manifest}, properties)["manifest"][0]
    made = ingest(manifest)
    records = [example for split in features.SPLITS for example in read_examples(made.examples, split)]
    rejected = {rejection.file: rejection for rejection in read_rejected(Path(made.rejected.uri))}
    assert {Path(name).name: rejection.reason for name, rejection in rejected.items()} == {
        "cut.jpg": "unreadable",
        "cut.png": "unreadable",
        "text.png": "unreadable",
        "moving.gif": "frames",
    }
    assert len(records) == 3  # good.png, deep.png, cmyk.jpg
    assert all(rejection.source == "dirty" and rejection.detail for rejection in rejected.values())


def test_a_film_that_changed_after_the_manifest_is_rejected(
    manifest: Any, films: Path, ingest: Any, tmp_path: Path
) -> None:
    from dataclasses import replace

    from components.manifest_gen.manifest import Manifest as Rows

    row = read_manifest(Path(manifest.uri))[0]
    copy = tmp_path / "film.png"
    shutil.copyfile(row.path, copy)
    copy.write_bytes(copy.read_bytes() + b"one byte more")
    changed = Manifest()
    changed.uri = str(tmp_path)
    write(Rows((replace(row, path=str(copy)),), ()), tmp_path)
    rejected = read_rejected(Path(ingest(changed).rejected.uri))
    assert [(rejection.file, rejection.reason) for rejection in rejected] == [(row.file, "changed")]
    assert rejected[0].row == row.row


def test_an_empty_manifest_gives_empty_splits(run_executor: Any, tmp_path: Path, read_examples: Any) -> None:
    from tfx.types.standard_artifacts import Examples

    from components.manifest_gen.manifest import Manifest as Rows

    empty = Manifest()
    empty.uri = str(tmp_path)
    write(Rows((), ()), tmp_path)
    made = run_executor(
        Executor,
        {"manifest": empty},
        {"examples": Examples, "rejected": RejectedFilms},
        {"image_size": 64, "classes": '["covid", "healthy"]'},
    )
    assert [read_examples(made["examples"][0], split) for split in features.SPLITS] == [[], [], []]
