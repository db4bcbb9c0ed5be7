"""Who reaches what listens on a host."""

import pytest

from serving.server.ports import is_own


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_loopback_address_is_this_machines_own(host: str) -> None:
    assert is_own(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"])
def test_others_reach_any_other(host: str) -> None:
    assert not is_own(host)
