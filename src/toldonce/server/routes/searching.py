"""Recalling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from toldonce.engine.requests import SearchRequest, search_terms
from toldonce.engine.search import QUICK_RESULTS
from toldonce.errors import InvalidInput
from toldonce.filters import Filter
from toldonce.filters.times import read_time
from toldonce.server import wire
from toldonce.server.auth import Caller, Reader
from toldonce.server.bodies import SearchBody
from toldonce.server.limits import MOST_AT_ONCE
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import ids_in, tree_of
from toldonce.times import now, zone_of

router = new_router("search")

_TOP_K = 10

BY_WORDS = "X-Toldonce-By-Words"
"""The header of an answer for which only words were compared, as the embedder could not be used."""


@router.post("/v3/memories/search")
async def search(body: SearchBody, caller: Reader) -> Json:
    """The memories that answer a query, best first: ``{results: [...]}``.

    ``by_words`` is there, and true, if the embedder could not be used, so that only words were compared.
    """
    ids = ids_in(body.__dict__)
    if ids:
        name = next(iter(ids))
        raise InvalidInput(f'{name} belongs into filters: {{"filters": {{"{name}": ...}}}}.')
    return await _answer(caller, body, {})


@router.post("/v2/memories/search")
@router.post("/v1/memories/search")
async def search_as_before(body: SearchBody, caller: Reader) -> Json:
    """The same for older clients, which may name the entities at the top level."""
    return await _answer(caller, body, ids_in(body.__dict__))


async def _answer(caller: Caller, body: SearchBody, ids: dict[str, Any]) -> Json:
    tree = await caller.service.filter_of(
        caller.project,
        body.filters,
        lambda: tree_of(body.filters, ids=ids, categories=body.categories, metadata=body.metadata),
    )
    tree = caller.sees(tree)
    if body.latest_only:
        tree = await caller.service.latest_of(caller.project, tree)
    asked = _request(body, tree)
    found = await caller.service.search(caller.project, asked, bool(body.show_expired))

    def answer() -> Json:
        results = wire.only(map(wire.hit, found.hits), body.fields)
        if not found.by_words:
            return Json({"results": results})
        return Json({"results": results, "by_words": True}, headers={BY_WORDS: "true"})

    if len(found.hits) <= QUICK_RESULTS:
        return answer()
    return await caller.service.work_out(caller.project, answer)


def _request(body: SearchBody, tree: Filter) -> SearchRequest:
    limit = _TOP_K if body.top_k is None and body.limit is None else body.top_k or body.limit
    if limit is None or not 1 <= limit <= MOST_AT_ONCE:
        raise InvalidInput(f"top_k must be a whole number from 1 to {MOST_AT_ONCE:,}.")
    at = now() if body.reference_date is None else read_time(body.reference_date, "reference_date").last
    return replace(search_terms(body.query, tree, limit, body.threshold, at), zone=zone_of(body.reference_date))
