"""The server over loopback, against the engine called directly.

    python -m bench.server [--sizes 1000 10000] [--seconds 8] [--requests 0]

Real clients (mem0ai 2.2.1, in the environment of the conformance tests) measure latency, wrk measures throughput where
it is installed. Memories have given vectors; what is asked is embedded by the bundled model. ``--requests`` makes so
many requests more and says how the server's memory grew.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance.environments import python

from bench.corpus import GivenTokens, Talk
from bench.filling import SCRATCH, fill
from bench.report import quantile
from toldonce import Memory
from toldonce.embedders.minilm import MiniLM

ASKED = 400
KEY = "the key of this measurement"
FILTERS = {"user_id": "ann"}

CLIENT = """
import json, sys, threading, time
from mem0 import MemoryClient
url, key, clients, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
questions = json.load(sys.stdin)
took = []
def ask(number):
    client = MemoryClient(api_key=key, host=url)
    for place, question in enumerate(questions[number::clients]):
        time.sleep(pause)
        start = time.perf_counter()
        if question.startswith("+"):
            client.add(question, user_id="bo", infer=False)
        else:
            client.search(question, filters={"user_id": "ann"})
        if place >= 5:
            took.append((time.perf_counter() - start) * 1e3)
threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(took))
"""

WRK = """
local questions = {%s}
local place = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Token %s"
request = function()
  place = place %% #questions + 1
  local body = '{"query":"' .. questions[place] .. '","filters":{"user_id":"ann"}}'
  return wrk.format(nil, "/v3/memories/search/", nil, body)
end
done = function(summary)
  local e = summary.errors
  io.write(string.format("JSON{\\"requests\\":%%d,\\"seconds\\":%%f,\\"errors\\":%%d}\\n", summary.requests,
    summary.duration / 1e6, e.status + e.connect + e.timeout + e.read))
end
"""


class Given(GivenTokens):
    """Given vectors in a folder that the server opens with its own model."""

    fingerprint = MiniLM().fingerprint


def questions(seed: int, count: int) -> list[str]:
    """Questions of seven words or so, all different."""
    return [" ".join(text.split()[:7]) for text in Talk(seed).texts(count)]


def direct(folder: Path, asked: list[str]) -> list[float]:
    """Milliseconds of ``Memory.search``."""
    took = []
    with Memory(folder=folder) as memory:
        memory.warm(user_id="ann")
        for question in asked:
            start = time.perf_counter()
            memory.search(question, filters=FILTERS, top_k=10)
            took.append((time.perf_counter() - start) * 1e3)
    return took[5:]


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """A server's address and process id."""
    command = [sys.executable, "-m", "toldonce", "serve", "--port", "0", "--data", str(folder), "--rate", "0"]
    environment = {**os.environ, "TOLDONCE_API_KEY": KEY}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield next(word for word in process.stdout.readline().split() if word.startswith("http")), process.pid
    finally:
        process.terminate()
        process.communicate()


def clients(url: str, asked: list[str], count: int, pause: float) -> list[float]:
    """Milliseconds of calls of the real client."""
    command = [str(python("mem0ai-2.2.1")), "-c", CLIENT, url, KEY, str(count), str(pause)]
    environment = {**os.environ, "MEM0_TELEMETRY": "false"}
    done = subprocess.run(
        command, input=json.dumps(asked), env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    took: list[float] = json.loads(done.stdout)
    return took


def wrk(url: str, asked: list[str], seconds: int) -> dict[str, float]:
    """Requests a second of a compiled tool with eight connections, and its errors."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK % (",".join(json.dumps(question) for question in asked), KEY))
        script.flush()
        command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", script.name, url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.rsplit("JSON", 1)[1])
    return {
        "per_second": found["requests"] / found["seconds"],
        "requests": found["requests"],
        "errors": found["errors"],
    }


def resident(process: int) -> float:
    """Megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def measure(size: int, seconds: int, requests: int) -> dict[str, Any]:
    """One size: latency, throughput and memory."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
        folder = Path(scratch)
        with Memory(folder=folder, embedder=Given()) as memory:
            fill(memory, "ann", Talk(1).texts(size))
        found: dict[str, Any] = {"memories": size, "engine_p50_ms": quantile(direct(folder, questions(2, ASKED)), 0.5)}
        with served(folder) as (url, process):
            clients(url, questions(3, 10), 1, 0)
            found["rss_after_first_searches_mb"] = resident(process)
            alone = clients(url, questions(4, ASKED), 1, 0)
            found["client_p50_ms"] = quantile(alone, 0.5)
            found["over_engine_ms"] = found["client_p50_ms"] - found["engine_p50_ms"]
            paced = clients(url, questions(5, ASKED * 2), 8, 0.1)
            found |= {"eight_clients_p50_ms": quantile(paced, 0.5), "eight_clients_p99_ms": quantile(paced, 0.99)}
            found["add_p50_ms"] = quantile(clients(url, [f"+ {text}" for text in questions(6, 200)], 1, 0), 0.5)
            if shutil.which("wrk"):
                found["fresh_searches"] = wrk(url, questions(7, 200_000 if seconds > 20 else 20_000), seconds)
                found["repeated_searches"] = wrk(url, questions(8, 20), seconds)
                found |= _growth(url, process, requests)
    return found


def _growth(url: str, process: int, requests: int) -> dict[str, float]:
    if not requests:
        return {}
    before, made = resident(process), 0.0
    while made < requests:
        made += wrk(url, questions(9, 2_000), 20)["requests"]
    after = resident(process)
    return {
        "rss_before_mb": before,
        "rss_after_mb": after,
        "requests_between": made,
        "grown_percent": (after / before - 1) * 100,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--seconds", type=int, default=8, help="of each run of wrk")
    parser.add_argument("--requests", type=int, default=0, help="how many more, to see whether memory grows")
    options = parser.parse_args()
    found = [measure(size, options.seconds, options.requests) for size in options.sizes]
    print(json.dumps({f"{one['memories']:,} memories": one for one in found}))
