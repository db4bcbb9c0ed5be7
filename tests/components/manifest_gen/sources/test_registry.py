from pathlib import Path
from typing import get_args

import pytest

from components.manifest_gen.sources.ieee8023 import Ieee8023Source
from components.manifest_gen.sources.registry import KINDS, Source, read_source
from trainer.errors import SourceError


def test_the_settings_accept_every_kind_that_has_a_reader_and_no_other() -> None:
    union, _ = get_args(Source)
    kinds = {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(union)}
    assert kinds == {name: kind.settings for name, kind in KINDS.items()}


def test_a_source_without_a_folder_is_refused_before_it_is_read(tmp_path: Path) -> None:
    source = Ieee8023Source(kind="ieee8023", name="here", path="gone")
    with pytest.raises(SourceError, match=r"no folder .*gone; check data\.root and the path of source 'here'"):
        read_source(source, tmp_path)
