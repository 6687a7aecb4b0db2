"""Parity by its command: equal where all is well, and else what differs, by how much and why."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from riskloom.cli import main
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from tests.library.store.conftest import at, event
from tests.library.store.known import make_known

pytestmark = pytest.mark.feast


def compared(shop, *arguments):
    done = CliRunner().invoke(main, ["--project", str(shop.root), "parity", *arguments])
    assert done.exit_code in (0, 3), done.output
    return done.exit_code, done.output


def features(text):
    found = json.loads(text)["features"]
    return {one["feature"]: {key: value for key, value in one.items() if key != "feature" and value} for one in found}


@pytest.fixture
def known(make_shop):
    shop = make_known(make_shop().root)
    shop.edit('transform="logins:to_events",', 'transform="logins:to_events", event_id=("action",),')
    shop.write([event(m, user_name=f"u{m % 5}", event_id=str(m)) for m in range(60)], at(60))
    register(shop.project)
    materialize(shop.project)
    open_store(shop.repo).materialize(at(-60), at(60), feature_views=["user_profile", "pair_profile"])
    return shop


def test_what_is_served_is_compared_with_the_training_set(known):
    code, text = compared(known, "user_v1", "--sample", "20")
    assert code == 0
    lines = text.splitlines()
    assert lines[0] == "user_v1 at 2010-12-01T09:00:00Z: 360 values, 0.0000% not equal"
    assert lines[1].split() == ["feature", "compared", "equal", "missing", "extra", "other", "largest", "causes"]
    assert lines[2].split() == ["events_count_5m", "20", "20", "0", "0", "0", "0", "-"]
    code, text = compared(known, "known_v1", "--sample", "20", "--at", "2010-12-01T09:05:00Z", "--json")
    assert (code, json.loads(text)["unequal"]) == (0, 0)
    # A late event is in the table and not online yet.
    known.write(
        [event(m, user_name=f"u{m % 5}", event_id=str(m)) for m in range(60)] + [event(59.5, user_name="u1")], at(60)
    )
    code, text = compared(known, "user_v1", "--sample", "20", "--json")
    assert code == 3
    late = features(text)["events_count_1h"]
    assert (late["compared"], late["largest"]) == (20, 1.0)
    assert late["causes"] == {"late event": late["other"]}
    assert late["equal"] + late["other"] == 20
    assert compared(known, "user_v1", "--sample", "20", "--threshold", "0.9")[0] == 0
    # A pushed event is online and not in the table.
    materialize(known.project)
    client = OnlineFeatures.connect(known.repo)
    client.push("user_logins", [{"user_name": f"u{n}", "action": f"p{n}", "event_ts": at(60)} for n in range(5)])
    code, text = compared(known, "user_v1", "--sample", "20", "--at", "2010-12-01T09:01:00Z", "--json")
    assert (code, features(text)["events_count_1h"]["causes"]) == (3, {"pushed, not in the log": 20})
    # A read before the state, and rows of a batch view that were written since.
    code, text = compared(known, "user_v1", "--sample", "20", "--at", "2010-12-01T08:59:00Z", "--json")
    missing = features(text)["events_count_1h"]
    assert missing == {"compared": 20, "missing": 20, "causes": {"not yet materialized": 20}}
