from pathlib import Path
from typing import get_args

import pytest

from components.manifest_gen.settings import Ieee8023Source, Source
from components.manifest_gen.sources.registry import READERS, read_source
from trainer.errors import SourceError


def test_every_kind_that_the_settings_accept_has_a_reader() -> None:
    union, _ = get_args(Source)
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(union)}
    assert set(READERS) == kinds


def test_a_source_without_a_folder_is_refused_before_it_is_read(tmp_path: Path) -> None:
    source = Ieee8023Source(kind="ieee8023", name="here", path="gone")
    with pytest.raises(SourceError, match=r"no folder .*gone; check data\.root and the path of source 'here'"):
        read_source(source, tmp_path)
