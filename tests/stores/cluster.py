"""A primary and two replicas of PostgreSQL, by the recipe of deploy/postgres/cluster.sh."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.postgres import binaries, free_port, unprivileged

RECIPE = Path(__file__).parents[2] / "deploy" / "postgres" / "cluster.sh"
USER = "memory"


class Cluster:
    """Servers by name. Programs run as whom PostgreSQL runs as."""

    def __init__(self, folder: Path) -> None:
        programs = binaries()
        assert programs is not None
        self._folder = folder
        self._environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PGUSER": USER}
        self._user, self._group = unprivileged()
        self._script = folder / "cluster.sh"  # where that user may read it
        shutil.copy(RECIPE, self._script)
        self.ports = {name: free_port() for name in ("one", "two", "three")}
        self.primary = "one"

    def recipe(self, *arguments: str | int | Path) -> str:
        """What a step of the recipe prints."""
        done = subprocess.run(
            ["/bin/sh", self._script, *map(str, arguments)],
            env=self._environment,
            user=self._user,
            group=self._group,
            extra_groups=None if self._user is None else [],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(log := open(self._folder / "recipe.log", "ab")),  # noqa: SIM115
            check=False,
        )
        log.close()
        assert done.returncode == 0, (arguments, (self._folder / "recipe.log").read_text("utf-8", "replace")[-2000:])
        return done.stdout.decode().strip()

    def data(self, name: str) -> Path:
        return self._folder / name

    def begin(self) -> None:
        """Start the primary, and two replicas of it."""
        self.recipe("primary", self.data("one"), self.ports["one"], "one")
        for name in ("two", "three"):
            self.join(name)

    def join(self, name: str) -> None:
        """Make a server anew, as a replica."""
        shutil.rmtree(self.data(name), ignore_errors=True)
        self.recipe("replica", self.data(name), self.ports[name], name, self.ports[self.primary])

    def url(self, database: str = "postgres", *, only: str | None = None) -> str:
        """Of all servers, of which the one that takes writes is used; or of one."""
        names = self.ports if only is None else [only]
        hosts = ",".join(f"127.0.0.1:{self.ports[name]}" for name in names)
        which = "?target_session_attrs=read-write&connect_timeout=2" if only is None else ""
        return f"postgresql://{USER}@{hosts}/{database}{which}"

    def kill(self, name: str) -> None:
        """Kill a server and all its processes at once, as a power cut does."""
        first = (self.data(name) / "postmaster.pid").read_text().split()[0]
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", first], capture_output=True, text=True, check=False)
        for process in (first, *listed.stdout.split()):
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)

    def fail_over(self) -> str:
        """Promote the replica that has more, and let the other follow it; the name of the new primary."""
        others = [name for name in self.ports if name != self.primary]
        newest = self.recipe("newest", *(self.ports[name] for name in others))
        promoted = next(name for name in others if str(self.ports[name]) == newest)
        self.recipe("promote", self.data(promoted))
        for name in others:
            if name != promoted:
                self.recipe("follow", self.data(name), self.ports[promoted])
        self.primary = promoted
        return promoted

    def stop(self) -> None:
        for name in self.ports:
            if (self.data(name) / "postmaster.pid").exists():
                with suppress(AssertionError):
                    self.kill(name)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster that runs, and is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="toldonce-cluster-"))
    user, group = unprivileged()
    if user is not None and group is not None:
        os.chown(folder, user, group)
    made = Cluster(folder)
    try:
        made.begin()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
