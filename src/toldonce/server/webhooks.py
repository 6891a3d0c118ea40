"""Telling others what happened to memories: signed as Standard Webhooks, tried again, and never to a place inside.

See standardwebhooks.com. Webhooks are readers of the change feed: they are told what any process writes. An order to
deliver names a stretch of the feed; words are read when they are delivered, so that none wait in a queue, and those of
a memory that is gone by then are not told.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from toldonce.engine.jobs import Later, next_try
from toldonce.engine.observe import Counters
from toldonce.errors import InvalidInput
from toldonce.server.safe_http import Refused, Sender
from toldonce.stores.feed import Change
from toldonce.stores.jobs import Job
from toldonce.stores.protocol import Read, Store, Write
from toldonce.stores.serving import Delivery, Webhook
from toldonce.times import now

_LOG = logging.getLogger(__name__)

KIND = "webhook"

_CHANGES_AT_ONCE = 500
"""Changes that are read, and handed to webhooks, in one transaction."""
_CHANGES_READ = 20
"""Changes whose words are in RAM while they are delivered."""
_AT_A_TIME = 20.0
"""Seconds a webhook is told changes before others get their turn; less than a lease."""

_EVENTS = {"ADD": "memory_add", "UPDATE": "memory_update", "DELETE": "memory_delete"}
EVENT_TYPES = (
    *_EVENTS.values(),
    "memory_categorize",
    "ingest_job_completed",
    "ingest_job_partially_completed",
    "ingest_job_failed",
    "ingest_job_cancelled",
)
"""Those of Mem0's platform. What is after the first three does not happen without an extraction model."""


def new_secret() -> str:
    """A signing secret in the form that libraries for Standard Webhooks take."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,<base64 of HMAC-SHA256 over id.timestamp.body>``, Standard Webhooks' symmetric scheme."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def read_event_types(types: object) -> tuple[str, ...]:
    """Event types as a webhook asks for them."""
    if not isinstance(types, list) or not types or any(kind not in EVENT_TYPES for kind in types):
        raise InvalidInput(f"event_types must be a list of some of {', '.join(EVENT_TYPES)}.")
    return tuple(dict.fromkeys(types))


class Fanout:
    """Reads the change feed and orders what webhooks must be told: for each webhook one job for a stretch of changes,
    so that no project, however much it writes, fills the queue."""

    name = "webhooks"

    def look(self, store: Read) -> Callable[[Write], None] | None:
        newest, position = store.feed.newest(), store.feed.position(self.name)
        if position == newest:
            return None
        changes = store.feed.changes(position or 0, newest, _CHANGES_AT_ONCE)
        orders: list[tuple[Webhook, dict[str, Any]]] = []
        for project in {change.project for change in changes}:
            mine = [change for change in changes if change.project == project]
            for webhook in store.serving.webhooks(project):
                told = [change.sequence for change in mine if is_told(webhook, change)]
                if told:
                    orders.append((webhook, {"webhook": webhook.id, "first": told[0], "last": told[-1]}))
        reached = changes[-1].sequence if len(changes) == _CHANGES_AT_ONCE else newest

        def advance(write: Write) -> None:
            if write.feed.position(self.name) != position:
                return  # another server has read them
            for webhook, order in orders:
                write.jobs.add(KIND, order, now(), share=webhook.project, lane=webhook.id)
            write.feed.keep_position(self.name, reached)

        return advance


def is_told(webhook: Webhook, change: Change) -> bool:
    """Whether a webhook is to be told of a change."""
    return (
        change.project == webhook.project
        and change.sequence > webhook.since
        and _EVENTS[change.kind] in webhook.event_types
    )


class Deliverer:
    """Carries out one order at a time, in a worker's thread."""

    def __init__(self, store: Store, results: Counters[tuple[str, ...]], *, allow_private: bool) -> None:
        """``results`` counts each try as ``delivered`` or ``failed``."""
        self._store = store
        self._results = results
        self._sender = Sender(allow_private)

    def stop(self) -> None:
        """Break off what is being sent; it is sent again later."""
        self._sender.stop()

    def deliver(self, job: Job) -> None:
        """Tell a webhook a stretch of changes, for a while; what cannot be told waits for another try by itself.

        Raises ``Later`` for the rest of the stretch, or for a change that failed once more.
        """
        order = job.payload
        position, last, failures = order["first"] - 1, order["last"], order.get("failures", 0)
        ends = time.monotonic() + _AT_A_TIME
        while True:
            with self._store.read() as store:
                webhook = store.serving.webhook(order["webhook"])
                changes = store.feed.changes(position, last, _CHANGES_READ)
            if webhook is None or not changes:
                return
            for change in changes:
                if time.monotonic() > ends:
                    raise Later(now(), {**order, "first": change.sequence})
                if is_told(webhook, change) and (change.kind == "DELETE" or change.text is not None):
                    self._tell(webhook, change, failures)
                position = change.sequence

    def _tell(self, webhook: Webhook, change: Change, failures: int) -> None:
        message_id = f"msg_{change.event_uid}_{change.memory_uid}"
        status, problem = self._post(webhook, change, message_id)
        self._results.add(("delivered" if problem is None else "failed",))
        at = now()
        again = None if problem is None else next_try(failures + 1, at)
        log = Delivery(
            webhook.id,
            message_id,
            _EVENTS[change.kind],
            change.memory_uid,
            failures + 1,
            status,
            problem,
            again,
            at,
        )
        retry = {"webhook": webhook.id, "first": change.sequence, "last": change.sequence, "failures": failures + 1}

        def note(store: Write) -> None:
            store.serving.log_delivery(log)
            if again is not None and not failures:
                store.jobs.add(KIND, retry, again, share=webhook.project, lane=webhook.id, priority=1)

        self._store.write_now(note)
        if problem is not None:
            _LOG.warning("Webhook %s was not told of %s: %s", webhook.id, message_id, problem)
        if again is not None and failures:
            raise Later(again, retry)

    def _post(self, webhook: Webhook, change: Change, message_id: str) -> tuple[int | None, str | None]:
        words = {} if change.kind == "DELETE" else {"memory": change.text}
        details = {"id": change.memory_uid, "data": words, "event": change.kind}
        body = json.dumps({"event_details": details}).encode()
        timestamp = now() // 1_000_000
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Toldonce",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(webhook.secret, message_id, timestamp, body),
        }
        try:
            status = self._sender.post(webhook.url, body, headers)
        except Refused as error:
            return None, str(error)
        except OSError as error:  # includes timeouts, TLS and name resolution
            return None, f"{type(error).__name__}: {error}"[:300]
        return status, None if 200 <= status < 300 else f"It answered with status {status}."
