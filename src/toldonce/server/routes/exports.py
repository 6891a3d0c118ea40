"""Exports: memories in the shape of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from toldonce.server import wire
from toldonce.server.auth import Caller, Reader, Writer
from toldonce.server.bodies import ExportBody, ExportQuery
from toldonce.server.errors import not_found
from toldonce.server.exporting import read_schema, shape
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import ids_in, tree_of, uid_of
from toldonce.server.service import Done
from toldonce.stores.protocol import Read, Write
from toldonce.stores.serving import Export
from toldonce.times import now
from toldonce.uids import new_uid

router = new_router("exports")


@router.post("/v1/exports")
async def create(body: ExportBody, request: Request, caller: Writer) -> Json:
    """Order an export. It is made whenever it is fetched, so it shows what is remembered then."""
    filters = _filters(body.filters, ids_in(body.__dict__))
    schema = read_schema(body.schema_)
    await _made(caller, schema, filters)  # so that a schema that cannot be filled is told now
    at = now()
    export = Export(new_uid(at), caller.project, schema, filters, at)

    def work(store: Write) -> Done:
        store.serving.add_export(export)
        return Done({"id": export.id})

    call = await caller.service.change(caller.project, request, "EXPORT", work)
    return Json({"message": "Memory export request received. The export is ready.", "id": call.answer["id"]}, 201)


@router.post("/v1/exports/get")
async def get(body: ExportQuery, caller: Reader) -> Json:
    """The export with this id, or the last one that was ordered with these filters."""
    ids = ids_in(body.__dict__)
    uid = None if body.memory_export_id is None else uid_of(body.memory_export_id, "memory_export_id")

    def question(store: Read) -> Export | None:
        if uid is not None:
            return store.serving.export(caller.project, uid)
        return store.serving.newest_export(caller.project, _filters(body.filters, ids))

    found = await caller.service.read(question)
    if found is None:
        raise not_found("Memory export")
    return Json(await _made(caller, found.schema, found.filters))


def _filters(filters: dict[str, Any] | None, ids: dict[str, Any]) -> dict[str, Any]:
    """One object of both, as it is kept. Raises ``InvalidInput`` if they cannot be read or name nobody."""
    both = {"AND": [filters, ids]} if filters and ids else filters or ids
    tree_of(both)
    return both


async def _made(caller: Caller, schema: dict[str, Any], filters: dict[str, Any]) -> dict[str, Any]:
    tree = caller.sees(tree_of(filters))
    found = await caller.service.listing(caller.project, tree, show_expired=False)

    def shaped() -> dict[str, Any]:
        return shape(schema, [_source(wire.memory(one)) for _, one in found])

    return await caller.service.work_out(caller.project, shaped)


def _source(item: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in item.items() if key != "metadata" and value is not None}
    own["categories"] = list(item["categories"])
    return {**item["metadata"], **own}
