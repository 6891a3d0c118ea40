"""The documentation's examples are run, block after block, as a reader would run them."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from pipecat.frames.frames import Frame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "listing").iterdir()])
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#|/)([^)#]+)")


class _Service(FrameProcessor):
    """Stands for a reader's own speech and language services, which no example is about."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class _Transport:
    def input(self) -> _Service:
        return _Service()

    def output(self) -> _Service:
        return _Service()


def _blocks(page: Path) -> Iterator[tuple[int, str]]:
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found.group(1)


def _compiled(page: Path, line: int, source: str) -> CodeType:
    code = compile(source, f"{page.name}:{line}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(code, CodeType)
    return code


@pytest.mark.parametrize("page", [page for page in PAGES if list(_blocks(page))], ids=lambda page: page.name)
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path))
    monkeypatch.delenv("MEM0_API_KEY", raising=False)

    async def read() -> None:
        names: dict[str, object] = {
            "transport": _Transport(),
            "stt": _Service(),
            "llm": _Service(),
            "tts": _Service(),
        }
        for line, source in _blocks(page):
            result = eval(_compiled(page, line, source), names)
            if inspect.isawaitable(result):
                await result

    asyncio.run(read())


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_make_targets_in_the_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in sorted(ROOT.glob("*.md")):
        for target in re.findall(r"`make ([a-z-]+)`", page.read_text("utf-8")):
            assert target in targets, f"{page.name} names make {target}"
