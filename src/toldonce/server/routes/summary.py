"""Summing up without a model: what was said last, and how much there is."""

from __future__ import annotations

from toldonce.server.auth import Reader
from toldonce.server.bodies import SummaryBody
from toldonce.server.replies import Json
from toldonce.server.routing import new_router
from toldonce.server.scoping import tree_of
from toldonce.times import iso

router = new_router("summary")

_LINES = 20


@router.post("/v1/summary")
async def summary(body: SummaryBody, caller: Reader) -> Json:
    """The newest memories a filter admits, as lines of one text, and how many there are.

    It is an extract: nothing is worded anew, so it needs no model.
    """
    tree = caller.sees(tree_of(body.filters))
    found = [record for _, record in await caller.service.listing(caller.project, tree, show_expired=False)]
    lines = [f"- {record.text}" for record in found[:_LINES]]
    return Json(
        {
            "summary": "\n".join(lines),
            "total_memories": len(found),
            "from": iso(found[-1].created_at) if found else None,
            "to": iso(found[0].created_at) if found else None,
        }
    )
