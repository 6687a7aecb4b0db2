"""What the feature server answers, in this process: values, statuses, instants, counts."""

from __future__ import annotations

import pytest

from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from tests.library.serve.conftest import ASKED, NOW, READER, USERS, calling, columns, fill, in_seconds, name_by_device
from tests.library.store.conftest import at

pytestmark = pytest.mark.feast


def test_the_answer_is_that_of_the_client_with_statuses_and_times(caller):
    client = OnlineFeatures.connect(caller.repo)
    found = columns(caller.ask(ASKED, **{"x-riskloom-at": NOW}))
    assert found.pop("user_name") == {
        "values": USERS,
        "statuses": ["PRESENT"] * 3,
        "event_timestamps": ["1970-01-01T00:00:00Z"] * 3,
    }
    rows = client.get_many("user_v1", [{"user_name": user} for user in USERS], at(60))
    for name, column in found.items():
        wanted = [row.values[name] for row in rows]
        if name.startswith("seen_at"):
            wanted = [None if value is None else int(value.timestamp()) for value in wanted]
        assert column["values"] == wanted, name
        names = {"present": "PRESENT", "null": "NULL_VALUE", "not_found": "NOT_FOUND"}
        assert column["statuses"] == [names[row.statuses[name]] for row in rows], name
        assert column["event_timestamps"] == ["2010-12-01T09:00:00Z"] * 3
    # The instant as a field, a window that has emptied since, and a view too stale to be trusted.
    later = columns(caller.ask({**ASKED, "at": at(121).isoformat()}))
    assert later["events_count_1h"]["values"] == [0, 0, 0]
    assert set(columns(caller.ask({**ASKED, "at": at(241).isoformat()}))["events_count_1h"]["statuses"]) == {
        "OUTSIDE_MAX_AGE",
        "NOT_FOUND",
    }
    # Two views, one of them of two keys, with full names; and features one by one.
    both = {"user_name": ["ann"], "device_id": ["d1"], "account_id": ["a1"]}
    full = columns(caller.ask({"feature_service": "login_v1", "full_feature_names": True, "entities": both}))
    assert full["pair_logins__events_count_1h"]["values"] == [2]
    some = {"features": ["user_logins:events_count_1h", "number_logins:events_count_1h_hop1us"]}
    one = columns(caller.ask({**some, "entities": {"user_name": ["ann"], "number": [7]}}))
    assert [one[name]["values"] for name in ("number", "events_count_1h", "events_count_1h_hop1us")] == [[7], [2], [3]]


def test_feasts_remote_client_makes_of_it_what_feast_makes_of_our_store(caller):
    from feast.infra.online_stores.remote import RemoteOnlineStore

    local = open_store(caller.repo)
    entities = {"user_name": USERS, "device_id": ["d1"] * 3, "account_id": ["a1"] * 3}
    rows = [dict(zip(entities, values, strict=True)) for values in zip(*entities.values(), strict=True)]
    body = {"feature_service": "login_v1", "entities": entities, "full_feature_names": True}
    remote = RemoteOnlineStore()._build_online_response_from_json(caller.ask(body).json())
    service = local.get_feature_service("login_v1")
    assert remote.to_dict() == in_seconds(local.get_online_features(service, rows, full_feature_names=True))


def test_a_pushed_event_counts_in_later_reads_and_once(caller):
    def count(minutes):
        asked = {
            "features": ["user_logins:events_count_1h"],
            "entities": {"user_name": ["cid"]},
            "at": at(minutes).isoformat(),
        }
        return columns(caller.ask(asked))["events_count_1h"]["values"]

    event = {"event_timestamp": [at(61).isoformat()], "event_id": ["x1"], "user_name": ["cid"], "action": ["failed"]}
    body = {"push_source_name": "user_logins", "df": event, "to": "online"}
    assert caller.push(body, READER).status_code == 403
    first, again = caller.push(body), caller.push(body)
    assert (first.status_code, first.json()) == (
        200,
        {"outcomes": [{"event": 0, "view": "user_logins", "status": "accepted"}]},
    )
    assert again.json()["outcomes"][0]["status"] == "repeated"
    assert (count(61), count(61.1)) == ([0], [1])
    old = {**body, "df": {**event, "event_id": ["x2"], "event_timestamp": [at(-10_000).isoformat()]}}
    refused = caller.push(old)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "1 of 1 are refused: too_old. Their log brings these events.",
    )
    assert 'riskloom_pushed_total{status="accepted",view="user_logins"} 1.0' in caller.get("/metrics").text


def test_a_changed_view_is_served_by_its_former_declaration_until_the_new_one_is_complete(make_shop):
    shop = make_shop()
    name_by_device(shop)
    fill(shop)
    changing = calling(shop.repo)

    def counts():
        answer = changing.ask({**ASKED, "at": NOW})
        assert answer.status_code == 200
        found = columns(answer)
        names = ("events_count_5m", "events_count_1h", "events_count_2h")
        return {name: found[name]["values"] for name in names if name in found}

    assert counts() == {"events_count_5m": [0, 1, 0], "events_count_1h": [2, 1, 0]}
    shop.edit('source=logins, windows=("5m", "1h"),', 'source=logins, windows=("1h", "2h"), max_recent=2,')
    register(shop.project)
    # A server that has not looked yet goes on as before; one that has serves what both declarations have.
    assert counts() == {"events_count_5m": [0, 1, 0], "events_count_1h": [2, 1, 0]}
    assert changing.application.load()
    assert counts() == {"events_count_1h": [2, 1, 0], "events_count_2h": [None] * 3}
    materialize(shop.project)
    assert counts() == {"events_count_1h": [2, 1, 0], "events_count_2h": [2, 1, 0]}
    # More is pushed than a key may hold: it is said, and what lacks an event is no number.
    event = {"event_ts": [at(61).isoformat()] * 3, "user_name": ["ann"] * 3, "device_id": ["p1", "p2", "p3"]}
    full = changing.push({"push_source_name": "user_logins", "df": event})
    assert (full.status_code, full.json()["detail"]) == (
        429,
        "1 of 3 are refused: recent_full. Their log brings these events.",
    )
    assert [one["status"] for one in full.json()["outcomes"]] == ["accepted", "accepted", "recent_full"]
    later = columns(changing.ask({**ASKED, "at": at(62).isoformat()}))["events_count_1h"]
    assert (later["values"], later["statuses"]) == ([None, 1, 0], ["NULL_VALUE", "PRESENT", "NOT_FOUND"])
    # The first and the last instants that there are.
    for instant, values in (("0001-01-01T00:00:00Z", [None] * 3), ("9999-12-31T23:59:59Z", None)):
        answer = changing.ask({**ASKED, "at": instant})
        assert answer.status_code == 200
        assert values is None or columns(answer)["events_count_1h"]["values"] == values


BAD_PUSHES = {
    "target": (
        {"push_source_name": "user_login"},
        "'user_login' is no event source and no windowed view of the registry. Did you mean 'user_logins'?",
    ),
    "name": ({"push_source_name": 1}, "push_source_name is the name of an event source or of a windowed view."),
    "to": ({"to": "offline"}, "to is 'online': the durable copy of an event comes by its log."),
    "df": ({"df": []}, "df is an object of lists: a value for each event, by the name of the column."),
    "lengths": (
        {"df": {"event_ts": [], "user_name": ["ann"]}},
        "the lists in df are empty or differ in length. Give each event a value for each column.",
    ),
    "many": (
        {"df": {"event_ts": ["x"] * 1_001}},
        "1001 events are asked for, and at most 1000 are answered at once. Ask in parts.",
    ),
    "column": (
        {"df": {"event_ts": [at(61).isoformat()], "user": ["ann"]}},
        "source 'logins', event 0: there is no column 'user'. Did you mean 'user_name'?",
    ),
}


@pytest.mark.parametrize("case", BAD_PUSHES)
def test_a_bad_push_is_told_what_to_change(caller, case):
    change, text = BAD_PUSHES[case]
    answer = caller.push({"push_source_name": "user_logins", "df": {"event_ts": [at(61).isoformat()]}, **change})
    assert (answer.status_code, answer.json()["detail"]) == (422, text)
