"""The sample of what was served: kept beside the requests, with tokens for keys, and computed once more by parity."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from riskloom.cli import main
from riskloom.lake import served, tables
from riskloom.lake.paths import Lake
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.testing.planted import traces
from riskloom.tokens import KEYS, Ring
from tests.library.serve.conftest import calling
from tests.library.store.conftest import at, event

pytestmark = pytest.mark.feast
USERS = ["ann-planted", "bob-planted", "cid-planted", "dan-planted", "zoe-planted"]
ROWS = [event(m, user_name=USERS[m % 4], action=f"e{m}", event_id=f"e{m}") for m in range(40)]


def parity(shop, *arguments):
    done = CliRunner().invoke(main, ["--project", str(shop.root), "parity", *arguments, "--served"])
    assert done.exit_code in (0, 3), done.output
    return done.exit_code, done.output


def causes(text, feature):
    (found,) = (one for one in json.loads(text)["features"] if one["feature"] == feature)
    return found["causes"]


@pytest.fixture
def shop(make_shop, monkeypatch):
    monkeypatch.setenv(KEYS, "k1:" + "61" * 16)
    made = make_shop()
    made.edit('transform="logins:to_events",', 'transform="logins:to_events", event_id=("action",),')
    made.write(ROWS, at(40))
    register(made.project)
    materialize(made.project)
    return made


def sampling(shop, **options):
    lake = str(shop.project.settings.lake)
    caller = calling(shop.repo, lake=lake, served_share=1.0, **options)
    return caller, caller.application._sample


def sampled(caller):
    """Rows so far by what became of them: where Feast's metrics were imported first, a process counts on for all servers."""
    found = re.findall(r'riskloom_served_rows_total{result="(\w+)"} ([0-9.]+)', caller.get("/metrics").text)
    return {"kept": 0, "dropped": 0, "failed": 0, "written": 0} | {result: int(float(rows)) for result, rows in found}


def test_a_sample_is_kept_with_tokens_and_parity_computes_it_once_more(shop, monkeypatch):
    caller, sample = sampling(shop)
    lake = Lake(shop.project.settings.lake)
    asked = {"feature_service": "user_v1", "entities": {"user_name": USERS}}
    for minutes in (40, 41.5, 45):
        assert caller.ask({**asked, "at": at(minutes).isoformat()}).status_code == 200
    pair = {"device_id": ["d1"], "account_id": ["a1"]}
    both = {name: values * 5 for name, values in pair.items()} | {"user_name": USERS}
    caller.ask({"feature_service": "login_v1", "full_feature_names": True, "entities": both, "at": at(40).isoformat()})
    caller.ask({"feature_service": "number_v1", "entities": {"number": [7, 99, -1]}, "at": at(41).isoformat()})
    sample.write()
    rows = tables.read(lake.ops(served.TABLE)).to_pylist()
    assert len(rows) == 3 * 5 + 2 * 5 + 3
    first = rows[0]
    assert (first["service"], first["view"], first["at"]) == ("user_v1", "user_logins", at(40))
    assert json.loads(first["keys"]) == {"user_name": Ring.of_environment().token(USERS[0])}
    assert json.loads(first["values"])["events_count_1h"] == 10
    assert (first["gold_version"], first["revision"], first["watermark"]) == (0, 1, at(40))
    assert json.loads(rows[4]["statuses"])["events_count_1h"] == "not_found"
    assert not traces(lake.ops(served.TABLE), USERS)
    code, text = parity(shop, "user_v1")
    head, names, count, *_ = text.splitlines()
    assert code == 0
    assert head == "user_v1 from 2010-12-01T08:40:00Z to 2010-12-01T08:45:00Z: 360 values, 0.0000% not equal"
    assert names.split() == ["feature", "compared", "equal", "missing", "extra", "other", "largest", "causes"]
    assert count.split() == ["user_logins:events_count_5m", "20", "20", "0", "0", "0", "0", "-"]
    assert parity(shop, "login_v1", "--sample", "3", "--json")[0] == 0
    # Keys that are numbers, two of which the table does not have.
    assert parity(shop, "number_v1")[1].startswith("number_v1 at 2010-12-01T08:41:00Z: 6 values, 0.0000% not equal")
    # Ann's newest event is corrected, Bob has a late one, Cid one that no batch could have had, Dan what was pushed.
    pushed = {"event_ts": [at(43).isoformat()], "user_name": [USERS[3]], "action": ["p1"]}
    assert caller.push({"push_source_name": "user_logins", "df": pushed}).status_code == 200
    caller.ask({**asked, "at": at(45).isoformat()})
    sample.write()
    late = [event(39, user_name=USERS[1], event_id="late"), event(44, user_name=USERS[2], event_id="new")]
    shop.write([*(row for row in ROWS if row["event_id"] != "e36"), *late], at(40))
    code, text = parity(shop, "user_v1", "--json")
    assert code == 3
    # Each was served five times in all; Cid's twice after the event, and Dan's once.
    assert causes(text, "user_logins:events_count_1h") == {
        "correction": 5,
        "late event": 5,
        "not yet materialized": 2,
        "pushed, not in the log": 1,
    }
    assert parity(shop, "user_v1", "--threshold", "0.9")[0] == 0
    # What was served by another declaration is another thing.
    shop.edit('windows=("5m", "1h")', 'windows=("5m", "30m")')
    refused = CliRunner().invoke(main, ["--project", str(shop.root), "parity", "user_v1", "--served"])
    assert refused.output == (
        "error: service 'user_v1': ops.served says nothing of it: its 25 rows are of older declarations. Start "
        "`riskloom serve` with --served-share, and let it answer.\n"
    )
    assert (
        served.forget(lake, ["user_logins"], before=None, keys={"user_name": USERS[1]}, ring=Ring.of_environment()) == 5
    )
    served.tidy(lake, 1)
    assert len(tables.opened(lake.ops(served.TABLE)).file_uris()) == 1
    assert served.forget(lake, ["user_logins"], before=1, keys={}, ring=None) == 0
    assert tables.rows(lake.ops(served.TABLE)) == 28


def test_what_cannot_be_kept_is_counted_and_no_request_fails(shop):
    caller, sample = sampling(shop, served_rows=10)
    before = sampled(caller)
    asked = {"feature_service": "user_v1", "entities": {"user_name": USERS}}
    folder = Lake(shop.project.settings.lake).ops(served.TABLE)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a disk that takes no folder")
    assert [caller.ask(asked).status_code for _ in range(3)] == [200] * 3
    sample.write()
    now = sampled(caller)
    assert {result: now[result] - before[result] for result in now} == {
        "kept": 10,
        "dropped": 5,
        "failed": 10,
        "written": 0,
    }
    folder.unlink()
    sample.start()
    sample.close(10)
    assert tables.rows(folder) == 10
    # There is room again; a key that looks like somebody else's token cannot be told, and its request is answered.
    strange = {**asked, "entities": {"user_name": ["tok:k9:" + "0" * 32]}}
    assert [caller.ask(body).status_code for body in (asked, strange)] == [200, 200]
    sample.write()
    assert tables.rows(folder) == 15
