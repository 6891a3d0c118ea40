"""Mem0's own packages, unmodified, against our server. What they do is what docs/server.md says they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.conftest import Served
from tests.conformance.environments import node, python
from tests.conformance.table import documented

CLIENTS = Path(__file__).parent / "clients"


@pytest.mark.parametrize(
    ("client", "environment", "mode"),
    [
        ("Python 2.2.1", "mem0ai-2.2.1", "sync"),
        ("Python 2.2.1 async", "mem0ai-2.2.1", "async"),
        ("Python 1.0.11", "mem0ai-1.0.11", "sync"),
        ("Python 1.0.11", "mem0ai-1.0.11", "async"),
    ],
)
def test_python(served: Served, tmp_path: Path, client: str, environment: str, mode: str) -> None:
    key = served.key(f"{environment} {mode}")
    script = CLIENTS / "mem0_python.py"
    found = served.run(tmp_path, python(environment), script, served.url, key, mode)
    assert found == documented()[client]


def test_javascript(served: Served) -> None:
    folder = node("mem0ai-js-3.3.1")
    found = served.run(folder, "node", CLIENTS / "mem0_js.mjs", served.url, served.key("javascript"))
    assert found == documented()["JavaScript 3.3.1"]


def test_mcp(served: Served, tmp_path: Path) -> None:
    interpreter = python("mem0-mcp-server-0.2.1")
    found = served.run(tmp_path, interpreter, CLIENTS / "mem0_mcp.py", served.url, served.key("mcp"))
    assert found == documented()["MCP 0.2.1"]


@pytest.mark.parametrize("version", ["1.14", "1.3"])
def test_stock_pipecat(served: Served, tmp_path: Path, version: str) -> None:
    script = CLIENTS / "stock_pipecat.py"
    found = served.run(tmp_path, python(f"pipecat-{version}"), script, served.url, served.key(f"pipecat {version}"))
    assert found == {
        "exactly what was said": True,
        "recalled": True,
        "deleted stays deleted": True,
        "get_memories": True,
    }
