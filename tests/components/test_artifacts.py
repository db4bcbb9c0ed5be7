"""The artifact types."""

import pytest
from tfx.types.artifact import Artifact
from tfx.utils.import_utils import import_class_by_path

from components import artifacts

TYPES = [kind for kind in vars(artifacts).values() if isinstance(kind, type) and kind.__module__ == artifacts.__name__]


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_is_found_again_by_its_name(kind: type[Artifact]) -> None:
    assert import_class_by_path(kind.TYPE_NAME) is kind


def test_there_are_types() -> None:
    assert len(TYPES) == 6
