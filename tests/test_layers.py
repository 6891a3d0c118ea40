"""Dependencies point downwards: what a package may import is a table here, and everything else fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

LEAVES = {"errors", "types", "times", "uids", "caches", "fair", "locks", "priority"}
"""Modules of plain values. Every package may import them; they import only each other."""

ALLOWED: dict[str, set[str]] = {
    "takeover": set(),
    "net": set(),
    "text": set(),
    "filters": {"text"},
    "index": {"text"},
    "recall": {"index", "text"},
    "stores": {"takeover", "text"},
    "remember": {"stores", "text"},
    "embedders": {"net"},
    "llm": {"net"},
    "config": {"embedders", "llm", "stores", "takeover"},
    "engine": {
        "config",
        "embedders",
        "filters",
        "index",
        "llm",
        "net",
        "recall",
        "remember",
        "stores",
        "takeover",
        "text",
    },
    "memory": {"config", "embedders", "engine", "filters", "remote", "stores"},
    "testing": {"config", "embedders", "engine", "memory", "stores", "text"},
    "remote": {"config", "engine", "filters", "net", "remember"},
    "adapters": {"config", "engine", "filters", "net", "remote"},
    "transfer": {"adapters", "config", "engine", "remember", "remote", "stores", "text"},
    "server": {
        "config",
        "engine",
        "filters",
        "index",
        "net",
        "recall",
        "remember",
        "remote",
        "stores",
        "text",
        "transfer",
    },
    "pipecat": {"adapters", "config", "engine", "filters", "memory", "net", "recall", "remember", "remote", "text"},
    "cli": {
        "adapters",
        "config",
        "embedders",
        "engine",
        "filters",
        "memory",
        "net",
        "pipecat",
        "remember",
        "remote",
        "server",
        "stores",
        "takeover",
        "text",
        "transfer",
    },
    "__main__": {"cli"},
}
"""Package -> the packages of ours that it may import, besides the leaves and itself."""

EXCEPTIONS: set[tuple[str, str]] = {
    ("toldonce.remote.outbox.file", "stores"),
    ("toldonce.remote.outbox.opening", "stores"),
}
"""(module, package): imports that are to go. One that is gone must leave this set."""

ONLY_THERE: dict[str, set[str]] = {
    "toldonce.stores.sqlite": {"stores"},
    "apsw": {"stores", "remote"},
    "psycopg": {"stores"},
    "httpx2": {"net", "embedders", "llm", "remote", "server", "cli"},
    "onnxruntime": {"embedders"},
    "pipecat": {"pipecat", "cli"},
    "fastapi": {"server"},
    "prometheus_client": {"server"},
    "starlette": {"server"},
    "uvicorn": {"server", "cli"},
    "typer": {"cli"},
    "rich": {"cli"},
    "mcp": {"server"},
    "mem0": {"adapters"},
}
"""A module, of ours or of others -> the only packages of ours that import it."""

ONLY_THERE_EXCEPTIONS: set[tuple[str, str]] = {
    ("toldonce.remote.outbox.file", "toldonce.stores.sqlite"),
    ("toldonce.remote.outbox.opening", "toldonce.stores.sqlite"),
}
"""(module, what it imports): imports that are to go. One that is gone must leave this set."""


def imports_of(module: str, source: str, *, is_package: bool = False) -> Iterator[str]:
    """Every module or name that a module imports, in full: also under TYPE_CHECKING, in functions and by string."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            if node.level:
                parts = parts[: len(parts) - node.level + is_package]
                base = ".".join([*parts, *([node.module] if node.module else [])])
            else:
                base = node.module or ""
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if named in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.args[0].value


def sources() -> dict[str, tuple[str, bool]]:
    """Module -> (source, whether it is a package's ``__init__``)."""
    found = {}
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        found[".".join(parts[:-1] if is_package else parts)] = (path.read_text("utf-8"), is_package)
    return found


def package_of(module: str) -> str:
    """``text`` of ``toldonce.text.tokens``; the empty string of the face itself."""
    return module.split(".")[1] if "." in module else ""


def upward(modules: dict[str, tuple[str, bool]]) -> set[tuple[str, str]]:
    """(module, package it imports) wherever the table does not allow it."""
    found = set()
    for module, (source, is_package) in modules.items():
        home = package_of(module)
        if not home:  # the face loads names lazily, from anywhere
            continue
        allowed = LEAVES if home in LEAVES else ALLOWED.get(home, set()) | LEAVES | {home}
        for name in imports_of(module, source, is_package=is_package):
            if not re.match(r"toldonce\.\w", name) or name == "toldonce.__version__":
                continue
            if package_of(name) not in allowed:
                found.add((module, package_of(name)))
    return found


def misplaced(modules: dict[str, tuple[str, bool]]) -> set[tuple[str, str]]:
    """(module, what it imports) wherever only other packages may."""
    found = set()
    for module, (source, is_package) in modules.items():
        for name in imports_of(module, source, is_package=is_package):
            for guarded, homes in ONLY_THERE.items():
                if (name + ".").startswith(guarded + ".") and package_of(module) not in homes:
                    found.add((module, guarded))
    return found


def test_dependencies_point_downwards() -> None:
    found = upward(sources())
    wrong = [f"{module} imports {package}" for module, package in sorted(found - EXCEPTIONS)]
    assert not wrong, "not in the table of allowed imports: " + "; ".join(wrong)
    gone = [f"{module} -> {package}" for module, package in sorted(EXCEPTIONS - found)]
    assert not gone, "no longer imported, so no longer an exception: " + "; ".join(gone)


def test_what_belongs_to_one_package_is_imported_only_there() -> None:
    found = misplaced(sources())
    wrong = [f"{module} imports {name}" for module, name in sorted(found - ONLY_THERE_EXCEPTIONS)]
    assert not wrong, "only some packages may import it: " + "; ".join(wrong)
    gone = [f"{module} -> {name}" for module, name in sorted(ONLY_THERE_EXCEPTIONS - found)]
    assert not gone, "no longer imported, so no longer an exception: " + "; ".join(gone)


def test_every_package_has_a_row_and_the_rows_have_no_cycle() -> None:
    packages = {package_of(module) for module in sources()} - {""}
    assert packages - {"testing"} == (set(ALLOWED) | LEAVES) - {"testing"}
    below: dict[str, set[str]] = {}

    def descend(package: str, above: tuple[str, ...]) -> set[str]:
        assert package not in above, f"a cycle: {' -> '.join([*above, package])}"
        if package not in below:
            below[package] = set().union(*({p} | descend(p, (*above, package)) for p in ALLOWED.get(package, set())))
        return below[package]

    for package in ALLOWED:
        descend(package, ())
    assert "recall" not in below["remember"]
    assert "remember" not in below["recall"]
    assert not {"pipecat", "server", "cli"} & below["memory"]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("toldonce.recall.made_up", "from toldonce.remember.align import digest_of"),
        ("toldonce.recall.made_up", "import toldonce.remember.align"),
        ("toldonce.recall.made_up", "from toldonce import remember"),
        ("toldonce.recall.made_up", "from ..remember import align"),
        ("toldonce.recall.made_up", "def late():\n    from toldonce.remember import align"),
        ("toldonce.recall.made_up", "if TYPE_CHECKING:\n    from toldonce.remember.align import digest_of"),
        ("toldonce.recall.made_up", "importlib.import_module('toldonce.remember')"),
        ("toldonce.times", "from toldonce.remember import align"),
    ],
)
def test_a_made_up_violation_is_found(module: str, source: str) -> None:
    assert upward({module: ("import toldonce.errors\nimport toldonce.types", False)}) == set()
    assert upward({module: (source, False)}) == {(module, "remember")}


@pytest.mark.parametrize("source", ["import pipecat", "from pipecat.frames.frames import Frame", "import apsw.ext"])
def test_a_made_up_guest_is_found(source: str) -> None:
    assert misplaced({"toldonce.engine.made_up": ("import pipecatalogue, json", False)}) == set()
    (found,) = misplaced({"toldonce.engine.made_up": (source, False)})
    assert found[1] in source
