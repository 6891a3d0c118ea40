"""What the pages say of the Pipecat service is what it is, and what it was tested with."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from tools.test_compat import VERSIONS

from toldonce.pipecat import MemoryService

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "listing" / "toldonce.mdx"


@pytest.mark.parametrize("page", ["README.md", "docs/pipecat.md", "docs/listing/toldonce.mdx"])
def test_the_versions_are_those_of_the_matrix(page: str) -> None:
    *named, newest = VERSIONS
    assert newest == "newest"
    assert f"Tested with Pipecat {', '.join(named)} and the newest release" in (ROOT / page).read_text("utf-8")


def test_every_parameter_is_one_and_has_its_default() -> None:
    parameters = inspect.signature(MemoryService).parameters
    described = re.findall(r'<ParamField path="(\w+)" type="[^"]+" default="([^"]+)">', PAGE.read_text("utf-8"))
    assert len(described) > 5
    assert dict(described) == {name: str(parameters[name].default) for name, _ in described}


def test_every_input_parameter_is_described_with_its_default() -> None:
    fields = MemoryService.InputParams.model_fields
    rows = re.findall(r"^\| `(\w+)` +\| `\w+` +\| `(.*?)` +\|", PAGE.read_text("utf-8"), re.MULTILINE)
    shown = {name: default.replace('"', "'") for name, default in rows}
    assert shown == {name: repr(fields[name].default) for name in fields if name != "api_version"}
