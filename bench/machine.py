"""Where and on what something was measured, for the record beside each figure."""

from __future__ import annotations

import os
import platform
import re
import shutil
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import apsw

PACKAGES = ("toldonce", "numpy", "numkong", "onnxruntime", "tokenizers", "apsw", "pipecat-ai")


def circumstances(folder: Path) -> dict[str, Any]:
    """Machine, versions, time, how busy the machine was, and what kind of disk ``folder`` is on."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "disk": f"{_file_system(folder)}, {shutil.disk_usage(folder).free >> 30} GiB free",
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {
            "python": platform.python_version(),
            "sqlite": apsw.sqlite_lib_version(),
            **{name: known for name in PACKAGES if (known := _version(name)) is not None},
        },
    }


def resident_bytes() -> int:
    """RAM this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _file_system(folder: Path) -> str:
    """Its type, since a benchmark of fsync means nothing in RAM."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except FileNotFoundError:
        return "unknown file system"
    under = [(point, kind) for _, point, kind, *_ in mounts if folder.resolve().is_relative_to(point)]
    return max(under, key=lambda mount: len(mount[0]))[1] if under else "unknown file system"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
