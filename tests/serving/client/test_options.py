"""URLs and options, and what is said of those that make no sense."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from cxr_client import AsyncCxrClient, CxrClient, Limits, Retries, Timeout, Tls, UsageError
from cxr_client._address import Address, Servable


@pytest.mark.parametrize(
    "url, whole, is_grpc, is_secure",
    [
        ("http://host", "http://host:80", False, False),
        ("https://host/", "https://host:443", False, True),
        ("https://host/cxr/", "https://host:443/cxr", False, True),
        ("http://host:8501", "http://host:8501", False, False),
        ("grpc://host", "grpc://host:8500", True, False),
        ("grpcs://host", "grpcs://host:443", True, True),
        ("grpc://[::1]:8500", "grpc://[::1]:8500", True, False),
    ],
)
def test_a_url_is_a_scheme_a_host_a_port_and_a_prefix(url: str, whole: str, is_grpc: bool, is_secure: bool) -> None:
    address = Address.parse(url)
    assert (str(address), address.is_grpc, address.is_secure) == (whole, is_grpc, is_secure)


@pytest.mark.parametrize(
    "url, message",
    [
        ("host:8500", "URL 'host:8500' is not one of http://host, https://host, grpc://host, grpcs://host; give"),
        ("ftp://host", "is not one of"),
        ("grpc://", "is not one of"),
        ("", "is not one of"),
        ("http://host:port", "Port could not be cast"),
        ("http://host:99999", "Port out of range"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("grpc://host/path", "has more than a host and a port"),
        ("http://host/?a=b", "has more than a host and a port"),
        ("http://host/v1/models/cxr:predict", "goes down to a model; give what stands before /v1"),
    ],
)
def test_a_url_that_makes_no_sense_is_wrong_use(url: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        CxrClient(url)
    assert message in str(caught.value)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="give api_key") as caught:
        CxrClient("https://me:secret@host")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"model": ""}, "the model has no name"),
        ({"version": 3, "label": "stable"}, "version 3 and label 'stable' are given; give one of the two"),
        ({"version": -1}, "version -1 is not a number"),
        ({"version": True}, "version True is not a number"),
        ({"api_key": "sécret"}, "header 'x-api-key' holds letters that a header cannot"),
        ({"headers": {"A": "a\nb: c"}}, "header 'A' holds letters"),
    ],
)
def test_options_that_make_no_sense_are_wrong_use(options: dict[str, Any], message: str) -> None:
    for client in (CxrClient, AsyncCxrClient):
        with pytest.raises(UsageError, match=message) as caught:
            client("http://host", **options)
        assert "sécret" not in str(caught.value)


def test_a_transport_is_for_rest() -> None:
    with pytest.raises(UsageError, match="cannot carry grpc://; give an http:// URL"):
        CxrClient("grpc://host", transport=httpx.MockTransport(lambda request: httpx.Response(200)))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Timeout(attempt=0), "Timeout(attempt=0) is not above 0 seconds"),
        (lambda: Timeout(total=-1), "Timeout(total=-1) is not above 0 seconds"),
        (lambda: Timeout(connect=float("nan")), "Timeout(connect=nan) is not above 0 seconds"),
        (lambda: Retries(attempts=0), "Retries(attempts=0) is below 1"),
        (lambda: Retries(base=9, cap=1), "Retries(base=9, cap=1) does not rise"),
        (lambda: Limits(films_per_request=0), "Limits(films_per_request=0) is below 1"),
        (lambda: Tls(certificate=__file__), "Tls takes certificate and key together"),
        (lambda: Tls(authorities="nowhere.pem"), "Tls(authorities='nowhere.pem') is not a file"),
        (lambda: CxrClient("https://host", tls=Tls(authorities=Path(__file__))), "give PEM files"),
        (lambda: CxrClient("grpcs://host", tls=Tls(authorities=__file__)), f"Tls(authorities='{__file__}') cannot be"),
        (lambda: AsyncCxrClient("grpcs://host", tls=Tls(authorities=__file__)), "give PEM files"),
    ],
)
def test_options_out_of_range_are_wrong_use(make: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert message in str(caught.value)


def test_a_client_says_whom_it_asks() -> None:
    assert repr(CxrClient("grpc://host", label="stable")) == (
        "CxrClient('grpc://host:8500', model 'cxr' label 'stable')"
    )
    assert str(Servable("cxr", 3)) == "model 'cxr' version 3"
