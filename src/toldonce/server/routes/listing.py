"""Listing what is remembered, and deleting much of it at once."""

from __future__ import annotations

from fastapi import Request

from toldonce.engine.listing import Page
from toldonce.errors import InvalidInput
from toldonce.filters import Filter
from toldonce.filters.tree import EVERYTHING
from toldonce.server import pages, wire
from toldonce.server.auth import Caller, Reader, Writer
from toldonce.server.bodies import ListBody
from toldonce.server.limits import MOST_ON_A_PAGE
from toldonce.server.queries import documented, query_of
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import SCOPE_KEYS, deletion_of, ids_in, tree_of

router = new_router("memories")

PAGE_SIZE = 100


@router.post("/v3/memories")
async def get_all(
    body: ListBody, request: Request, caller: Reader, page: int | None = None, page_size: int | None = None
) -> Json:
    """The memories a filter admits, newest first: ``{count, next, previous, results}``."""
    ids = ids_in(body.__dict__)
    if ids:
        name = next(iter(ids))
        raise InvalidInput(f'{name} belongs into filters: {{"filters": {{"{name}": ...}}}}.')
    return await _answer(caller, request, body, page, page_size)


@router.post("/v2/memories")
async def get_all_as_before(
    body: ListBody, request: Request, caller: Reader, page: int | None = None, page_size: int | None = None
) -> Json:
    """The same for older clients, which may name the entities at the top level."""
    return await _answer(caller, request, body, page, page_size)


@router.get("/v1/memories", openapi_extra={"parameters": documented(*SCOPE_KEYS)})
async def get_all_by_query(
    request: Request, caller: Reader, page: int | None = None, page_size: int | None = None
) -> Json:
    """The same for the oldest clients, which name the entities in the query."""
    return await _answer(caller, request, ListBody(**ids_in(query_of(request))), page, page_size)


@router.delete("/v1/memories", openapi_extra={"parameters": documented(*SCOPE_KEYS, "filters", "metadata")})
async def delete_all(request: Request, caller: Writer) -> Json:
    """Delete what carries *all* of the ids in the query, or what ``filters`` or ``metadata``, as JSON, ask for.

    A bare delete is refused, and so is one with a key that is not understood; ``*`` for all four ids empties the
    project."""
    tree = deletion_of(query_of(request))
    if tree == EVERYTHING:
        caller.require_admin("Deleting everything")
    call = await caller.service.delete(caller.project, request, caller.sees(tree))
    return Json({"message": "Memories deleted successfully!", "event_id": call.id, **call.answer})


async def _answer(caller: Caller, request: Request, body: ListBody, number: int | None, size: int | None) -> Json:
    asked = pages.page(
        body.page if number is None else number,
        (body.page_size or body.limit) if size is None else size,
        default=PAGE_SIZE,
        most=MOST_ON_A_PAGE,
    )
    tree = caller.sees(await caller.service.filter_of(caller.project, body.filters, lambda: _tree(body)))
    if body.latest_only:
        tree = await caller.service.latest_of(caller.project, tree)

    def shown(found: Page) -> Json:
        items = (wire.memory(record) for _, record in found.memories)
        return Json(pages.envelope(request, asked, found.count, wire.only(items, body.fields)))

    return await caller.service.page(caller.project, tree, asked, bool(body.show_expired), shown)


def _tree(body: ListBody) -> Filter:
    return tree_of(
        body.filters,
        ids=ids_in(body.__dict__),
        categories=body.categories,
        keywords=body.keywords,
        start_date=body.start_date,
        end_date=body.end_date,
    )
