"""Every call of Mem0's Python client, sync or async, against a server: python mem0_python.py URL KEY sync|async.

Runs in the client's own environment. Prints one JSON object: call -> "ok", or the class of the client's error.
"""

import asyncio
import inspect
import json
import sys
import traceback
from importlib.metadata import version

from mem0 import AsyncMemoryClient, MemoryClient

URL, KEY, MODE = sys.argv[1:]
OLD = version("mem0ai").startswith("1.")
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)
SEEN: dict[str, str] = {}


def run(result):
    """The result of a call, awaited if it has to be."""
    return LOOP.run_until_complete(result) if inspect.isawaitable(result) else result


def raw(method, path, **more):
    """A call no method of the client makes, over its own HTTP client."""
    response = run(
        CLIENT.async_client.request(method, path, **more)
        if MODE == "async"
        else CLIENT.client.request(method, path, **more)
    )
    response.raise_for_status()
    return response.json()


def refused(expected, call, *arguments, **more):
    """The error a call raises."""
    if OLD and MODE == "async" and expected != "TypeError":
        expected = "HTTPStatusError"  # the old asynchronous client passes on its HTTP library's own errors
    try:
        run(call(*arguments, **more))
    except Exception as raised:
        error = raised
    else:
        raise AssertionError(f"{call.__name__} did not raise {expected}")
    assert type(error).__name__ == expected, (type(error).__name__, expected, str(error))
    return error


def call(name):
    """Note what a step came to."""

    def note(step):
        try:
            outcome = step() or "ok"
        except Exception:
            traceback.print_exc()
            outcome = "failed"
        if SEEN.get(name, "ok") == "ok":
            SEEN[name] = outcome

    return note


try:
    CLIENT = (AsyncMemoryClient if MODE == "async" else MemoryClient)(api_key=KEY, host=URL)
    SEEN["GET /v1/ping/"] = "ok"
except Exception:
    traceback.print_exc()
    print(json.dumps({"GET /v1/ping/": "failed"}))
    sys.exit()

ANN = {"user_id": "ann"}
ADD = "POST /v1/memories/" if OLD else "POST /v3/memories/add/"
SEARCH = "POST /v2/memories/search/" if OLD else "POST /v3/memories/search/"
LIST = "POST /v2/memories/" if OLD else "POST /v3/memories/"
UID = ""


@call(ADD)
def _():
    global UID
    talk = [{"role": "user", "content": "I am allergic to peanuts."}, {"role": "assistant", "content": "Okay."}]
    added = run(CLIENT.add(talk, user_id="ann", metadata={"k": 1}))
    event = raw("GET", f"/v1/event/{(added.get('results') or [added])[0]['event_id']}/")
    assert event["status"] == "SUCCEEDED"
    assert event["results"][0]["memory"] == "I am allergic to peanuts.", event
    UID = event["results"][0]["id"]
    verbatim = run(CLIENT.add("My sister Rosa lives in Lisbon.", user_id="ann", agent_id="a1", infer=False))
    assert verbatim["results"][0]["data"]["memory"] == "My sister Rosa lives in Lisbon."
    refused("ValidationError", CLIENT.add, "x")
    refused("ValidationError", CLIENT.add, [], user_id="ann")


@call(SEARCH)
def _():
    hits = run(CLIENT.search("Where does Rosa live?", filters=ANN))["results"]
    assert hits[0]["memory"] == "My sister Rosa lives in Lisbon.", hits
    assert 0 <= hits[0]["score"] <= 1
    assert run(CLIENT.search("What can she not eat?", filters={"OR": [ANN, {"agent_id": "a1"}]}, top_k=1, rerank=True))
    refused("ValidationError", CLIENT.search, "x", filters={"user_id": {"gt": 1}})
    latest = run(CLIENT.search("Rosa", filters=ANN, latest_only=True, keyword_search=True))["results"]
    assert latest[0]["id"] == hits[0]["id"]
    if OLD:
        assert run(CLIENT.search("Rosa", version="v2", user_id="ann", limit=1, output_format="v1.1"))["results"]


@call(LIST)
def _():
    page = run(CLIENT.get_all(filters=ANN, page=1, page_size=1))
    assert (page["count"], len(page["results"]), page["previous"]) == (2, 1, None), page
    assert page["next"].startswith("http")
    assert len(run(CLIENT.get_all(filters=ANN))["results"]) == 2
    refused("ValidationError", CLIENT.get_all)
    refused("MemoryNotFoundError", CLIENT.get_all, filters=ANN, page=9, page_size=1)


@call("GET /v1/memories/{id}/")
def _():
    found = run(CLIENT.get(UID))
    assert (found["memory"], found["metadata"]) == ("I am allergic to peanuts.", {"k": 1})
    refused("MemoryNotFoundError", CLIENT.get, "00000000-0000-4000-8000-000000000000")
    refused("ValidationError", CLIENT.get, "mem_123")


@call("PUT /v1/memories/{id}/")
def _():
    run(CLIENT.update(UID, text="I am allergic to walnuts.", metadata={"l": 2}, timestamp=1_700_000_000))
    if not OLD:
        run(CLIENT.update(UID, expiration_date="2099-01-01"))
        assert run(CLIENT.get(UID))["expiration_date"] == "2099-01-01"
        run(CLIENT.update(UID, expiration_date=None))
    found = run(CLIENT.get(UID))
    assert (found["memory"], found["metadata"]) == ("I am allergic to walnuts.", {"k": 1, "l": 2})
    assert found["created_at"].startswith("2023-11-14")
    assert found["expiration_date"] is None


@call("GET /v1/memories/{id}/history/")
def _():
    events = [entry["event"] for entry in run(CLIENT.history(UID))]
    assert events[:2] == ["ADD", "UPDATE"], events


@call("GET /v1/entities/")
def _():
    assert {(one["type"], one["name"]) for one in run(CLIENT.users())["results"]} == {("user", "ann"), ("agent", "a1")}


@call("PUT /v1/batch/")
def _():
    answer = run(CLIENT.batch_update([{"memory_id": UID, "text": "I am allergic to cashews."}]))
    assert answer["message"] == "Successfully updated 1 memories"


@call("DELETE /v1/batch/")
def _():
    added = run(CLIENT.add("Rosa paints.", user_id="ann", infer=False))
    run(CLIENT.batch_delete([{"memory_id": added["results"][0]["id"]}]))
    assert len(run(CLIENT.get_all(filters=ANN))["results"]) == 2


@call("POST /v1/feedback/")
def _():
    if OLD:  # it sends the feedback, then trips over its own telemetry
        refused("TypeError", CLIENT.feedback, UID, feedback="POSITIVE", feedback_reason="right")
        return "own bug"
    given = run(CLIENT.feedback(UID, feedback="POSITIVE", feedback_reason="right"))
    assert (given["feedback"], given["feedback_reason"]) == ("POSITIVE", "right")
    refused("MemoryNotFoundError", CLIENT.feedback, "00000000-0000-4000-8000-000000000000", feedback="POSITIVE")
    return None


@call("POST /v1/summary/")
def _():
    assert "Rosa" in run(CLIENT.get_summary(filters=ANN))["summary"]


SCHEMA = {
    "type": "object",
    "properties": {
        "facts": {
            "type": "array",
            "items": {"type": "object", "properties": {"memory": {"type": "string"}}, "required": ["memory"]},
        }
    },
}


@call("POST /v1/exports/")
def _():
    global EXPORT
    EXPORT = run(CLIENT.create_memory_export(json.dumps(SCHEMA), user_id="ann"))["id"]
    run(CLIENT.create_memory_export(SCHEMA, filters=ANN))


@call("POST /v1/exports/get/")
def _():
    for query in ({"memory_export_id": EXPORT}, {"filters": ANN}, {"user_id": "ann"}):
        facts = run(CLIENT.get_memory_export(**query))["facts"]
        assert {"memory": "I am allergic to cashews."} in facts, facts
    refused("MemoryNotFoundError", CLIENT.get_memory_export, filters={"user_id": "nobody"})


PROJECT = "/api/v1/orgs/organizations/{org}/projects/{project}/"


@call(f"GET {PROJECT}")
def _():
    assert run(CLIENT.project.get())["project_id"] == CLIENT.project_id
    assert run(CLIENT.get_project(fields=["custom_instructions", "name"]))["project_id"] == CLIENT.project_id


@call(f"PATCH {PROJECT}")
def _():
    run(CLIENT.project.update(custom_instructions="Remember food.", custom_categories=[{"food": "What she eats"}]))
    run(CLIENT.update_project(custom_instructions="Remember all food."))
    told = run(CLIENT.project.get())
    assert (told["custom_instructions"], told["custom_categories"]) == (
        "Remember all food.",
        [{"food": "What she eats"}],
    )


@call("POST /api/v1/orgs/organizations/{org}/projects/")
def _():
    made = run(CLIENT.project.create(f"made by {MODE} {version('mem0ai')}"))
    other = type(CLIENT)(api_key=made["api_key"], host=URL)
    assert other.project_id == made["project_id"] != CLIENT.project_id
    refused("MemoryNotFoundError", other.get, UID)


@call(f"GET {PROJECT}members/")
def _():
    assert run(CLIENT.project.get_members()) == {"members": []}


@call(f"POST {PROJECT}members/")
def _():
    run(CLIENT.project.add_member("rosa@example.com", role="READER"))
    assert run(CLIENT.project.get_members())["members"][0]["role"] == "READER"


@call(f"PUT {PROJECT}members/")
def _():
    run(CLIENT.project.update_member("rosa@example.com", role="OWNER"))
    assert run(CLIENT.project.get_members())["members"][0]["role"] == "OWNER"


@call(f"DELETE {PROJECT}members/")
def _():
    run(CLIENT.project.remove_member("rosa@example.com"))
    refused("MemoryNotFoundError", CLIENT.project.remove_member, "rosa@example.com")


HOOK = {"url": "https://example.com/told", "name": "told", "event_types": ["memory_add"]}


@call("POST /api/v1/webhooks/projects/{project}/")
def _():
    global WEBHOOK
    WEBHOOK = run(CLIENT.create_webhook(project_id=CLIENT.project_id, **HOOK))["webhook_id"]


@call("GET /api/v1/webhooks/projects/{project}/")
def _():
    [found] = run(CLIENT.get_webhooks(project_id=CLIENT.project_id))
    assert (found["webhook_id"], found["url"], found["is_active"]) == (WEBHOOK, HOOK["url"], True)


@call("PUT /api/v1/webhooks/{id}/")
def _():
    run(CLIENT.update_webhook(WEBHOOK, name="renamed", url=HOOK["url"], event_types=["memory_delete"]))
    assert run(CLIENT.get_webhooks(project_id=CLIENT.project_id))[0]["event_types"] == ["memory_delete"]


@call("DELETE /api/v1/webhooks/{id}/")
def _():
    run(CLIENT.delete_webhook(WEBHOOK))
    refused("MemoryNotFoundError", CLIENT.delete_webhook, WEBHOOK)


if not OLD:

    @call("GET /v2/entities/user/{id}/profile/")
    def _():
        found = run(CLIENT.get_profile("ann"))
        assert (found["status"], found["profile"]) == ("succeeded", {"allergy": ["cashews"], "sister": ["Rosa"]}), found
        assert (found["entity_type"], found["entity_id"], found["generation_count"]) == ("user", "ann", 1)
        assert found["updated_at"]
        refused("MemoryNotFoundError", CLIENT.get_profile, "nobody")

    @call("POST /v2/profiles/settings/")
    def _():
        schema = {"type": "object", "properties": {"allergies": {"type": "array", "description": "Not to eat"}}}
        told = run(CLIENT.update_profile_settings(schema=schema, custom_instructions="Be brief."))
        assert told["entities"]["user"] == {"schema": schema, "custom_instructions": "Be brief."}
        assert run(CLIENT.get_profile("ann"))["profile"] == {"allergies": ["cashews"]}
        told = run(CLIENT.update_profile_settings(enabled=True, schema=None))
        assert told["entities"]["user"] == {"schema": None, "custom_instructions": "Be brief."}
        undescribed = {"properties": {"home": {"type": "string"}}}
        refused("ValidationError", CLIENT.update_profile_settings, schema=undescribed)

    @call("GET /v2/profiles/settings/")
    def _():
        told = run(CLIENT.get_profile_settings())
        assert told["enabled"] is True
        assert told["capabilities"]

    @call("POST /v2/profiles/jobs/")
    def _():
        global JOB
        JOB = run(CLIENT.generate_profile("ann", idempotency_key="once"))
        assert (JOB["operation"], JOB["entity_type"], JOB["replayed"]) == ("trigger", "user", False)
        assert run(CLIENT.generate_profile("ann", idempotency_key="once"))["replayed"] is True
        refused("MemoryNotFoundError", CLIENT.generate_profile, "nobody")
        sample = run(CLIENT.sample_profiles(limit=1))
        assert (sample["sampled"], sample["entity_ids"]) == (1, ["ann"])
        refused("ValidationError", CLIENT.sample_profiles, limit=11)

    @call("GET /v2/profiles/jobs/{id}/")
    def _():
        for which in (JOB["job_id"], JOB["status_url"]):
            job = run(CLIENT.get_profile_job(which))["job"]
            assert (job["status"], job["total"], job["completed"], job["succeeded"]) == ("succeeded", 1, 1, 1)
        refused("MemoryNotFoundError", CLIENT.get_profile_job, "00000000-0000-4000-8000-000000000000")


@call("DELETE /v1/memories/{id}/")
def _():
    run(CLIENT.delete(UID) if OLD else CLIENT.delete(UID, delete_linked=True))
    refused("MemoryNotFoundError", CLIENT.delete, UID)


@call("DELETE /v1/memories/")
def _():
    refused("ValidationError", CLIENT.delete_all)
    assert len(run(CLIENT.get_all(filters=ANN))["results"]) == 1
    run(CLIENT.delete_all(filters={"user_id": "nobody"}))
    run(CLIENT.delete_all(user_id="ann"))
    assert run(CLIENT.get_all(filters=ANN))["results"] == []


@call("DELETE /v2/entities/{type}/{name}/")
def _():
    run(CLIENT.add("I like tea.", user_id="a/b" if OLD else "a/b-ü😀%"))
    run(CLIENT.add("I like rye.", user_id="bob"))
    run(CLIENT.delete_users(user_id="a/b" if OLD else "a/b-ü😀%"))
    assert [one["name"] for one in run(CLIENT.users())["results"]] == ["bob"]
    run(CLIENT.reset())
    assert run(CLIENT.users())["results"] == []


@call(f"DELETE {PROJECT}")
def _():
    run(CLIENT.project.delete())
    refused("AuthenticationError", CLIENT.users)


print(json.dumps(SEEN))
