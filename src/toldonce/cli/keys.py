"""``toldonce keys``: who may talk to the server. Works while it runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from toldonce.config import read_config
from toldonce.errors import InvalidInput
from toldonce.times import day, iso, now

from .options import Data, Json

app = typer.Typer(help="Keys for the server: create, list and revoke them.", no_args_is_help=True)


@app.command()
def create(
    data: Data = None,
    project: Annotated[
        str, typer.Option(metavar="NAME|ID", help="Made if there is none of this name; 'default' is the library's own.")
    ] = "default",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "key",
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write or admin; may be repeated. [default: all three]")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day it holds, UTC. [default: for ever]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it. It is not shown again: only a hash of it is kept.

    Example: toldonce keys create --project support --scope read --scope write
    """
    from toldonce.server.keyring import KeyRing
    from toldonce.server.keys import SCOPES

    with KeyRing(read_config(None, data).place) as ring:
        issued, where = ring.create(project, name, scope or SCOPES, _end_of(expires))
    if as_json:
        shown = {"key": issued.text, "project": where.name, "project_id": where.id, **_shown(issued.kept)}
        typer.echo(json.dumps(shown))
        return
    typer.echo(issued.text)
    typer.echo(f"Key {issued.kept.id} of project {where.name}. It is not shown again.", err=True)


@app.command("list")
def list_keys(data: Data = None, as_json: Json = False) -> None:
    """List the keys there are, without what they open.

    Example: toldonce keys list --json
    """
    from toldonce.server.keyring import KeyRing

    with KeyRing(read_config(None, data).place) as ring:
        keys, projects = ring.all(), ring.project_names()
    if as_json:
        typer.echo(
            json.dumps(
                [{"project": projects.get(key.project), "project_id": key.project, **_shown(key)} for key in keys]
            )
        )
        return
    for key in keys:
        shown = _shown(key)
        state = f"last used {shown['last_used_at']}" if shown["last_used_at"] else "never used"
        if shown["revoked_at"]:
            state = f"revoked {shown['revoked_at']}"
        elif shown["expires_at"]:
            state += f"  holds until {shown['expires_at']}"
        typer.echo(
            f"{key.id}  {key.name}  project {projects.get(key.project, key.project)}  {' '.join(key.scopes)}  {state}"
        )


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `toldonce keys list` shows it.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Revoke a key, at once and for good.

    Example: toldonce keys revoke 155ba45e4b5a
    """
    from toldonce.server.keyring import KeyRing

    with KeyRing(read_config(None, data).place) as ring:
        if not ring.revoke(key_id):
            where = "" if data is None else f" --data {data}"
            raise InvalidInput(
                f"There is no key {key_id!r} that holds. List those there are with: toldonce keys list{where}"
            )
    typer.echo(json.dumps({"revoked": key_id}) if as_json else f"Key {key_id} is revoked.")


def _shown(key: Any) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "created_at": iso(key.created_at),
        "expires_at": None if key.expires_at is None else iso(key.expires_at),
        "last_used_at": None if key.last_used_at is None else iso(key.last_used_at),
        "revoked_at": None if key.revoked_at is None else iso(key.revoked_at),
    }


def _end_of(last_day: str | None) -> int | None:
    if last_day is None:
        return None
    start = datetime.fromisoformat(day(last_day, "--expires")).replace(tzinfo=UTC)
    end = round(start.timestamp() * 1_000_000) + 86_400_000_000
    if end <= now():
        raise InvalidInput(f"--expires: {start.date()} is over. Choose a day to come.")
    return end
