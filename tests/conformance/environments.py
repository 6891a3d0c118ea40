"""Real packages, each in an environment of its own under .venv-conformance, made once and kept.

python -m tests.conformance.environments    make them all, ahead of the tests
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2] / ".venv-conformance"

PYTHON: dict[str, tuple[str, ...]] = {
    "mem0ai-2.2.1": ("mem0ai==2.2.1",),
    "mem0ai-1.0.11": ("mem0ai==1.0.11",),
    "mem0-mcp-server-0.2.1": ("mem0-mcp-server==0.2.1", "mcp<2"),  # it asks for any mcp, and needs 1.x
    "pipecat-1.14": ("pipecat-ai[mem0]==1.14.0",),
    "pipecat-1.3": ("pipecat-ai[mem0]==1.3.0", "websockets"),  # its pipelines import it, its extra does not name it
    "schemathesis": ("schemathesis>=4,<5",),
}
NODE = {"mem0ai-js-3.3.1": "mem0ai@3.3.1"}


def python(name: str) -> Path:
    """The interpreter of an environment, which is made if it is not there as it should be."""
    folder, wanted = ROOT / name, "\n".join(PYTHON[name])
    if not _is_made(folder, wanted):
        _run([sys.executable, "-m", "venv", folder], ROOT.parent)
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([folder / "bin" / "python", *pip, *PYTHON[name]], ROOT.parent)
        (folder / "made").write_text(wanted)
    return folder / "bin" / "python"


def node(name: str) -> Path:
    """The folder whose ``node_modules`` hold a package."""
    folder, wanted = ROOT / name, NODE[name]
    if not _is_made(folder, wanted):
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        # Its peers are the stores and models of Mem0's own engine; the client needs none of them.
        flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps", "--loglevel=error"]
        _run(["npm", "install", *flags, wanted], folder)
        (folder / "made").write_text(wanted)
    return folder


def variables(home: Path) -> dict[str, str]:
    """An environment in which the packages talk to nobody but our server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEM0_", "TOLDONCE_", "PYTHON"))}
    quiet = {"MEM0_TELEMETRY": "false", "MEM0_DIR": str(home / "mem0"), "ANONYMIZED_TELEMETRY": "false"}
    return {**kept, **quiet, "HOME": str(home), "TMPDIR": str(home), "PYTHONWARNINGS": "ignore"}


def _run(command: Sequence[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def _is_made(folder: Path, wanted: str) -> bool:
    made = folder / "made"
    if made.is_file() and made.read_text() == wanted:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


if __name__ == "__main__":
    for environment in PYTHON:
        python(environment)
    for environment in NODE:
        node(environment)
