"""The tools of Mem0's MCP server, under their names and with their arguments, and a person's profile as a resource.

Answers are JSON, as Mem0's are, without what is empty: a model pays for each word. An error is an answer too, so that
the model can mend its call.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from toldonce import __version__
from toldonce.recall.profile import about_the_person_first
from toldonce.server.mcp.calls import Calls, Refused
from toldonce.types import ENTITY_KINDS

INSTRUCTIONS = """Toldonce is long-term memory. Before you answer something that may depend on earlier conversations,
search_memories. When the user states something about themselves or their plans, add_memory it in their own words.
To correct one, find it and update_memory; to forget one, delete_memory. The resource toldonce://profile is what is
known about the user."""

PROFILE = "toldonce://profile"
_PROFILE_LINES = 50
_PROFILE_FROM = 200
"""Of the newest memories, from which the profile's lines are chosen."""

_SHOWN = ("user_id", "agent_id", "app_id", "run_id", "score", "said_at", "created_at", "updated_at", "metadata", "role")

User = Annotated[str | None, Field(description="Whose memory. Leave it out for the user of this connection.")]
Agent = Annotated[str | None, Field(description="The agent's id, if it is about one agent only.")]
App = Annotated[str | None, Field(description="The app's id, if it is about one app only.")]
Run = Annotated[str | None, Field(description="The conversation's id, if it is about one conversation only.")]
Filters = Annotated[
    dict[str, Any] | None,
    Field(
        description='Which memories, such as {"AND": [{"agent_id": "x"}, {"created_at": {"gte": "2026-01-31"}}]}. '
        "Without a user_id in it, the user of this connection is meant."
    ),
]
Graph = Annotated[bool | None, Field(description="Accepted for Mem0's clients; it changes nothing.")]
MemoryId = Annotated[str, Field(description="A memory's id, as search_memories returns it.")]

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_DELETES = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """Who speaks through a request."""

    calls: Calls
    user: str | None
    """Whose memories are meant where a tool is told nobody's."""

    def require_user(self, user_id: str | None) -> str:
        """Raises ``ToolError`` if nobody is named."""
        user = user_id or self.user
        if user is None:
            raise ToolError("Name a user_id. To set one for all calls, add ?user_id=... to the address of this server.")
        return user

    def filters(self, given: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Filters that name a user. Raises ``ToolError`` if nobody is named."""
        if given and names_user(given):
            return given
        mine = {"user_id": self.require_user(None)}
        return {"AND": [mine, given]} if given else mine


CONNECTION: ContextVar[Connection] = ContextVar("toldonce_mcp_connection")
"""The connection of the request being answered."""


def build() -> MCPServer:
    """The server that speaks MCP, for whoever a request comes from."""
    server = MCPServer(
        "toldonce", title="Toldonce", version=__version__, instructions=INSTRUCTIONS, subscriptions=False
    )
    _add_remembering(server)
    _add_reading(server)
    _add_deleting(server)
    _add_profile(server)
    return server


def names_user(filters: object) -> bool:
    """Whether a filter says anything about users, however deep."""
    if isinstance(filters, Mapping):
        return any(key in ("user_id", "userId") or names_user(value) for key, value in filters.items())
    return isinstance(filters, list) and any(map(names_user, filters))


def _add_remembering(server: MCPServer) -> None:
    @server.tool(annotations=_ADDS, structured_output=False)
    async def add_memory(
        text: Annotated[str, Field(description="What to remember, in the user's own words.")],
        messages: Annotated[
            list[dict[str, Any]] | None,
            Field(description='A conversation instead of text: [{"role": "user", "content": "..."}, ...].'),
        ] = None,
        user_id: User = None,
        agent_id: Agent = None,
        app_id: App = None,
        run_id: Run = None,
        metadata: Annotated[dict[str, Any] | None, Field(description="Anything to keep beside it.")] = None,
        infer: Annotated[bool | None, Field(description="false: keep each message exactly.")] = None,
        enable_graph: Graph = None,
    ) -> str:
        """Remember something the user said or decided."""
        one = CONNECTION.get()
        ids = _given(agent_id=agent_id, app_id=app_id, run_id=run_id)
        body = {"messages": messages or text, "user_id": one.require_user(user_id), "async_mode": False, **ids}
        return await _answer(one.calls.send("POST", "/v1/memories", body | _given(metadata=metadata, infer=infer)))

    @server.tool(annotations=_DELETES, structured_output=False)
    async def update_memory(
        memory_id: MemoryId,
        text: Annotated[str, Field(description="Its new words, whole.")],
    ) -> str:
        """Correct a memory's words."""
        calls = CONNECTION.get().calls
        return await _answer(calls.send("PUT", f"/v1/memories/{_quoted(memory_id)}", {"text": text}))


def _add_reading(server: MCPServer) -> None:
    @server.tool(annotations=_READS, structured_output=False)
    async def search_memories(
        query: Annotated[str, Field(description="What to look for, in plain words.")],
        filters: Filters = None,
        limit: Annotated[int | None, Field(description="The most to return; 10 unless said.")] = None,
        top_k: Annotated[int | None, Field(description="Another name of limit.")] = None,
        enable_graph: Graph = None,
    ) -> str:
        """Find the memories that answer a question, best first."""
        one = CONNECTION.get()
        body = {"query": query, "filters": one.filters(filters), **_given(top_k=top_k or limit), "fields": list(_SHOWN)}
        return await _answer(one.calls.send("POST", "/v3/memories/search", body))

    @server.tool(annotations=_READS, structured_output=False)
    async def get_memories(
        filters: Filters = None,
        page: Annotated[int | None, Field(description="From 1.")] = None,
        page_size: Annotated[int | None, Field(description="At most 200; 50 unless said.")] = None,
        enable_graph: Graph = None,
    ) -> str:
        """List memories, newest first."""
        one = CONNECTION.get()
        body = {"filters": one.filters(filters), "page": page or 1, "page_size": page_size or 50}
        listed = await _asked(one.calls.send("POST", "/v3/memories", {**body, "fields": list(_SHOWN)}))
        return _shown({key: listed[key] for key in ("count", "results")})

    @server.tool(annotations=_READS, structured_output=False)
    async def get_memory(memory_id: MemoryId) -> str:
        """Read one memory whole."""
        return await _answer(CONNECTION.get().calls.send("GET", f"/v1/memories/{_quoted(memory_id)}"))

    @server.tool(annotations=_READS, structured_output=False)
    async def list_entities() -> str:
        """List the users, agents, apps and runs that have memories."""
        listed = await _asked(CONNECTION.get().calls.send("GET", "/v1/entities"))
        return _shown({key: listed[key] for key in ("count", "results")})


def _add_deleting(server: MCPServer) -> None:
    @server.tool(annotations=_DELETES, structured_output=False)
    async def delete_memory(memory_id: MemoryId) -> str:
        """Forget one memory: it is recalled no more."""
        return await _answer(CONNECTION.get().calls.send("DELETE", f"/v1/memories/{_quoted(memory_id)}"))

    @server.tool(annotations=_DELETES, structured_output=False)
    async def delete_all_memories(
        user_id: User = None,
        agent_id: Agent = None,
        app_id: App = None,
        run_id: Run = None,
    ) -> str:
        """Forget all memories that carry every one of these ids. Ask the user before you call this."""
        one = CONNECTION.get()
        ids = _given(agent_id=agent_id, app_id=app_id, run_id=run_id)
        if user_id or not ids:
            ids["user_id"] = one.require_user(user_id)
        return await _answer(one.calls.send("DELETE", "/v1/memories", **ids))

    @server.tool(annotations=_DELETES, structured_output=False)
    async def delete_entities(
        user_id: User = None,
        agent_id: Agent = None,
        app_id: App = None,
        run_id: Run = None,
    ) -> str:
        """Forget each of these users, agents, apps or runs with all its memories. Ask the user before you call this."""
        one = CONNECTION.get()
        named = _given(user=user_id, agent=agent_id, app=app_id, run=run_id)
        if not named:
            raise ToolError(f"Name who is to be forgotten: {', '.join(f'{kind}_id' for kind in ENTITY_KINDS)}.")
        for kind, name in named.items():
            await _asked(one.calls.send("DELETE", f"/v2/entities/{kind}/{_quoted(name)}"))
        return _shown({"message": f"{len(named)} deleted."})


def _add_profile(server: MCPServer) -> None:
    @server.resource(PROFILE, title="Profile", mime_type="text/plain")
    async def profile() -> str:
        """What is known about the user of this connection: their own statements first, newest first."""
        one = CONNECTION.get()
        if one.user is None:
            raise ResourceError(f"Nobody is the user of this connection. Read {PROFILE}/USER_ID.")
        return await _profile(one.calls, one.user)

    @server.resource(PROFILE + "/{user_id}", title="Profile of a user", mime_type="text/plain")
    async def profile_of(user_id: str) -> str:
        """What is known about a user: their own statements first, newest first."""
        return await _profile(CONNECTION.get().calls, user_id)


async def _profile(calls: Calls, user_id: str) -> str:
    body = {"filters": {"user_id": user_id}, "page_size": _PROFILE_FROM}
    try:
        listed = await calls.send("POST", "/v3/memories", body)
    except Refused as error:
        raise ResourceError(str(error)) from error
    known = about_the_person_first(row for row in listed["results"] if row["role"] != "assistant")
    lines = [f"- {' '.join(row['memory'].split())} (said {row['said_at'][:10]})" for row in known[:_PROFILE_LINES]]
    return "\n".join(lines) or "Nothing is known yet."


async def _asked(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except Refused as error:
        raise ToolError(str(error)) from error


async def _answer(call: Awaitable[Any]) -> str:
    return _shown(await _asked(call))


def _shown(answer: Any) -> str:
    return json.dumps(_without_empty(answer), ensure_ascii=False)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = ((key, _without_empty(part)) for key, part in value.items())
        return {key: part for key, part in kept if part is not None and part != {}}
    return [_without_empty(part) for part in value] if isinstance(value, list) else value


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _quoted(text: str) -> str:
    return quote(text, safe="")
