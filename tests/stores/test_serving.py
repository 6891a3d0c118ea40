"""What any store keeps for a server: see toldonce.stores.serving. Every question is asked for two projects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import pytest

from tests.stores.filling import Open, delete, fill
from toldonce.stores.protocol import Store, Write
from toldonce.stores.serving import (
    ApiKey,
    Call,
    Delivery,
    EntityCount,
    Export,
    Feedback,
    Member,
    Origin,
    Project,
    RepeatedCall,
    ServingRead,
    ServingWrite,
    Webhook,
)
from toldonce.types import Scope
from toldonce.uids import first_uid, new_uid

T = TypeVar("T")
V = TypeVar("V")

DAY = 86_400_000_000


def project(name: str, *, organisation: str = "org", at: int = 10) -> Project:
    return Project(f"id-{name}", organisation, name, None, {"a": [1, {"b": "é"}]}, at, at)


def key(name: str, *, project_id: str = "id-a", at: int = 10) -> ApiKey:
    return ApiKey(name, project_id, f"key {name}", b"digest of " + name.encode(), ("read", "write"), at, at + DAY)


def call(place: int, *, project_id: str = "id-a", kind: str = "ADD", once: str | None = None) -> Call:
    at = place * DAY
    return Call(
        new_uid(at), project_id, kind, [(f"m{place}", "ADD")], {"n": place}, at, at + 5, once, b"f" if once else None
    )


def webhook(name: str, *, project_id: str = "id-a", at: int = 10) -> Webhook:
    return Webhook(name, project_id, "hook", f"https://{name}.test/", ("ADD", "DELETE"), "secret", at, at, 3)


def export(name: str, *, project_id: str = "id-a", filters: str = "ann", at: int = 10) -> Export:
    return Export(name, project_id, {"title": name}, {"user_id": filters, "run_id": "r"}, at)


def delivery(webhook_id: str, attempt: int, *, at: int = 10) -> Delivery:
    return Delivery(webhook_id, "message", "memory_add", "m1", attempt, 500, "no", at + 1, at)


def asked(store: Store, question: Callable[[ServingRead], T]) -> T:
    with store.read() as view:
        return question(view.serving)


def put(store: Store, values: Iterable[V], work: Callable[[ServingWrite, V], T]) -> list[T]:
    """Each in a transaction of its own."""
    return [store.write_now(partial(_inside, work, value)) for value in values]


def _inside(work: Callable[[ServingWrite, V], T], value: V, tx: Write) -> T:
    return work(tx.serving, value)


def test_a_project_comes_back_as_it_was_added(open_store: Open) -> None:
    one, other = open_store(), open_store()
    assert one.write_now(lambda tx: tx.serving.add_project(project("a")))
    assert asked(other, lambda s: s.project("id-a")) == project("a")
    assert asked(other, lambda s: s.project_named("org", "a")) == project("a")
    assert asked(other, lambda s: s.project_named("elsewhere", "a")) is None
    assert asked(other, lambda s: s.project("id-b")) is None


@pytest.mark.parametrize("second", [replace(project("a"), name="b"), replace(project("a"), id="id-other")])
def test_no_two_projects_have_an_id_or_a_name_in_common(store: Store, second: Project) -> None:
    assert store.write_now(lambda tx: tx.serving.add_project(project("a")))
    assert not store.write_now(lambda tx: tx.serving.add_project(second))
    assert asked(store, lambda s: s.projects("org")) == [project("a")]
    assert store.write_now(lambda tx: tx.serving.add_project(project("b")))


def test_projects_are_those_of_one_organisation_oldest_first(store: Store) -> None:
    kept = [project("c", at=1), project("a", at=2), project("b", at=3)]
    put(
        store,
        [kept[2], kept[0], project("d", organisation="elsewhere"), kept[1]],
        lambda serving, each: serving.add_project(each),
    )
    assert asked(store, lambda s: s.projects("org")) == kept


def test_keep_project_changes_that_one(store: Store) -> None:
    def work(tx: Write) -> None:
        tx.serving.add_project(project("a"))
        tx.serving.add_project(project("b"))
        tx.serving.keep_project("id-a", "new", "words", {"x": 1}, 77)

    store.write_now(work)
    assert asked(store, lambda s: s.project("id-a")) == Project("id-a", "org", "new", "words", {"x": 1}, 10, 77)
    assert asked(store, lambda s: s.project("id-b")) == project("b")


def test_deleting_a_project_closes_it_and_no_other(store: Store) -> None:
    ids = ("id-a", "id-b")

    def work(tx: Write) -> None:
        for name, project_id in zip("ab", ids, strict=True):
            tx.serving.add_project(project(name))
            tx.serving.add_key(key(f"k{name}", project_id=project_id))
            tx.serving.add_webhook(webhook(f"w{name}", project_id=project_id), 9)
            tx.serving.log_delivery(delivery(f"w{name}", 1))
            tx.serving.add_export(export(f"e{name}", project_id=project_id))
            tx.serving.keep_feedback(project_id, "m1", Feedback("POSITIVE", None), 10)

    def left(project_id: str) -> tuple[bool, ...]:
        with store.read() as view:
            serving = view.serving
            return (
                serving.project(project_id) is not None,
                all(key.revoked_at is None for key in serving.keys(project_id)),
                serving.webhooks(project_id) != [],
                serving.deliveries(f"w{project_id[-1]}", 9) != [],
                serving.export(project_id, f"e{project_id[-1]}") is not None,
                serving.feedback(project_id, "m1") is not None,
            )

    store.write_now(work)
    assert left("id-a") == left("id-b") == (True,) * 6
    put(store, [key("older"), key("revoked")], lambda s, one: s.add_key(one))
    assert store.write_now(lambda tx: tx.serving.revoke_key("revoked", 40))
    assert not store.write_now(lambda tx: tx.serving.revoke_key("revoked", 45)), "once"
    store.write_now(lambda tx: tx.serving.delete_project("id-a", 50))
    assert left("id-a") == (False,) * 6
    assert left("id-b") == (True,) * 6
    ended = {key.id: key.revoked_at for key in asked(store, lambda s: s.keys("id-a"))}
    assert ended == {"ka": 50, "older": 50, "revoked": 40}
    assert asked(store, lambda s: s.projects("org")) == [project("b")]
    assert store.write_now(lambda tx: tx.serving.add_project(replace(project("a"), id="id-again")))


def test_members_belong_to_one_project(store: Store) -> None:
    ann, bob = Member("ann@x.test", "OWNER", 20), Member("bob@x.test", "READER", 10)

    def work(tx: Write) -> None:
        tx.serving.keep_member("id-a", ann)
        tx.serving.keep_member("id-a", bob)
        tx.serving.keep_member("id-b", ann)
        tx.serving.keep_member("id-a", replace(ann, role="READER", created_at=99))

    store.write_now(work)
    assert asked(store, lambda s: s.members("id-a")) == [bob, replace(ann, role="READER")]
    assert asked(store, lambda s: s.members("id-b")) == [ann]
    assert store.write_now(lambda tx: tx.serving.remove_member("id-a", ann.email))
    assert not store.write_now(lambda tx: tx.serving.remove_member("id-a", ann.email))
    assert asked(store, lambda s: s.members("id-a")) == [bob]
    assert asked(store, lambda s: s.members("id-b")) == [ann]


def test_a_key_is_kept_used_and_revoked(store: Store) -> None:
    one, two, others = key("k2", at=1), key("k1", at=2), key("k3", project_id="id-b", at=3)
    put(store, (others, two, one), lambda serving, each: serving.add_key(each))
    assert asked(store, lambda s: s.keys("id-a")) == [one, two]
    assert asked(store, lambda s: s.keys(None)) == [one, two, others]
    store.write_now(lambda tx: tx.serving.touch_key("k1", 70))
    assert store.write_now(lambda tx: tx.serving.revoke_key("k1", 80))
    assert not store.write_now(lambda tx: tx.serving.revoke_key("k1", 90))
    assert not store.write_now(lambda tx: tx.serving.revoke_key("nobody's", 90))
    assert asked(store, lambda s: s.key("k1")) == replace(two, last_used_at=70, revoked_at=80)
    assert asked(store, lambda s: s.key("k2")) == one
    assert asked(store, lambda s: s.key("nobody's")) is None


def test_a_call_is_seen_in_its_project_only(store: Store) -> None:
    kept = call(1, once="again")
    store.write_now(lambda tx: tx.serving.keep_call(kept))
    assert asked(store, lambda s: s.call("id-a", kept.id)) == kept
    assert asked(store, lambda s: s.call_with_key("id-a", "again")) == kept
    assert asked(store, lambda s: s.call("id-b", kept.id)) is None
    assert asked(store, lambda s: s.call_with_key("id-b", "again")) is None
    assert asked(store, lambda s: s.call_with_key("id-a", "other")) is None


def test_an_idempotency_key_holds_once_for_each_project(store: Store) -> None:
    store.write_now(lambda tx: tx.serving.keep_call(call(1, once="k")))
    store.write_now(lambda tx: tx.serving.keep_call(call(2, once="k", project_id="id-b")))
    store.write_now(lambda tx: tx.serving.keep_call(call(3)))
    store.write_now(lambda tx: tx.serving.keep_call(call(4)))

    def twice(tx: Write) -> None:
        tx.serving.keep_member("id-a", Member("ann@x.test", "OWNER", 20))
        tx.serving.keep_call(call(5, once="k"))

    with pytest.raises(RepeatedCall):
        store.write_now(twice)
    assert asked(store, lambda s: s.members("id-a")) == []
    assert asked(store, lambda s: s.calls("id-a", 9, 0)[0]) == 3


def test_calls_that_changed_memories_are_paged_newest_first(store: Store) -> None:
    kept = [call(1), call(2, kind="UPDATE"), call(3, kind="DELETE")]
    put(
        store,
        [*kept, call(4, kind="SEARCH"), call(5, project_id="id-b")],
        lambda serving, each: serving.keep_call(each),
    )
    assert asked(store, lambda s: s.calls("id-a", 9, 0)) == (3, kept[::-1])
    assert asked(store, lambda s: s.calls("id-a", 2, 0)) == (3, [kept[2], kept[1]])
    assert asked(store, lambda s: s.calls("id-a", 2, 2)) == (3, [kept[0]])
    assert asked(store, lambda s: s.calls("id-a", 2, 3)) == (3, [])
    assert asked(store, lambda s: s.calls("id-c", 2, 0)) == (0, [])


def test_words_are_told_to_their_project(store: Store) -> None:
    _owner, ids = fill(store, "tea", "coffee", project="id-a")
    _other, others = fill(store, "beer", project="id-b")
    with store.read() as view:
        tea, coffee = (view.records(ids)[each].id for each in ids)
        beer = view.records(others)[others[0]].id
    uids = [beer, tea, coffee, "nobody's"]
    store.write_now(lambda tx: tx.delete("id-a", list(tx.for_update(ids[1:]).values()), 12))
    assert asked(store, lambda s: s.texts("id-a", uids)) == {tea: "tea"}
    assert asked(store, lambda s: s.texts("id-b", uids)) == {beer: "beer"}
    assert asked(store, lambda s: [s.last_text("id-a", uid) for uid in uids]) == [None, "tea", "coffee", None]
    assert asked(store, lambda s: [s.last_text("id-b", uid) for uid in uids]) == ["beer", None, None, None]


def test_where_a_memory_came_from_is_known_after_it_is_gone(store: Store) -> None:
    _owner, ids = fill(store, "tea", "coffee")
    with store.read() as view:
        uid = view.records(ids)[ids[1]].id
    expected = Origin(uid, Scope("ann", "bot", None, "r1"), "user", {"n": 1}, [("user", "coffee")])
    assert asked(store, lambda s: s.origin(ids[1])) == expected
    store.write_now(lambda tx: delete(tx, ids[1]))
    assert asked(store, lambda s: s.texts("p", [uid])) == {}
    assert asked(store, lambda s: s.origin(ids[1])) == expected


def test_entities_are_counted_for_each_project(store: Store) -> None:
    _owner, ids = fill(store, "tea", "coffee", "milk", project="id-a")
    fill(store, "cocoa", user="amy", project="id-a")
    fill(store, "beer", user="bob", project="id-b")
    store.write_now(lambda tx: tx.delete("id-a", list(tx.for_update(ids[:1]).values()), 12))
    assert asked(store, lambda s: s.entities("id-a")) == [
        EntityCount("user", "amy", 1, 10, 10),
        EntityCount("user", "ann", 2, 10, 10),
        EntityCount("agent", "bot", 3, 10, 10),
        EntityCount("run", "r1", 3, 10, 10),
    ]
    assert [e.entity_id for e in asked(store, lambda s: s.entities("id-b"))] == ["bob", "bot", "r1"]


def test_operations_are_paged_newest_first_in_each_project(store: Store) -> None:
    _owner, ids = fill(store, "tea", "coffee", project="id-a")
    _other, others = fill(store, "beer", user="bob", project="id-b")
    store.write_now(lambda tx: tx.delete("id-a", list(tx.for_update(ids[:1]).values()), 2 * DAY))
    count, newest = asked(store, lambda s: s.operations("id-a", 9, 0))
    assert (count, newest[0][0], sorted(memory for memory, _ in newest)) == (3, ids[0], sorted([ids[0], *ids]))
    for step in (1, 2):
        with store.read() as view:
            pages = [view.serving.operations("id-a", step, offset) for offset in range(0, 4, step)]
        assert [row for _, page in pages for row in page] == newest
        assert {total for total, _ in pages} == {3}
    assert [memory for memory, _ in asked(store, lambda s: s.operations("id-b", 9, 0))[1]] == others


def test_feedback_on_one_memory_is_kept_for_each_project(store: Store) -> None:
    here, there = Feedback("POSITIVE", "good"), Feedback("NEGATIVE", None)
    store.write_now(lambda tx: tx.serving.keep_feedback("id-a", "m1", here, 10))
    assert asked(store, lambda s: s.feedback("id-a", "m1")) == here
    assert asked(store, lambda s: s.feedback("id-b", "m1")) is None
    store.write_now(lambda tx: tx.serving.keep_feedback("id-b", "m1", there, 11))
    assert asked(store, lambda s: (s.feedback("id-a", "m1"), s.feedback("id-b", "m1"))) == (here, there)
    store.write_now(lambda tx: tx.serving.keep_feedback("id-a", "m1", Feedback(None, None), 12))
    assert asked(store, lambda s: s.feedback("id-a", "m1")) == Feedback(None, None)
    assert asked(store, lambda s: s.feedback("id-b", "m1")) == there
    assert asked(store, lambda s: s.feedback("id-a", "m2")) is None


def test_the_newest_export_is_that_of_its_project_and_its_filters(store: Store) -> None:
    old, new = export("e9", at=1), export("e1", at=2)
    bobs, others = export("e5", filters="bob", at=3), export("e6", project_id="id-b", at=4)
    put(store, (new, old, bobs, others), lambda serving, each: serving.add_export(each))
    assert asked(store, lambda s: s.export("id-a", "e9")) == old
    assert asked(store, lambda s: s.export("id-b", "e9")) is None
    turned = dict(reversed(new.filters.items()))
    assert list(turned) != list(new.filters)
    assert asked(store, lambda s: s.newest_export("id-a", turned)) == new
    assert asked(store, lambda s: s.newest_export("id-a", bobs.filters)) == bobs
    assert asked(store, lambda s: s.newest_export("id-b", new.filters)) == others
    assert asked(store, lambda s: s.newest_export("id-b", bobs.filters)) is None


def test_a_project_has_its_own_webhooks_and_only_so_many(store: Store) -> None:
    first, second, others = webhook("w2", at=1), webhook("w1", at=2), webhook("w3", project_id="id-b", at=0)
    assert all(put(store, (others, second, first), lambda serving, each: serving.add_webhook(each, 2)))
    assert not store.write_now(lambda tx: tx.serving.add_webhook(webhook("w4"), 2))
    assert asked(store, lambda s: s.webhooks("id-a")) == [first, second]
    assert asked(store, lambda s: s.webhooks("id-b")) == [others]
    changed = replace(first, name="n", url="https://new.test/", event_types=("UPDATE",), updated_at=99)
    store.write_now(lambda tx: tx.serving.keep_webhook(replace(changed, secret="other", created_at=77, since=0)))
    assert asked(store, lambda s: s.webhook("w2")) == changed
    store.write_now(lambda tx: tx.serving.remove_webhook("w1"))
    assert asked(store, lambda s: s.webhooks("id-a")) == [changed]
    assert asked(store, lambda s: (s.webhook("w1"), s.webhook("w3"))) == (None, others)
    assert store.write_now(lambda tx: tx.serving.add_webhook(webhook("w4"), 2))


def test_the_last_deliveries_of_one_webhook_come_newest_first(store: Store) -> None:
    put(
        store,
        (delivery("w1", 1), delivery("w2", 1), delivery("w1", 2), delivery("w1", 3)),
        lambda serving, each: serving.log_delivery(each),
    )
    assert asked(store, lambda s: s.deliveries("w1", 9)) == [delivery("w1", n) for n in (3, 2, 1)]
    assert asked(store, lambda s: s.deliveries("w1", 2)) == [delivery("w1", n) for n in (3, 2)]
    assert asked(store, lambda s: s.deliveries("w2", 2)) == [delivery("w2", 1)]


def test_only_what_is_older_is_forgotten_and_the_oldest_first(store: Store) -> None:
    calls = [call(place) for place in (1, 2, 3, 4)]

    def fill_log(tx: Write) -> None:
        for each in calls:
            tx.serving.keep_call(each)
            tx.serving.log_delivery(delivery("w1", each.answer["n"], at=each.started_at))

    def left() -> tuple[list[int], list[int]]:
        with store.read() as view:
            kept = [call.answer["n"] for call in view.serving.calls("id-a", 9, 0)[1]]
            return kept, [each.attempt for each in view.serving.deliveries("w1", 9)]

    store.write_now(fill_log)
    assert left() == ([4, 3, 2, 1], [4, 3, 2, 1])
    assert first_uid(3 * DAY) <= calls[2].id
    assert store.write_now(lambda tx: tx.serving.forget_log(3 * DAY, 1)) == 2
    assert left() == ([4, 3, 2], [4, 3, 2])
    assert store.write_now(lambda tx: tx.serving.forget_log(3 * DAY, 9)) == 2
    assert left() == ([4, 3], [4, 3])
    assert store.write_now(lambda tx: tx.serving.forget_log(3 * DAY, 9)) == 0
    assert left() == ([4, 3], [4, 3])
