"""Pushes: each id counts once, what can't be decided is refused with the reason, and builds lose nothing."""

from __future__ import annotations

import logging
import re
import threading

import pytest

from riskloom.errors import StoreError
from riskloom.store.client import OnlineFeatures
from riskloom.store.erase import online_without
from riskloom.store.materialize import materialize
from riskloom.store.push import Outcome
from riskloom.store.register import register
from riskloom.store.repo import open_store
from tests.library.store.conftest import at, event

pytestmark = pytest.mark.feast
ANN = {"user_name": "ann"}
NAMED = 'transform="logins:to_events",\n            event_id=("action",),'


def whole(text):
    return f"^{re.escape(text)}$"


def pushed(minutes, event_id, **columns):
    row = {"user_name": "ann", "action": event_id, "amount": 100, "event_ts": at(minutes), **columns}
    return {name: value for name, value in row.items() if value is not None}


@pytest.fixture
def shop(make_shop):
    shop = make_shop()
    shop.edit('transform="logins:to_events",', NAMED.replace("\n            ", " "))
    shop.edit("aggregate.count(where=failed), aggregate.sum", 'aggregate.first("action"), aggregate.sum')
    ratio = "aggregate.ratio(aggregate.count(where=failed), aggregate.count())"
    shop.edit(ratio, 'aggregate.count_distinct("device_id")')
    shop.edit('max_staleness="2h"', "max_recent=3")
    batch(shop, [event(0, event_id="a", action="a"), event(59, event_id="b", action="b")], 60)
    register(shop.project)
    materialize(shop.project)
    return shop


def batch(shop, rows, watermark):
    shop.write(rows, at(watermark))


def count(client, minutes, feature="events_count_1h", **keys):
    row = client.get("user_v1", keys or ANN, at(minutes))
    return row.values[feature], row.statuses[feature]


def statuses(client, *events, view="user_logins"):
    return [outcome.status for outcome in client.push(view, events)]


def test_an_event_counts_in_later_reads_and_once(shop):
    client = OnlineFeatures.connect(shop.repo)
    assert client.push("user_logins", [pushed(61, "c")]) == [Outcome(0, "user_logins", "accepted")]
    assert count(client, 61) == (1, "present")
    assert count(client, 61.001) == (2, "present")
    assert count(client, 61.001, "action_last_1h") == ("c", "present")
    assert statuses(client, pushed(61, "c"), pushed(59, "b"), pushed(61, "c")) == ["repeated"] * 3
    assert count(client, 62) == (2, "present")
    # A batch takes it in, and a retry after that is known still.
    rows = [event(m, event_id=name, action=name) for m, name in ((0, "a"), (59, "b"), (61, "c"))]
    batch(shop, rows, 62)
    materialize(shop.project)
    assert count(client, 62) == (2, "present")
    assert statuses(client, pushed(61, "c")) == ["repeated"]
    assert held(shop) == b""


def held(shop, view="user_logins"):
    store = open_store(shop.repo)
    states = store.provider.online_store.views(store.config).states
    (parts,) = [states.look(view, states.pushed(view, b"s"))]
    return b"".join(part.recent for part in parts)


def test_a_source_is_pushed_to_each_of_its_views(shop):
    client = OnlineFeatures.connect(shop.repo)
    event = {**pushed(61, "c"), "device_id": "d9", "account_id": "a1"}
    outcomes = {outcome.view: outcome for outcome in client.push("logins", [event])}
    assert {view: (one.status, one.refused) for view, one in outcomes.items()} == {
        "user_logins": ("accepted", False),
        "pair_logins": ("accepted", False),
        "number_logins": ("no_key", False),
    }
    pair = client.get("pair_v1", {"device_id": "d9", "account_id": "a1"}, at(62))
    assert (pair.values["events_count_1h"], pair.statuses["events_count_1h"]) == (1, "present")


def test_what_is_too_old_or_too_much_is_refused(shop):
    client = OnlineFeatures.connect(shop.repo)
    assert statuses(client, pushed(-61, "old")) == ["too_old"]
    found = statuses(client, *(pushed(61 + place, f"n{place}") for place in range(5)))
    assert found == ["accepted"] * 3 + ["recent_full"] * 2
    assert count(client, 70) == (None, "saturated")
    # Nothing is missing of a window that is over before the first event that found no room.
    assert count(client, 64) == (4, "present")
    assert count(client, 70, "events_count_5m") == (None, "saturated")
    assert count(client, 71, "events_count_5m") == (0, "present")
    rows = [event(m, event_id=name, action=name) for m, name in ((0, "a"), (59, "b"))]
    rows += [event(61 + place, event_id=f"n{place}", action=f"n{place}") for place in range(5)]
    batch(shop, rows, 70)
    materialize(shop.project)
    assert count(client, 70) == (6, "present")


def test_a_view_that_was_never_materialized_takes_nothing(make_shop):
    shop = make_shop()
    shop.edit('transform="logins:to_events",', NAMED.replace("\n            ", " "))
    shop.write([event(0)], at(60))
    register(shop.project)
    assert statuses(OnlineFeatures.connect(shop.repo), pushed(61, "c")) == ["not_materialized"]


def test_what_no_log_confirms_expires_and_is_counted(shop, caplog):
    named = 'name="user_logins", entity=user, source=logins, windows=("5m", "1h"'
    shop.edit(f"{named})", f'{named}, "5d")')
    register(shop.project)
    materialize(shop.project)
    client = OnlineFeatures.connect(shop.repo)
    assert statuses(client, pushed(61, "c")) == ["accepted"]
    rows = [event(m, event_id=name, action=name) for m, name in ((0, "a"), (59, "b"))]
    batch(shop, rows, 61 + 48 * 60)
    materialize(shop.project)
    assert count(client, 61 + 48 * 60, "events_count_5d") == (3, "present")
    batch(shop, rows, 61.1 + 48 * 60)
    with caplog.at_level(logging.WARNING):
        materialize(shop.project)
    warned = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert warned == ["view 'user_logins': 1 pushed events expired, since no log has brought them"]
    assert count(client, 62 + 48 * 60, "events_count_5d") == (2, "present")


def test_a_new_build_and_a_new_declaration_keep_what_was_pushed(shop):
    client = OnlineFeatures.connect(shop.repo)
    assert statuses(client, pushed(61, "c", device_id="d7"), pushed(61, "z", user_name="zoe")) == ["accepted"] * 2
    materialize(shop.project, full=True)
    assert count(client, 62) == (2, "present")
    assert count(client, 62, user_name="zoe") == (1, "present")
    assert statuses(client, pushed(61, "c"), pushed(61.5, "d")) == ["repeated", "accepted"]
    shop.edit('aggregate.sum("amount")', 'aggregate.max("amount")')
    register(shop.project)
    materialize(shop.project)
    client = OnlineFeatures.connect(shop.repo)
    assert count(client, 62) == (3, "present")
    assert count(client, 62, "amount_max_1h") == (100, "present")


def test_many_who_push_at_once_lose_nothing(shop):
    client = OnlineFeatures.connect(shop.repo)
    store = open_store(shop.repo)
    store.provider.online_store.views(store.config).states.write("pair_logins", [])
    keys = {"device_id": "d9", "account_id": "a1"}
    threads = [
        threading.Thread(
            target=lambda name=name: [
                client.push("pair_logins", [{**pushed(61, f"{name}{place}"), **keys}]) for place in range(25)
            ]
        )
        for name in ("x", "y", "x", "z")
    ]
    for thread in threads:
        thread.start()
    materialize(shop.project, full=True)
    for thread in threads:
        thread.join()
    assert client.get("pair_v1", keys, at(62)).values["events_count_1h"] == 75


def test_an_event_that_is_not_as_declared_is_refused_whole(shop):
    client = OnlineFeatures.connect(shop.repo)
    good = pushed(61, "c")
    place = "source 'logins', event 1: "
    known = "account_id, action, amount, device_id, event_id, event_ts, night, number, score, seen_at, user_name."
    for bad, message in (
        ({"amount": "1"}, "'amount' is str '1', but int64 is declared. Nothing was stored."),
        ({"amount": True}, "'amount' is bool True, but int64 is declared. Nothing was stored."),
        ({"amount": 2**64}, "'amount' is int 18446744073709551616, but int64 is declared. Nothing was stored."),
        ({"usr": "x"}, f"there is no column 'usr'. Available: {known}"),
        ({"action": None}, "its id is missing: give 'action', or 'event_id'. Nothing was stored."),
    ):
        with pytest.raises(StoreError, match=whole(place + message)):
            client.push("user_logins", [good, {**good, **bad}])
    with pytest.raises(StoreError, match=r"event 0: .*event_ts.* Nothing was stored\.$"):
        client.push("user_logins", [{**good, "event_ts": "noon"}])
    message = "'user_login' is no event source and no windowed view of the registry. Did you mean 'user_logins'?"
    with pytest.raises(StoreError, match=whole(message)):
        client.push("user_login", [good])
    assert count(client, 62) == (1, "present")


def test_events_that_are_named_by_their_place_cannot_be_pushed(make_shop):
    shop = make_shop()
    shop.write([event(0)], at(60))
    register(shop.project)
    message = (
        "source 'logins' names its events by their place in a file, so a pushed one and its line would count twice. "
        "Declare event_id= as the columns that name an event."
    )
    with pytest.raises(StoreError, match=whole(message)):
        OnlineFeatures.connect(shop.repo).push("logins", [pushed(61, "c")])


def test_what_was_pushed_of_whom_was_erased_is_gone(shop):
    client = OnlineFeatures.connect(shop.repo)
    assert statuses(client, pushed(61, "c"), pushed(61, "z", user_name="zoe")) == ["accepted"] * 2
    batch(shop, [], 62)
    online_without(shop.project, ["user_logins"], {"user_name": "ann"})
    assert count(client, 62) == (0, "not_found")
    assert count(client, 62, user_name="zoe") == (1, "present")
    states = open_store(shop.repo).provider.online_store
    config = open_store(shop.repo).config
    assert [key[-3:] for key in states.views(config).states.pushed("user_logins", b"s")] == [b"zoe"]
