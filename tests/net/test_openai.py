"""A key goes where it belongs, and nowhere by accident."""

from __future__ import annotations

import pytest

from toldonce.errors import AddressNotConfirmed, InvalidConfig
from toldonce.net.openai import CLOUD, CONFIRMED, key_for, read_base_url, require_confirmed

HOME = "http://localhost:11434/v1"
OWN = "https://models.example.org/v1"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", CONFIRMED):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", " sk-env\n")


@pytest.mark.parametrize("address", [CLOUD, "https://API.OpenAI.com/v1/", "https://api.openai.com:443/v1"])
def test_the_key_goes_to_openai(address: str) -> None:
    assert key_for(address) == "sk-env"


@pytest.mark.parametrize(
    "address",
    [
        HOME,
        OWN,
        "http://api.openai.com/v1",
        "https://api.openai.com:444/v1",
        "https://api.openai.com.example.org/v1",
        "https://openai.com/v1",
        "https://example.org/https://api.openai.com/v1",
    ],
)
def test_the_key_goes_nowhere_else(address: str) -> None:
    assert key_for(CLOUD) == "sk-env"
    assert key_for(address) == ""
    assert key_for(address, "  ") == ""
    assert key_for(address, " sk-given ") == "sk-given"


def test_the_key_goes_to_the_address_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{OWN}/")
    assert key_for(OWN) == "sk-env"
    assert key_for(HOME) == ""


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" HTTPS://Models.Example.org:8443/V1/ ", "https://models.example.org:8443/V1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        (HOME, HOME),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str) -> None:
    assert read_base_url(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:11434",
        "ftp://host/v1",
        "https://",
        "https://me:secret@host/v1",
        f"{HOME}?key=1",
        f"{HOME}#x",
        "http://host:99999/v1",
        "http://[::1/v1",
    ],
)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig, match="address"):
        read_base_url(text)


@pytest.mark.parametrize("named", [f"{OWN} {HOME}", f"{OWN},{HOME}", f" {HOME}/ ,"])
def test_an_address_is_confirmed_by_name(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AddressNotConfirmed, match=rf"The folder x .*{CONFIRMED}={HOME}"):
        require_confirmed(HOME, "The folder x")
    monkeypatch.setenv(CONFIRMED, named)
    require_confirmed(HOME, "The folder x")
    for other in ("http://localhost:11435/v1", "https://localhost:11434/v1", f"{HOME}/sub"):
        with pytest.raises(AddressNotConfirmed):
            require_confirmed(other, "The folder x")


def test_openai_needs_no_word_beside_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    require_confirmed(CLOUD, "The folder x")
    monkeypatch.setenv("OPENAI_BASE_URL", OWN)
    require_confirmed(OWN, "The folder x")
    require_confirmed(CLOUD, "The folder x")
