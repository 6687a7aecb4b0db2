"""After runs that pass and runs that fail, planted personal data stands in bronze and nowhere else."""

from __future__ import annotations

import json

import pytest

from riskloom.lake import ops, tables
from riskloom.lake.paths import Lake
from riskloom.testing.planted import traces
from riskloom.tokens import Ring

pytestmark = [pytest.mark.spark, pytest.mark.feast]


def test_what_was_planted_stands_in_bronze_alone(shop_that_ran, planted):
    state = shop_that_ran.root / ".riskloom"
    assert traces(state, planted.private, leave_out=["lake/bronze"]) == []
    # The search finds what is there: in bronze each of them, and in a source without declarations its identifier.
    assert {value for _, value in traces(state / "lake/bronze", planted.private)} == set(planted.private)
    where = {path.split("/")[1] for path, _ in traces(state, planted.of_visits) if path.startswith("lake/")}
    assert where == {"bronze", "silver", "gold", "staging"}


def test_the_search_looked_at_all_that_a_run_leaves(shop_that_ran):
    state = shop_that_ran.root / ".riskloom"
    names = [path.relative_to(state).as_posix() for path in state.rglob("*") if path.is_file()]
    for part in (
        "told.log", "online.db", "registry.db", "lake/ops/runs/", "lake/ops/validations/", "lake/ops/views/",
        "lake/silver/messages/_delta_log/", "lake/quarantine/orders/", "lake/gold/customer_messages/",
        "lake/staging/orders/", "gx/messages/data_docs/", "gx/messages/validations/", "gx/index.html",
    ):  # fmt: skip
        assert any(name.startswith(part) for name in names), part
    checks = tables.read(state / "lake/ops/validations").to_pylist()
    assert {check["column"] for check in checks if not check["success"]} == {"text", "customer_id", "note"}


def test_errors_say_what_and_where_without_the_row(shop_that_ran):
    failed = {run.source: run.error for run in ops.runs(Lake(shop_that_ran.lake)) if run.status == "failed"}
    place = shop_that_ran.root / "transforms/failing.py"
    rest = "(the rest may quote a row, and is left out). Nothing was published; fix it and run again."
    assert failed == {
        "casts": f"ExtractError: source 'casts': transform 'failing:by_cast' failed: CAST_INVALID_INPUT at {place}:15 {rest}",
        "calls": f"ExtractError: source 'calls': transform 'failing:by_call' failed: PYTHON_EXCEPTION: ValueError {rest}",
    }
    assert failed["casts"] in shop_that_ran.said
    assert json.loads(shop_that_ran.said.splitlines()[-1])["sources"]


def test_case_39_personal_data_in_free_text(shop_that_ran, planted, keys):
    lake = Lake(shop_that_ran.lake)
    rows = tables.read(lake.silver("messages")).to_pylist()
    ring = Ring.required("the test")
    first, second = sorted(
        (row for row in rows if row["customer_id"] == ring.token(planted.anna)), key=lambda row: row["event_ts"]
    )[:2]
    assert first["text"] == "call me <PHONE>, card <CARD>, <EMAIL>"
    assert first["flags"] == ["pii_card", "pii_email", "pii_phone"]
    assert second["text"] == "<ID> lives at <ADDRESS>, <NATIONAL_ID>"
    assert second["flags"] == ["pii_address", "pii_identifier", "pii_national_id"]


def test_rejects_keep_a_code_and_a_place(shop_that_ran):
    lake = Lake(shop_that_ran.lake)
    columns = ["stage", "reason", "detail", "line_no"]
    found = {
        source: sorted(tuple(row.values()) for row in tables.read(lake.quarantine(source), columns).to_pylist())
        for source in ("messages", "orders")
    }
    assert found == {
        "messages": [
            ("parse", "bad_number", "amount", 4),
            ("parse", "missing_required:customer_id", "customer_id", 6),
            ("parse", "truncated_json", "at character 99", 12),
            ("rule", "amount_plausible", None, 5),
        ],
        "orders": [("parse", "no_timestamp", None, 4), ("parse", "unnamed_reason", None, 3)],
    }
