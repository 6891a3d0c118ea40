"""Run the Pipecat tests on other versions of Pipecat, each in a virtual environment of its own.

    python tools/test_compat.py                    all of VERSIONS, and the newest there is
    python tools/test_compat.py 1.0.0 1.9.0        these
    python tools/test_compat.py --slice 1.0.0      only the tests of turns and of what drop-in users rely on

The environments are kept in ``.compat/`` and made anew when they are missing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("0.0.108", "1.0.0", "1.4.0", "1.7.0", "1.8.1", "1.9.0", "1.13.0", "newest")
SLICE = ("test_turns.py", "test_drop_in.py", "test_before_1_0.py")
WITH = ("websockets", "hypothesis>=6.120,<7", "pytest>=9,<10", "pytest-asyncio>=1.0,<2")
"""Below 1.4 Pipecat's LLM base class needs websockets, which its core does not bring."""


def environment(version: str) -> Path:
    """The interpreter of an environment with this Pipecat, made if there is none or the project asks for others."""
    folder = ROOT / ".compat" / version
    python = folder / "bin" / "python"
    made, asked = folder / ".made", (ROOT / "pyproject.toml").read_text("utf-8")
    if made.exists() and made.read_text("utf-8") == asked:
        return python
    venv.create(folder, with_pip=True, clear=True)
    pipecat = "pipecat-ai" if version == "newest" else f"pipecat-ai=={version}"
    install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, pipecat, "-e", ROOT, *WITH], check=True)
    made.write_text(asked, "utf-8")
    return python


def test(version: str, *, only_slice: bool) -> bool:
    """Whether the tests pass on this version."""
    print(f"Pipecat {version}", flush=True)
    folder = ROOT / "tests" / "pipecat"
    what = [folder / name for name in SLICE] if only_slice else [folder]
    # Old versions announce their own end with deprecation warnings, which are not ours to mend.
    quiet = ["-p", "no:cacheprovider", "-W", "ignore::DeprecationWarning"]
    return subprocess.run([environment(version), "-m", "pytest", *quiet, *what], cwd=ROOT, check=False).returncode == 0


def main() -> None:
    """Read the command line and test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", default=VERSIONS)
    parser.add_argument("--slice", action="store_true")
    options = parser.parse_args()
    failed = [version for version in options.versions if not test(version, only_slice=options.slice)]
    sys.exit(f"Failed on Pipecat {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
