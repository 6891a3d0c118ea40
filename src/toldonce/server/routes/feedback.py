"""What people think of memories."""

from __future__ import annotations

from fastapi import Request

from toldonce.errors import InvalidInput
from toldonce.server.auth import Writer
from toldonce.server.bodies import FeedbackBody
from toldonce.server.replies import Json
from toldonce.server.routes.memories import standing
from toldonce.server.routing import new_router
from toldonce.server.scoping import memory_uid
from toldonce.server.service import Done
from toldonce.stores.protocol import Write
from toldonce.stores.serving import Feedback
from toldonce.times import now

router = new_router("feedback")

_VERDICTS = ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE")


@router.post("/v1/feedback")
async def give(body: FeedbackBody, request: Request, caller: Writer) -> Json:
    """Note what somebody thinks of a memory; null takes it back."""
    uid = memory_uid(body.memory_id)
    verdict = None if body.feedback is None else body.feedback.upper()
    if verdict is not None and verdict not in _VERDICTS:
        raise InvalidInput(f"feedback must be {', '.join(_VERDICTS)} or null.")
    given = Feedback(verdict, body.feedback_reason)

    def work(store: Write) -> Done:
        standing(store, caller.project, uid)
        store.serving.keep_feedback(caller.project, uid, given, now())
        return Done()

    await caller.service.change(caller.project, request, "FEEDBACK", work)
    return Json({"id": uid, "feedback": given.verdict, "feedback_reason": given.reason})
