"""What names a host is checked before anything is sent."""

from __future__ import annotations

import pytest

from toldonce.errors import InvalidConfig
from toldonce.remote.account import CLOUD, PLAIN_HTTP, account


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEM0_API_KEY", raising=False)
    monkeypatch.delenv(PLAIN_HTTP, raising=False)


def test_the_cloud_and_the_environments_key_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM0_API_KEY", "m0-env")
    found = account(None, None)
    assert (found.host, found.key) == (CLOUD, "m0-env")
    assert account("m0-given", None).key == "m0-given"


@pytest.mark.parametrize("key", [None, "", "  "])
def test_no_key(key: str | None) -> None:
    with pytest.raises(InvalidConfig, match="MEM0_API_KEY"):
        account(key, CLOUD)


@pytest.mark.parametrize("key", ["m0 two words", "m0-\nline", "schlüssel"])
def test_no_possible_key(key: str) -> None:
    with pytest.raises(InvalidConfig, match="Copy it again") as caught:
        account(key, CLOUD)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("api.mem0.ai", "begin with https://"),
        ("localhost:8000", "begin with https://"),
        ("ftp://mem0.example", "begin with https://"),
        ("https://", "begin with https://"),
        ("https://h:99999", "not an address"),
        ("https://ann:secret@mem0.example", "plain address"),
        ("https://mem0.example/?key=1", "plain address"),
        ("http://mem0.example", PLAIN_HTTP),
        ("http://10.0.0.7:8000", PLAIN_HTTP),
        ("http://127.0.0.1.mem0.example", PLAIN_HTTP),
    ],
)
def test_addresses_that_are_refused(host: str, says: str) -> None:
    with pytest.raises(InvalidConfig, match=says) as caught:
        account("m0-key", host)
    assert "m0-key" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["http://localhost:8888", "http://127.0.0.1:1", "http://[::1]:1", "http://a.localhost"]
)
def test_plain_http_to_this_machine_is_fine(host: str) -> None:
    assert account("m0-key", host).loopback


def test_plain_http_elsewhere_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert account("m0-key", "http://mem0.lan", allow_plain_http=True).host == "http://mem0.lan"
    monkeypatch.setenv(PLAIN_HTTP, "1")
    assert not account("m0-key", "http://mem0.lan").loopback


def test_one_host_has_one_name() -> None:
    assert account("k", "https://Mem0.Example/pre/").host == "https://mem0.example/pre"
    assert account("k", "https://mem0.example/pre").fingerprint == account("k", "https://mem0.example/pre/").fingerprint


def test_the_key_shows_nowhere() -> None:
    found = account("m0-very-secret", None)
    assert "m0-very-secret" not in f"{found!r} {found} {found.fingerprint}"
    assert found.fingerprint != account("m0-other", None).fingerprint
