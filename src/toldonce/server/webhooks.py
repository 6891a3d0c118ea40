"""Telling others what happened to memories: signed as Standard Webhooks, tried again, and never to a place inside.

See standardwebhooks.com. An order to deliver names the memory; its words are read when it is delivered, so that none
wait in a queue.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from hashlib import sha256
from urllib.parse import urlsplit

from toldonce.engine.jobs import Later, next_try
from toldonce.errors import InvalidInput
from toldonce.server.safe_http import Refused, post, refuse_inside
from toldonce.stores.protocol import Store, Write
from toldonce.stores.serving import Call, Delivery, Job, Webhook
from toldonce.times import now

KIND = "webhook"

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


def read_url(url: object, allow_private: bool) -> str:
    """A URL that may be delivered to. Raises ``InvalidInput``, also for places inside unless they are allowed."""
    if not isinstance(url, str) or len(url) > 2_048 or not url.isprintable():
        raise InvalidInput("url must be an http or https address.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"url cannot be read: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or port == 0:
        raise InvalidInput("url must be an http or https address with a host and without a user name.")
    if not allow_private:
        try:
            refuse_inside(parts.hostname)
        except Refused as error:
            raise InvalidInput(f"url: {error}") from error
    return url


def read_event_types(types: object) -> tuple[str, ...]:
    """Event types as a webhook asks for them."""
    if not isinstance(types, list) or not types or any(kind not in EVENT_TYPES for kind in types):
        raise InvalidInput(f"event_types must be a list of some of {', '.join(EVENT_TYPES)}.")
    return tuple(dict.fromkeys(types))


def order_deliveries(store: Write, call: Call, at: int) -> bool:
    """Order what a call's webhooks must be told, in the call's own transaction; whether there was anything."""
    if not call.results:
        return False
    ordered = False
    for webhook in store.serving.webhooks(call.project):
        for number, (uid, event) in enumerate(call.results):
            if _EVENTS[event] in webhook.event_types:
                order = {"webhook": webhook.id, "memory": uid, "event": event, "id": f"msg_{call.id}_{number}"}
                store.serving.add_job(KIND, order, at)
                ordered = True
    return ordered


class Deliverer:
    """Carries out one order at a time, in a worker's thread."""

    def __init__(self, store: Store, *, allow_private: bool) -> None:
        self._store = store
        self._allow_private = allow_private

    def deliver(self, job: Job) -> None:
        """Deliver once. Raises ``Later`` if it failed and is to be tried again."""
        order = job.payload
        with self._store.read() as store:
            webhook = store.serving.webhook(order["webhook"])
            if webhook is None:
                return
            text = store.serving.last_text(webhook.project, order["memory"])
        status, problem = self._post(webhook, order, text)
        at = now()
        again = None if problem is None else next_try(job.attempts, at)
        log = Delivery(
            webhook.id, order["id"], _EVENTS[order["event"]], order["memory"], job.attempts, status, problem, again, at
        )
        self._store.write_now(lambda store: store.serving.log_delivery(log))
        if again is not None:
            raise Later(again)

    def _post(self, webhook: Webhook, order: dict[str, str], text: str | None) -> tuple[int | None, str | None]:
        details = {"id": order["memory"], "data": {"memory": text}, "event": order["event"]}
        body = json.dumps({"event_details": details}).encode()
        timestamp = now() // 1_000_000
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Toldonce",
            "webhook-id": order["id"],
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(webhook.secret, order["id"], timestamp, body),
        }
        try:
            status = post(webhook.url, body, headers, allow_private=self._allow_private)
        except Refused as error:
            return None, str(error)
        except OSError as error:  # includes timeouts, TLS and name resolution
            return None, f"{type(error).__name__}: {error}"[:300]
        return status, None if 200 <= status < 300 else f"It answered with status {status}."
