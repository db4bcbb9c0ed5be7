import pytest

from components.manifest_gen.key import KEY_VARIABLE, key_from_environment
from trainer.errors import UsageError


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sixteen bytes or")
    assert key_from_environment() == b"sixteen bytes or"


def test_a_missing_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(UsageError, match=f"{KEY_VARIABLE} is not set"):
        key_from_environment()
