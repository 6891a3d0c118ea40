"""The unit, the image and the site of deploy/, exercised as far as a machine without systemd or an engine can."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.cli.command import environment
from tests.docs.ports import free_port
from tests.server.running import Client, serving
from tests.waiting import until

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KEY = "a-key-of-your-own-0123456789"


def unit() -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(DEPLOY / "toldonce.service")
    return found


def image() -> list[tuple[str, str]]:
    """The instructions of the Containerfile, each with what it says."""
    lines = [line for line in (DEPLOY / "Containerfile").read_text().splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


@contextmanager
def started(command: Sequence[str], home: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A command line that begins with toldonce, run with a free port and an own folder."""
    process = subprocess.Popen(
        [sys.executable, "-m", "toldonce", *command],
        env={**environment(home), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o077,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answers(port: int, path: str) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "toldonce.service").read_text()
    checked = tmp_path / "toldonce.service"
    checked.write_text(text.replace("/opt/toldonce/bin/toldonce", sys.executable).replace("User=toldonce", "User=root"))
    command = ["systemd-analyze", "verify", "--man=no", str(checked)]
    done = subprocess.run(command, capture_output=True, text=True)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "toldonce.service" in line]
    assert complaints == []
    checked.write_text(checked.read_text().replace("Restart=on-failure", "Restart=perhaps"))
    wrong = subprocess.run(command, capture_output=True, text=True)
    assert "toldonce.service" in wrong.stdout + wrong.stderr, "it would have complained"


def test_the_units_command_serves_and_stops_in_time(tmp_path: Path) -> None:
    service = unit()["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/toldonce")
    name, _, folder = service["Environment"].partition("=")
    assert (name, folder) == ("TOLDONCE_HOME", f"/var/lib/{service['StateDirectory']}")
    port, home = free_port(), tmp_path / "state"
    with started([*arguments, "--port", str(port)], tmp_path, TOLDONCE_HOME=str(home)) as process:
        until(lambda: answers(port, "/readyz"))
        assert {path.stat().st_mode & 0o077 for path in home.rglob("*")} == {0}
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=int(service["TimeoutStopSec"]))
        assert (process.returncode, log) == (0, "")


def test_the_image_is_built_from_what_is_there() -> None:
    instructions = image()
    assert instructions[0][0] == "FROM"
    for name, said in instructions:
        if name == "COPY":
            *sources, _ = said.split()
            assert all((ROOT / source).exists() for source in sources), said
    [install] = [said for name, said in instructions if name == "RUN"]
    [asked] = re.findall(r"/source\[([^]]+)\]", install)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(asked.split(",")) <= set(project["optional-dependencies"])
    copied = " ".join(said for name, said in instructions if name == "COPY")
    assert all(name in copied for name in (project["readme"], *project["license-files"], "src"))
    version = instructions[0][1].split(":")[1].split("-")[0]
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_the_image_starts_once_there_is_a_key_and_is_found_healthy(tmp_path: Path) -> None:
    said = dict(image())
    program, *arguments = json.loads(said["CMD"])
    check = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    name, _, folder = said["ENV"].partition("=")
    assert (program, name, folder) == ("toldonce", "TOLDONCE_HOME", said["VOLUME"])
    port = free_port()
    command = [*arguments, "--port", str(port)]
    with started(command, tmp_path, TOLDONCE_HOME=str(tmp_path / "data")) as process:
        _, complaint = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "toldonce keys create" in complaint
    healthy = [sys.executable, *(part.replace(said["EXPOSE"], str(port)) for part in check[1:])]
    assert healthy[-1].count(str(port)) == 1
    assert subprocess.run(healthy, capture_output=True).returncode != 0, "nobody listens"
    with started(command, tmp_path, TOLDONCE_HOME=str(tmp_path / "data"), TOLDONCE_API_KEY=KEY) as process:
        until(lambda: answers(port, "/healthz"))
        assert subprocess.run(healthy, capture_output=True).returncode == 0
        assert Client(port, KEY).get("/v1/ping/").status == 200


def test_the_sites_headers_give_right_links_and_keep_metrics_for_keys(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    public = re.findall(r"--public-url (\S+)`", text)[0]
    headers = {
        name: value.replace("$remote_addr", "203.0.113.7")
        for name, value in re.findall(r"proxy_set_header (\S+) (\S+);", text)
    }
    with serving(tmp_path, public_url=public, hosts=frozenset({headers["Host"]})) as running:
        client = running.client()
        client.add("one", user_id="ann")
        client.add("two", user_id="ann")
        listed = client.post("/v3/memories/?page_size=1", {"filters": {"user_id": "ann"}}, **headers)
        assert listed.json["next"].startswith(f"{public}/v3/memories?")
        assert Client(running.port, None, headers).get("/metrics").status == 401
        assert Client(running.port, client.key, headers).get("/metrics").status == 200
