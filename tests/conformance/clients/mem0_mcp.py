"""Every tool of mem0-mcp-server over stdio: python mem0_mcp.py URL KEY, in its own environment.

It has no setting for a host, so it is started with its client's ``host`` filled in. Prints one JSON object: the call
its tool makes -> "ok", or "failed".
"""

import asyncio
import json
import os
import sys
import traceback

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

URL, KEY = sys.argv[1:]
START = """
import functools, sys
from mem0_mcp_server import server
server.MemoryClient = functools.partial(server.MemoryClient, host=sys.argv[1])
server.main()
"""
SEEN = {}


async def main():
    environment = {**os.environ, "MEM0_API_KEY": KEY, "MEM0_DEFAULT_USER_ID": "ann"}
    parameters = StdioServerParameters(command=sys.executable, args=["-c", START, URL], env=environment)
    async with stdio_client(parameters) as (reading, writing), ClientSession(reading, writing) as session:
        await session.initialize()
        assert len((await session.list_tools()).tools) == 9

        async def tool(name, **arguments):
            answer = await session.call_tool(name, arguments)
            assert not answer.isError, answer
            return json.loads(answer.content[0].text)

        await use(tool)


async def use(tool):
    added = await tool("add_memory", text="My sister Rosa lives in Lisbon.")
    SEEN["GET /v1/ping/"] = SEEN["POST /v3/memories/add/"] = "ok"
    assert added["status"] == "PENDING", added
    await tool(
        "add_memory", text="x", messages=[{"role": "user", "content": "The agent is called Max."}], agent_id="a1"
    )

    found = (await tool("search_memories", query="Where does Rosa live?", limit=1))["results"]
    assert [one["memory"] for one in found] == ["My sister Rosa lives in Lisbon."], found
    SEEN["POST /v3/memories/search/"] = "ok"
    uid = found[0]["id"]

    listed = await tool("get_memories", page=1, page_size=10)
    assert listed["count"] == 1, listed
    SEEN["POST /v3/memories/"] = "ok"

    await tool("update_memory", memory_id=uid, text="My sister Rosa lives in Porto.")
    SEEN["PUT /v1/memories/{id}/"] = "ok"
    assert (await tool("get_memory", memory_id=uid))["memory"] == "My sister Rosa lives in Porto."
    SEEN["GET /v1/memories/{id}/"] = "ok"

    names = [one["name"] for one in (await tool("list_entities"))["results"]]
    assert names == ["ann", "a1"], names
    SEEN["GET /v1/entities/"] = "ok"

    await tool("delete_memory", memory_id=uid)
    assert "error" in await tool("get_memory", memory_id=uid)
    SEEN["DELETE /v1/memories/{id}/"] = "ok"

    await tool("delete_entities", agent_id="a1")
    SEEN["DELETE /v2/entities/{type}/{name}/"] = "ok"
    await tool("add_memory", text="I like tea.")
    await tool("delete_all_memories")
    assert (await tool("get_memories"))["count"] == 0
    SEEN["DELETE /v1/memories/"] = "ok"


try:
    asyncio.run(main())
except BaseException:
    traceback.print_exc()
    SEEN["everything"] = "failed"
print(json.dumps(SEEN))
