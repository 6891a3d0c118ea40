"""Every regular expression of the source tree, and texts made to have it backtrack."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import regex

SRC = Path(__file__).parents[2] / "src"
_CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
_CHARACTERS = "aAzhm0_.-+@ '’,/:\n\t\u00e9\u6771\u0e01\u0301()[]?!\"#$<|&=\\\u2605"
_FIRST = "aA"
_TAILS = ("", "!", "\u00e9")


class Expression(NamedTuple):
    """One expression of the source tree."""

    where: str
    pattern: Any
    anchored: bool
    """It is only ever tried at the beginning of a text."""


def expressions() -> Iterator[Expression]:
    """Every expression: those a module keeps, and those written into a call."""
    for path in sorted(SRC.rglob("*.py")):
        source = path.read_text("utf-8")
        calls = [node for node in ast.walk(ast.parse(source)) if _is_call(node)]
        if not calls:
            continue
        name = ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        kept = {key: value for key, value in vars(import_module(name)).items() if _is_pattern(value)}
        for key, value in kept.items():
            used = set(re.findall(rf"\b{key}\.(\w+)", source))
            yield Expression(f"{name}.{key}", value, bool(used) and used <= {"match", "fullmatch"})
        written = {value.pattern for value in kept.values()}
        for call in calls:
            pattern = call.args[0]
            if isinstance(pattern, ast.Constant) and pattern.value not in written:
                engine = {"re": re, "regex": regex}[ast.unparse(call.func).split(".")[0]]
                yield Expression(f"{name}:{call.lineno}", engine.compile(pattern.value), anchored=False)


def made_at_run_time() -> set[str]:
    """The functions that put an expression together when they are called; what they make is not in ``expressions``."""
    found: set[str] = set()
    for path in SRC.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                made = (node for node in ast.walk(function) if _is_call(node))
                if any(not isinstance(call.args[0], ast.Constant) for call in made):
                    found.add(f"{path.stem}.{function.name}")
    return found


def units(pattern: str) -> Iterator[str]:
    """Pieces that, repeated, may lead this expression astray: characters, pairs of them, and its own words."""
    yield from _CHARACTERS
    yield from (one + other for one in _FIRST for other in _CHARACTERS if one != other)
    for word in dict.fromkeys(re.findall(r"[A-Za-z]{2,}", pattern)):
        yield from (word, f"{word} ")


def texts(unit: str, length: int) -> Iterable[str]:
    """Texts of about ``length`` characters."""
    return (unit * (length // len(unit)) + tail for tail in _TAILS)


def _is_call(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("re", "regex")
        and node.func.attr in _CALLS
    )


def _is_pattern(value: object) -> bool:
    return isinstance(value, (re.Pattern, regex.Pattern))
