"""A Mem0 host that takes no time: what is measured against it is ours.

python -m bench.remote_host [PORT] [hang | MILLISECONDS]    prints its port, then serves

``hang``: never answers; milliseconds: what a search takes. ``GET /said/`` tells what was added.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

SAID: list[str] = []
SEARCH_TAKES = next((int(given) for given in sys.argv[2:] if given.isdigit()), 0) / 1000
FOUND = {"results": [{"id": str(n), "memory": f"Fact number {n} about ann.", "user_id": "ann"} for n in range(10)]}


def answer(path: str, body: bytes) -> Any:
    """What a request gets."""
    if path.endswith("/search/"):
        return FOUND
    if path.endswith("/add/"):
        SAID.extend(message["content"] for message in json.loads(body)["messages"])
        return {"event_id": "1", "status": "PENDING"}
    return SAID if path == "/said/" else {"status": "ok", "org_id": "o", "project_id": "p"}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0
            )
            body = await reader.readexactly(length)
            if "hang" in sys.argv:
                continue
            if b"/search/" in head.encode():
                await asyncio.sleep(SEARCH_TAKES)
            content = json.dumps(answer(head.split()[1], body)).encode()
            kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            writer.write(kind + str(len(content)).encode() + b"\r\n\r\n" + content)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until killed."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
