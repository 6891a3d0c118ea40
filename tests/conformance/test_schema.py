"""schemathesis over our own OpenAPI: nothing it thinks of makes the server fail."""

from __future__ import annotations

import subprocess

from tests.conformance.conftest import Served
from tests.conformance.environments import python


def test_no_server_errors(served: Served) -> None:
    command = [str(python("schemathesis").with_name("schemathesis")), "run", f"{served.url}/openapi.json"]
    command += ["-H", f"Authorization: Token {served.key('schemathesis')}"]
    command += ["--checks", "not_a_server_error", "--max-examples", "15", "--seed", "1", "--no-color"]
    command += ["--exclude-tag", "not here", "--generation-database", "none"]  # "not here" is answered with 501
    done = subprocess.run(command, env=served.environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-6_000:]
