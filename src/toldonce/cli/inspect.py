"""Looking at what is remembered, and correcting it: ``list``, ``search``, ``show``, ``edit``, ``delete`` and others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from toldonce.engine.requests import facts_request
from toldonce.errors import InvalidInput, InvalidTime
from toldonce.types import ENTITY_KINDS

from .options import Data, Host, Json, Project
from .show import day, one_line, said_at, speaker
from .target import Row, opened, opened_folder

User = Annotated[str | None, typer.Option("--user", metavar="ID", help="The user's memories.")]
Agent = Annotated[str | None, typer.Option("--agent", metavar="ID", help="The agent's memories.")]
App = Annotated[str | None, typer.Option("--app", metavar="ID", help="The app's memories.")]
Run = Annotated[str | None, typer.Option("--run", metavar="ID", help="The run's memories.")]
MemoryId = Annotated[str, typer.Argument(metavar="ID", help="A memory's id, as `toldonce list` shows it.")]


def list_memories(
    user: User = None,
    agent: Agent = None,
    app: App = None,
    run: Run = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most memories to list.")] = 50,
    data: Data = None,
    project: Project = None,
    host: Host = None,
    as_json: Json = False,
) -> None:
    """List memories, newest first.

    Example: toldonce list --user ann --limit 10
    """
    with opened(data, host, project) as target:
        found = target.newest(_filters(user, agent, app, run), limit)
    if as_json:
        _print_json(found)
        return
    for row in found:
        _line(f"{row['id']}  {_said(row)}")
    if not found:
        _note("No memories. See who has any: toldonce users")


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for, in plain words.")],
    user: User = None,
    agent: Agent = None,
    app: App = None,
    run: Run = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="The most memories to return.")] = 10,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="The lowest score to return.")] = 0.1,
    data: Data = None,
    project: Project = None,
    host: Host = None,
    as_json: Json = False,
) -> None:
    """Recall what answers a query, with scores and what they were made of.

    Example: toldonce search "Where does she live?" --user ann
    """
    with opened(data, host, project) as target:
        found = target.search(query, _filters(user, agent, app, run), limit, threshold)
    if as_json:
        _print_json(found)
        return
    for row in found:
        _line(f"{row['score']:.2f}  {row['id']}  {_said(row)}")
        why = {name: value for name, value in (row.get("score_breakdown") or {}).items() if value}
        if why:
            _line("      " + "  ".join(f"{name} {value:.2f}" for name, value in why.items()), dim=True)
    if not found:
        _note(f"Nothing scores {threshold:g} or more. See what is there: toldonce list, or lower --threshold.")


def show(
    memory_id: MemoryId, data: Data = None, project: Project = None, host: Host = None, as_json: Json = False
) -> None:
    """Show one memory whole.

    Example: toldonce show 0198c0de-0000-7000-8000-000000000000
    """
    with opened(data, host, project) as target:
        row = target.get(memory_id)
    if as_json:
        _print_json(row)
        return
    for name, value in row.items():
        if value not in (None, {}, []):
            shown = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
            _line(f"{name:<16}{shown}")


def facts(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id. See who has any: toldonce users")],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help="As the store stood at the end of that day (UTC), or at an ISO 8601 time."
        ),
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="With what holds no more.")] = False,
    data: Data = None,
    project: Project = None,
    as_json: Json = False,
) -> None:
    """Show what a person plainly stated: name, birthday, home, allergies, standing instructions and more.

    Example: toldonce facts ann --history
    """
    try:
        owner, moment = facts_request(user, _end_of_day(as_of))
    except InvalidTime as error:
        raise InvalidTime(f"--as-of: {as_of!r} is no date. Use 2026-03-01 or 2026-03-01T09:30:00+00:00.") from error
    with opened_folder(data, project) as verbs:
        found = verbs.facts(owner, moment, history)
    if as_json:
        _print_json(found)
        return
    values = {fact["id"]: fact["value"] for fact in found}
    for fact in found:
        _line(f"{fact['attribute']:<16}{one_line(fact['value'])}  ({_when(fact, values)})")
        _line(f"{'':<16}“{one_line(fact['statement'])}”", dim=True)
    if not found:
        _note(f"No facts of {user}. What is remembered word for word: toldonce list --user {user}")


def edit(
    memory_id: MemoryId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The memory's new words.")],
    data: Data = None,
    project: Project = None,
    host: Host = None,
    as_json: Json = False,
) -> None:
    """Correct a memory's words. Its history keeps the earlier ones.

    Example: toldonce edit 0198c0de-0000-7000-8000-000000000000 "I live in Bergen."
    """
    with opened(data, host, project) as target:
        target.get(memory_id)
        target.update(memory_id, text)
        row = target.get(memory_id)
    if as_json:
        _print_json(row)
        return
    _note(f"Memory {memory_id} is changed. What was there before: toldonce history {memory_id}")


def delete(
    memory_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, as `toldonce list` shows them.")],
    data: Data = None,
    project: Project = None,
    host: Host = None,
    as_json: Json = False,
) -> None:
    """Take memories out of recall. Their history stays.

    Example: toldonce delete 0198c0de-0000-7000-8000-000000000000
    """
    with opened(data, host, project) as target:
        for memory_id in memory_ids:  # all of them are there before one goes
            target.get(memory_id)
        for memory_id in dict.fromkeys(memory_ids):
            target.delete(memory_id)
    if as_json:
        _print_json({"deleted": list(dict.fromkeys(memory_ids))})
        return
    _note(f"{len(set(memory_ids))} deleted.")


def history(
    memory_id: MemoryId, data: Data = None, project: Project = None, host: Host = None, as_json: Json = False
) -> None:
    """Show what was done to a memory, oldest first. Works for deleted memories too.

    Example: toldonce history 0198c0de-0000-7000-8000-000000000000
    """
    with opened(data, host, project) as target:
        entries = target.history(memory_id)
        if not entries:
            target.get(memory_id)
    if as_json:
        _print_json(entries)
        return
    for entry in entries:
        words = [one_line(str(entry[key])) for key in ("old_memory", "new_memory") if entry.get(key)]
        _line(f"{entry['updated_at']}  {entry['event']:<7} {'  ->  '.join(words)}", whole=True)


def users(data: Data = None, project: Project = None, host: Host = None, as_json: Json = False) -> None:
    """List the users, agents, apps and runs that have memories.

    Example: toldonce users --json
    """
    with opened(data, host, project) as target:
        found = target.entities()
    if as_json:
        _print_json(found)
        return
    for row in found:
        _line(f"{row['type']:<6} {row.get('total_memories', 0):>7}  {row['name']}")
    if not found:
        _note("Nobody has memories yet.")


def projects(data: Data = None, host: Host = None, as_json: Json = False) -> None:
    """List the projects of a folder; of a server, the one that the key belongs to.

    Example: toldonce projects --json
    """
    with opened(data, host) as target:
        found = target.projects()
    if as_json:
        _print_json(found)
        return
    for row in found:
        _line(f"{row['id']:<36}  {row['name'] or ''}")


def stats(data: Data = None, project: Project = None, host: Host = None, as_json: Json = False) -> None:
    """Count memories, and who has any.

    Example: toldonce stats
    """
    with opened(data, host, project) as target:
        found, memories = target.entities(), target.count()
    entities = Counter(str(row["type"]) for row in found)
    counted = {"memories": memories, **{f"{kind}s": entities[kind] for kind in ENTITY_KINDS}}
    if as_json:
        _print_json(counted)
        return
    for name, number in counted.items():
        _line(f"{name:<10}{number:>8,}")


def where(data: Data = None, host: Host = None, as_json: Json = False) -> None:
    """Show where the memories are kept: the folder, how large it is, and which embedder made its vectors.

    Example: toldonce where
    """
    with opened(data, host) as target:
        found = target.place()
    if as_json:
        _print_json(found)
    elif host is not None:
        _line(f"host      {found['host']}")
        _line(f"project   {found['project_id']}")
    else:
        _line(f"folder    {found['folder']}")
        _line(f"embedder  {found['embedder'] or 'brought along by the program'}  ({found['fingerprint']})")
        for name, size in found["files"].items():
            _line(f"{size:>12,} bytes  {name}")


def _filters(user: str | None, agent: str | None, app: str | None, run: str | None) -> dict[str, str]:
    named = {"user_id": user, "agent_id": agent, "app_id": app, "run_id": run}
    filters = {key: value for key, value in named.items() if value is not None}
    if not filters:
        raise InvalidInput("Say whose memories: --user, --agent, --app or --run. See who has any: toldonce users")
    return filters


def _end_of_day(text: str | None) -> str | None:
    return f"{text}T23:59:59.999999+00:00" if text is not None and len(text.strip()) == len("2026-03-01") else text


def _when(fact: Mapping[str, Any], values: Mapping[str, str]) -> str:
    when = f"since {fact['valid_from'][:10]}"
    if fact["valid_to"] is not None:
        when += f" until {fact['valid_to'][:10]}"
    if fact["superseded_by"] is not None:
        when += f", then {values.get(fact['superseded_by'], 'another')}"
    return when


def _said(row: Mapping[str, Any]) -> str:
    when = day(said_at(row)) if row.get("said_at") else day(datetime.fromisoformat(str(row["created_at"])))
    return f"{when:>11}  {speaker(row, {'user': 'user', 'assistant': 'assistant'})}: {one_line(str(row['memory']))}"


def _line(text: str, *, dim: bool = False, whole: bool = False) -> None:
    """One line; on a terminal cut to its width unless it is to be ``whole``, in a pipe whole."""
    console = Console(highlight=False)
    style = "dim" if dim else None
    if console.is_terminal and not whole:
        console.print(escape(text), style=style, no_wrap=True, overflow="ellipsis")
    else:
        typer.echo(text)


def _note(text: str) -> None:
    """Something for the person, which a pipe does not read."""
    typer.echo(text, err=True)


def _print_json(value: Row | Sequence[Row]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
