"""Who asked to be forgotten, and what is too old, is in no table, log or store any more, and does not come back."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from riskloom import build_training_set
from riskloom.cli import main
from riskloom.intervals import to_micros
from riskloom.lake import ops, served, tables
from riskloom.lake.erasures import erasures
from riskloom.lake.key_ids import key_in_use
from riskloom.lake.paths import Lake
from riskloom.run.purge import purge
from riskloom.store.materialize import materialize
from riskloom.store.reproduce import reproduce
from riskloom.testing.planted import traces
from riskloom.tokens import Ring

pytestmark = [pytest.mark.spark, pytest.mark.feast]

OF_ANNA = (
    "anna.lindqvist-77",
    "4111 1111 1111 1111",
    "12 Planted Street",
    "123-45-6789",
    "cut.off@planted.example",
)


@pytest.fixture
def shop(shop_that_ran, tmp_path, keys):
    return shop_that_ran.copy(tmp_path / "shop")


def asked(shop, *arguments):
    done = CliRunner().invoke(main, ["--project", str(shop.root), "purge", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return {name: count for one in json.loads(done.stdout)["sources"] for name, count in one["removed"].items()}


def test_after_an_erasure_nothing_is_found(shop, planted):
    state = shop.root / ".riskloom"
    token = Ring.required("the test").token(planted.anna)
    before = shop.online("customer_v1", customer_id=planted.ben)
    assert shop.online("customer_v1", customer_id=planted.anna)["customer_messages__events_count_1d"] == 1
    row = dict.fromkeys(served.SCHEMA.names) | {"view": "customer_orders", "keys": json.dumps({"customer_id": token})}
    served.append(Lake(shop.lake), pa.Table.from_pylist([row], schema=served.SCHEMA))
    planned = asked(shop, "--entity", f"customer_id={planted.anna}", "--dry-run")
    assert traces(state, (planted.anna, token))
    done = asked(shop, "--entity", f"customer_id={planted.anna}")
    assert done == {
        "bronze.messages": 10, "silver.messages": 4, "quarantine.messages": 2, "gold.customer_messages": 4,
        "online.customer_messages": 1, "bronze.orders": 3, "silver.orders": 2, "quarantine.orders": 1,
        "gold.customer_orders": 2, "online.customer_orders": 1, "ops.served": 1,
    }  # fmt: skip
    assert planned == {
        name: count for name, count in done.items() if name.split(".")[0] in ("bronze", "silver", "quarantine")
    }
    # The message in which Ben names her is his, and stays; nothing else of hers is anywhere.
    left = {path.split("/")[1] for path, _ in traces(state, (*OF_ANNA, token), leave_out=["lake/ops/erasures"])}
    assert left == {"bronze", "silver"}
    assert {value for _, value in traces(state, OF_ANNA)} == {planted.anna}
    assert traces(state / "lake/ops", OF_ANNA) == []
    # Of her, everything is null and nothing is counted; of him, nothing has changed.
    assert shop.online("customer_v1", customer_id=planted.anna)["customer_messages__events_count_1d"] == 0
    assert shop.online("customer_v1", customer_id=planted.ben) == before
    # Once more, there is nothing to do, and no state is written again.
    assert set(asked(shop, "--entity", f"customer_id={planted.anna}").values()) == {0}
    assert materialize(shop.project, ["customer_messages"]) == {"customer_messages": 0}


def test_an_erasure_without_tokens_names_nobody_either(shop, planted):
    state = shop.root / ".riskloom"
    assert asked(shop, "--entity", f"visitor_id={planted.vera}") == {
        "bronze.visits": 1, "silver.visits": 1, "gold.visitor_visits": 1, "online.visitor_visits": 1, "quarantine.visits": 0,
    }  # fmt: skip
    assert traces(state, planted.of_visits) == []
    assert shop.online("visitor_v1", visitor_id="walter") == {"events_count_1d": 1}


def test_an_erasure_that_was_killed_is_finished_by_the_next(shop, planted, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    state, entity = shop.root / ".riskloom", {"customer_id": planted.anna}
    for step in ("erase.blank", "Meant.gone_lines", "aggregate", "forget_past"):
        with monkeypatch.context() as patched:
            patched.setattr(f"riskloom.run.purge.{step}", killed)
            with pytest.raises(KeyboardInterrupt):
                purge(shop.project, entity=entity, sources=["messages"])
    (one,) = purge(shop.project, entity=entity, sources=["messages"])
    assert (Ring.required("the test").token(planted.anna),) not in shop.rows("silver", "messages", "customer_id")
    assert traces(state, ("4111 1111 1111 1111",)) == []
    assert [found.state for found in erasures(Lake(shop.lake), "messages")] == ["done"]
    assert erasures(Lake(shop.lake), "messages")[0].erasure_id == one.erasure_id


def test_what_is_older_than_a_day_goes_and_what_is_younger_stays(shop, planted):
    done = asked(shop, "--before", "2024-05-02")
    assert {name: count for name, count in done.items() if name.startswith(("bronze", "silver", "quarantine"))} == {
        "bronze.messages": 12, "silver.messages": 4, "quarantine.messages": 4, "bronze.orders": 4, "silver.orders": 2,
        "quarantine.orders": 2, "bronze.visits": 2, "silver.visits": 2, "quarantine.visits": 0,
        "bronze.casts": 0, "bronze.calls": 0,
    }  # fmt: skip
    times = [row[0] for source in ("messages", "orders", "visits") for row in shop.rows("silver", source, "event_ts")]
    assert min(times).isoformat() >= "2024-05-02"
    assert traces(shop.root / ".riskloom/lake/bronze", (planted.private[5], planted.private[6])) == []
    assert shop.online("customer_v1", customer_id=planted.anna)["customer_messages__amount_sum_1d"] == 17


def test_the_commands_of_the_documentation_run(shop):
    text = (Path(__file__).parents[3] / "docs/privacy.md").read_text()
    commands = re.findall(r"^riskloom (purge .*)$", text, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        done = CliRunner().invoke(main, ["--project", str(shop.root), *shlex.split(command)])
        assert done.exit_code == 0, done.output


def test_what_a_purge_refuses(shop):
    for arguments, error in (
        ((), "a purge is by time or by key: give --before DATE, or --entity KEY=VALUE."),
        (("--entity", "x"), "--entity number 1 is no KEY=VALUE."),
        (
            ("--entity", "customer=7"),
            "no event of messages, orders, visits, casts, calls has the key customer. Did you mean 'customer_id'?",
        ),
        (
            ("--entity", "page=7", "--source", "orders"),
            "no event of orders has the key page. Available: amount, customer_id, note, order_no.",
        ),
    ):
        done = CliRunner().invoke(main, ["--project", str(shop.root), "purge", *arguments])
        assert (done.exit_code, done.stderr) == (1, f"error: {error}\n")


def message(ts, customer, text, amount):
    return json.dumps({"ts": ts, "customer_id": customer, "text": text, "amount": amount}) + "\n"


def test_nobody_comes_back_and_keys_rotate(shop, planted, newer_keys):
    """One process after an erasure: the files again, grown and with a late copy, then a rotation of keys."""
    at = pa.array([to_micros("2024-05-02T12:00:00Z")] * 2, pa.timestamp("us", "UTC"))
    spine = pa.table({"customer_id": [planted.anna, planted.ben], "event_timestamp": at})
    kept = shop.root / "kept"
    build_training_set("customer_v1", spine, project=shop.root, output="parquet", out=kept)
    asked(shop, "--entity", f"customer_id={planted.anna}")
    with (shop.root / "data/messages/2024-05-02.jsonl").open("a") as grown:
        grown.write(message("2024-05-02T13:00:00Z", planted.ben, "more", 23))
        grown.write(message("2024-05-02T14:00:00Z", planted.anna, "unseen before", 29))
    again = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    late = (*planted.messages_of_anna, message(again, planted.anna, "here again", 31))
    (shop.root / "data/messages/2024-05-02-late.jsonl").write_text("".join(late))
    run = "run --interval 2024-05-01T00:00:00Z/2024-05-03T00:00:00Z --source messages --source orders"
    shop.tell(run, run, "rotate-keys --json", run, keys=newer_keys)

    assert traces(shop.root / ".riskloom", planted.private, leave_out=["lake/bronze"]) == []
    # Of hers there is what she did after the erasure, and the bytes of nothing else.
    lake, ring = Lake(shop.lake), Ring.required("the test")
    silver = tables.read(lake.silver("messages")).to_pylist()
    assert [row["amount"] for row in silver if row["customer_id"] == ring.token(planted.anna)] == [31]
    assert sorted(row["amount"] for row in silver if row["customer_id"] == ring.token(planted.ben)) == [11, 19, 23]
    assert not [row for row in shop.rows("silver", "orders", "customer_id") if row == (ring.token(planted.anna),)]
    hers = [line for (line,) in shop.rows("bronze", "messages", "raw") if planted.anna.encode() in line]
    assert sorted(json.loads(line)["amount"] for line in hers) == [11, 31]
    # Both sums hold with the lines counted as left out, and runs that find nothing new change nothing.
    first, second, third = [one for one in ops.runs(lake) if one.source == "messages"][-3:]
    assert (first.ignored_rules, first.quarantined) == ({"erased": 13}, 2)
    assert (first.changed, second.changed, third.changed) == (2, 0, 0)
    assert replace(second, run_id="", started_ts=0, ended_ts=0, silver_version=0, changed=2) == replace(
        first, run_id="", started_ts=0, ended_ts=0, silver_version=0
    )
    # The keys have rotated: no table has a token of the older one, and raw identifiers find the same.
    rotated = json.loads(next(line for line in shop.said.splitlines() if line.startswith('{"silver.')))
    assert rotated["silver.messages"] == len(silver)
    names = ("silver/messages", "silver/orders", "gold/customer_messages", "gold/customer_orders")
    assert {key_in_use(lake.root / name, ["customer_id"]) for name in names} == {"k2"}
    assert {row[0] for row in shop.rows("gold", "customer_messages", "customer_id")} == {
        ring.token(name) for name in (planted.anna, planted.ben)
    }
    assert shop.online("customer_v1", customer_id=planted.ben)["customer_messages__amount_sum_1d"] == 42
    # The training set of before says which row was erased, and computes the other as it was.
    done = reproduce(shop.project.settings, kept)
    assert (done.rows, done.equal, done.erased, done.changed) == (2, 1, 1, 0)
