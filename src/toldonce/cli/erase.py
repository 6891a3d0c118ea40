"""``toldonce erase`` and ``toldonce receipts``: leaving no byte, and proving it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from toldonce.engine.erasing import ERASED
from toldonce.errors import InvalidInput

from .options import Data, Host, Json
from .target import Row, opened

Project = Annotated[
    str | None,
    typer.Option("--project", metavar="NAME|ID", help="The whole project, or the one that the others are in."),
]
NOT_YET = 3
"""The exit code where bytes are left because somebody reads."""


def erase(
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="Everything of a user.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", metavar="ID", help="Everything said to an agent.")] = None,
    app: Annotated[str | None, typer.Option("--app", metavar="ID", help="Everything of an app.")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="ID", help="Everything of a run.")] = None,
    entity: Annotated[
        str | None, typer.Option("--entity", metavar="KIND:ID", help="The same: user:ann, agent:guide, run:r1.")
    ] = None,
    memory: Annotated[str | None, typer.Option("--memory", metavar="ID", help="One memory.")] = None,
    project: Project = None,
    allow_return: Annotated[
        bool, typer.Option("--allow-return", help="The same words may be remembered anew later.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, max=3600, help="Seconds to wait for those who read.")] = 10.0,
    data: Data = None,
    host: Host = None,
    as_json: Json = False,
) -> None:
    """Erase one user, agent, app, run, memory or project: no byte of it is left, and nothing brings it back.

    A history that an agent sends again is not remembered. There is no undo. Exit code 3: nobody finds anything of it
    any more, but bytes are left, because somebody reads; whoever opens the folder next finishes it.

    Example: toldonce erase --user ann
    """
    named = {"user": user, "agent": agent, "app": app, "run": run, "memory": memory}
    chosen = [(kind, value) for kind, value in named.items() if value is not None]
    if entity is not None:
        chosen.append(_entity(entity))
    if not chosen and project is not None:
        chosen = [("project", project)]
    if len(chosen) != 1:
        raise InvalidInput(
            "Name one of --user, --agent, --app, --run, --entity, --memory and --project. See whom: toldonce users"
        )
    kind, value = chosen[0]
    with opened(data, host, project) as target:
        told = target.erase(kind, value, allow_return, wait)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _tell(f"{kind} {value}", told)
    if told["status"] != ERASED:
        raise typer.Exit(NOT_YET)


def receipts(
    receipt_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Print this receipt whole, for tools/check_receipt.py.")
    ] = None,
    project: Annotated[str | None, typer.Option("--project", metavar="NAME|ID", help="Of one project only.")] = None,
    data: Data = None,
    host: Host = None,
    as_json: Json = False,
) -> None:
    """List the signed receipts of what was erased, oldest first.

    Example: toldonce receipts --json
    """
    with opened(data, host, project) as target:
        found = target.receipts()
    if receipt_id is not None:
        found = [receipt for receipt in found if receipt["id"] == receipt_id]
        if not found:
            raise InvalidInput(f"There is no receipt {receipt_id!r}. List those there are: toldonce receipts")
        typer.echo(json.dumps(found[0], indent=2))
    elif as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        for receipt in found:
            typer.echo(f"{receipt['erased_at']}  {receipt['id']}  {receipt['kind']:<7}  {_counted(receipt['erased'])}")
        if not found:
            typer.echo("Nothing was erased yet.", err=True)


def _entity(text: str) -> tuple[str, str]:
    kind, colon, value = text.partition(":")
    if not colon or kind not in ("user", "agent", "app", "run") or not value:
        raise InvalidInput(f"--entity: {text!r} is no entity. Write its kind and its id, as in user:ann or run:r1.")
    return kind, value


def _tell(what: str, told: Row) -> None:
    counted = _counted(told["erased"])
    if told["status"] == ERASED:
        typer.echo(f"Erased {what}: {counted}." if counted else f"Nothing was kept of {what}.")
        typer.echo(f"Receipt {told['id']}. Print it: toldonce receipts {told['id']}", err=True)
    else:
        typer.echo(f"Nobody finds anything of {what} any more ({counted or 'nothing was kept'}), but bytes are left:")
        for who in told["waits_for"]:
            typer.echo(f"  {who}")


def _counted(erased: dict[str, Any]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in erased.items())
