"""What is public is a list, and the documentation names nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from toldonce import errors

ROOT = Path(__file__).parents[1]

PUBLIC = {
    "toldonce": ["AsyncMemory", "Memory", "ToldonceError", "__version__"],
    "toldonce.embedders": [
        "Embedder",
        "MiniLM",
        "Multilingual",
        "OnnxEmbedder",
        "OpenAIEmbeddings",
        "TextVectors",
        "TokenEmbedder",
        "Vectors",
        "close",
    ],
    "toldonce.errors": [
        "AddressNotConfirmed",
        "AuthenticationFailed",
        "Closed",
        "CorruptStore",
        "DiskFull",
        "EmbedderMismatch",
        "FolderNotUsable",
        "HostFailed",
        "InvalidBackup",
        "InvalidConfig",
        "InvalidExport",
        "InvalidFilter",
        "InvalidInput",
        "InvalidMessage",
        "InvalidTime",
        "InvalidTranscript",
        "MemoryNotFound",
        "MissingExtra",
        "MissingIdentity",
        "NewerStore",
        "NotMem0",
        "OutboxFull",
        "RateLimited",
        "Rejected",
        "RemoteError",
        "RemoteNotFound",
        "StoreError",
        "ToldonceError",
        "Unreachable",
        "Unsupported",
    ],
    "toldonce.pipecat": ["Mem0MemoryService", "MemoryService", "MemorySettings", "MemoryUpdateSettingsFrame"],
    "toldonce.remote": ["RemoteMemory"],
    "toldonce.testing": ["AsyncTemporaryMemory", "TemporaryMemory", "WordEmbedder"],
}
"""Module -> its public names. Adding one is a promise; taking one away breaks somebody's program."""

PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
"""For users. ARCHITECTURE.md and CONTRIBUTING.md are for those who change the inside."""

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_DOTTED = re.compile(r"(?<![\w./-])toldonce(?:\.[A-Za-z_]\w*)+(?![\w/-])")
_FILES = (".db", ".service", ".py", ".json", ".log", ".toml", ".md")


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_modules_names_are_the_list(module: str) -> None:
    loaded = import_module(module)
    assert sorted(loaded.__all__) == PUBLIC[module]
    assert len(set(loaded.__all__)) == len(loaded.__all__)
    assert loaded.__doc__
    for name in loaded.__all__:
        found = getattr(loaded, name)
        assert not isinstance(found, type) or found.__doc__, f"{module}.{name} has no docstring"
    with pytest.raises(AttributeError, match="no_such_name"):
        loaded.no_such_name  # noqa: B018


def test_every_error_is_public_and_drawn_in_the_tree() -> None:
    def below(kind: type[errors.ToldonceError]) -> Iterator[type[errors.ToldonceError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    drawn = re.findall(r"^\W*(\w+)(?: \(|  )", errors.__doc__ or "", re.MULTILINE)
    ours = {kind.__name__ for kind in below(errors.ToldonceError) if kind.__module__ == "toldonce.errors"}
    assert ours == set(errors.__all__)
    assert ours - {"ToldonceError"} <= set(drawn)


def named_in(source: str) -> Iterator[str]:
    """``module.name`` for everything of ours that a program imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "toldonce")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "toldonce":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named_on(page: str) -> Iterator[str]:
    """``module.name`` for everything of ours that a page imports or speaks of."""
    for block in _BLOCK.findall(page):
        yield from named_in(block)
    for dotted in _DOTTED.findall(page):
        if not dotted.endswith(_FILES):
            yield dotted


def is_public(dotted: str) -> bool:
    """Whether it is a public module, a public name, or a public name's attribute."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        if module in PUBLIC:
            return length == len(parts) or parts[length] in PUBLIC[module]
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_public_api(page: Path) -> None:
    inside = sorted({dotted for dotted in named_on(page.read_text("utf-8")) if not is_public(dotted)})
    assert not inside, f"{page.name} names what is not public: {', '.join(inside)}"


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_an_example_imports_only_public_api(example: Path) -> None:
    named = set(named_in(example.read_text("utf-8")))
    assert named
    inside = sorted(dotted for dotted in named if not is_public(dotted))
    assert not inside, f"{example.name} imports what is not public: {', '.join(inside)}"


@pytest.mark.parametrize(
    "page",
    [
        "```python\nfrom toldonce.engine.engine import Engine\n```\n",
        "```python\nif True:\n    import toldonce.stores.sqlite\n```\n",
        "```python\nfrom toldonce import engine\n```\n",
        "See `toldonce.engine.open_engine`.",
        "See `toldonce.errors.NoSuchError` for more.",
    ],
)
def test_a_made_up_page_that_names_the_inside_is_found(page: str) -> None:
    assert any(not is_public(dotted) for dotted in named_on(page))
    fine = (
        "Errors are in `toldonce.errors.InvalidInput`, see toldonce.db.\n```python\nfrom toldonce import Memory\n```\n"
    )
    assert set(named_on(fine)) == {"toldonce.errors.InvalidInput", "toldonce.Memory"}
    assert all(is_public(dotted) for dotted in named_on(fine))
