import re

import pytest

from components.manifest_gen.pseudonym import pseudonym
from trainer.errors import UsageError

KEY = b"sixteen bytes or"


def test_a_pseudonym_is_the_same_for_the_same_patient_and_key_only() -> None:
    assert pseudonym("a", "7", KEY) == pseudonym("a", "7", KEY)
    others = {
        pseudonym("a", "7", KEY),
        pseudonym("b", "7", KEY),
        pseudonym("a", "8", KEY),
        pseudonym("a", "7", KEY * 2),
    }
    assert len(others) == 4


def test_a_pseudonym_is_the_start_of_the_hmac() -> None:
    # printf a/7 | openssl dgst -sha256 -hmac 'sixteen bytes or'
    assert pseudonym("a", "7", KEY) == "2ecbf806a9ae8f40"


def test_a_pseudonym_is_sixteen_hex_digits_even_for_a_name_that_is_no_utf_8() -> None:
    assert re.fullmatch("[0-9a-f]{16}", pseudonym("a", "film\udcff", KEY))


def test_a_short_key_is_refused() -> None:
    with pytest.raises(UsageError, match="has 5 bytes; it needs at least 16"):
        pseudonym("a", "7", b"short")
