"""Logs of real systems, read in this process by the same decoder that tasks of Spark call."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from riskloom import AccessLog, Csv, EventSource, JsonLines, Sshd, Syslog
from riskloom.extract.content import inspect
from riskloom.intervals import to_micros
from riskloom.testing.read_file import read_file

ROOT = Path(__file__).resolve().parents[3]
SAMPLES, DEMO = ROOT / "tests/data", ROOT / "demo/data"
ARRIVED = to_micros("2026-01-01T00:00:00Z")


def read(path, source):
    """Read a file: rows of events and rejects in order, and lines by kind."""
    found = read_file(path, source, name="x.log", arrived=ARRIVED)
    assert sum(found.kinds.values()) == inspect(str(path)).lines
    return found.events, found.rejects, found.kinds


@pytest.fixture
def data(shared):
    """Folder of the data that is not shipped, for what may not be."""
    if shared is None:
        pytest.skip("the data beside the checkout is not there")
    return shared


@pytest.fixture(params=["sample", "whole"])
def either(request, shared):
    """Give the shipped sample of a data set, and the whole of it where that is beside the checkout."""

    def place(name, file):
        if request.param == "whole" and shared is None:
            pytest.skip("the data beside the checkout is not there")
        return (SAMPLES if request.param == "sample" else shared) / name / file

    return place


def gunzipped(path):
    return gzip.decompress(path.read_bytes()).splitlines()


def declared(format_, columns, *, typed=None, **more):
    types = dict.fromkeys(columns, "string") | (typed or {})
    return EventSource(name="real", files="real", format=format_, columns=types, **more)


def test_apache_logs_are_read_whole():
    columns = ("client_address", "method", "path", "query", "referrer", "user_agent")
    source = declared(AccessLog(), columns, typed={"status": "int64", "bytes": "int64", "is_bot_ua": "bool"})
    events, rejects, _ = read(DEMO / "access_log/access.log.gz", source)
    assert (len(events), rejects) == (10_000, [])
    assert Counter(tuple(row["repair_codes"]) for row in events) == {(): 9_999, ("truncated_tail",): 1}
    assert Counter(row["status"] for row in events)[404] == 213


def test_auth_log_events_have_their_year():
    columns = ("host", "action", "method", "user_name", "source_address")
    source = declared(
        Sshd(),
        columns,
        typed={"port": "int64"},
        reference_date=date(2017, 4, 20),
        ignore={"not_sshd": r"^[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} \S+ (?!sshd\[)[^\s\[:]+(\[[0-9]+\])?:"},
    )
    events, rejects, kinds = read(DEMO / "auth_log/auth.log.gz", source)
    assert (len(events), rejects, kinds["record"], kinds["ignored"]) == (4_420, [], 4_095, 3_026)
    assert {row["event_ts"].year for row in events} == {2017}
    actions = Counter(row["action"] for row in events)
    assert (actions["failed"], actions["accepted"], actions["invalid_user"]) == (1_042, 226, 178)


def test_nested_json_is_flattened_on_demand(either):
    source = EventSource(
        name="real",
        files="real",
        format=JsonLines(),
        columns={"version": "int64", "accepted": "int64", "requests": "int64", "first_peer": "string"},
        fields={
            "accepted": "connections.accepted",
            "requests": "server_zones.[hg.nginx.org].requests",
            "first_peer": "upstreams.[hg-backend].peers.0.server",
        },
    )
    path = either("weblogs", "nginxplus_json_logs.gz")
    events, rejects, _ = read(path, source)
    truth = [json.loads(line) for line in gunzipped(path)]
    assert rejects == []
    assert [(row["accepted"], row["requests"]) for row in events] == [
        (one["connections"]["accepted"], one["server_zones"]["hg.nginx.org"]["requests"]) for one in truth
    ]
    assert [int(row["event_ts"].timestamp() * 1000) for row in events] == [one["timestamp"] for one in truth]
    assert {row["ts_precision"] for row in events} == {"ms"}
    # What no column takes is kept: of objects that columns are read from, what they leave.
    assert {"connections.dropped", "address", "server_zones.trac.nginx.org"} <= dict(events[0]["extras"]).keys()


def test_openssh_lines_agree_with_their_structured_twin(data):
    source = declared(Syslog(), ("host", "program", "pid", "message"), reference_date=date(2023, 1, 10))
    events, rejects, _ = read(data / "openssh_loghub/OpenSSH_2k.log", source)
    with (data / "openssh_loghub/OpenSSH_2k.log_structured.csv").open(newline="") as file:
        truth = list(csv.DictReader(file))
    repeated = re.compile(r"message repeated (\d+) times: \[ (.*)\]")
    by_line = defaultdict(list)
    for row in events:
        by_line[row["line_no"]].append(row)
    assert (rejects, len(by_line)) == ([], len(truth))
    for one in truth:
        rows = by_line[int(one["LineId"])]
        again = repeated.fullmatch(one["Content"])
        assert len(rows) == (int(again[1]) if again else 1)
        assert {row["message"].rstrip() for row in rows} == {again[2] if again else one["Content"].rstrip()}
        assert {(row["host"], row["program"], row["pid"]) for row in rows} == {(one["Component"], "sshd", one["Pid"])}
        assert f"{rows[0]['event_ts']:%b %d %H:%M:%S}" == f"{one['Date']} {int(one['Day']):02d} {one['Time']}"


def test_clicks_are_all_accounted_for(data):
    clicks = declared(
        Csv(),
        ("ip", "app", "device", "os", "channel"),
        header=True,
        timestamp=("click_time",),
        typed={"attributed_time": "timestamp", "is_attributed": "bool"},
    )
    events, rejects, kinds = read(data / "talkingdata/train_sample.csv.gz", clicks)
    assert (len(events), rejects, kinds) == (100_000, [], Counter(record=100_000, header=1))
    assert (sum(row["is_attributed"] for row in events), sum(row["attributed_time"] is not None for row in events)) == (
        227,
        227,
    )


def test_sign_ups_are_all_accounted_for(either):
    sign_ups = declared(
        Csv(),
        ("ip_address", "email_address", "event_label"),
        header=True,
        timestamp=("EVENT_TIMESTAMP",),
        fields={"event_label": "EVENT_LABEL"},
        meanings={"ip_address": "ip"},
    )
    path = either("registrations", "registration_data_20K.csv.gz")
    events, rejects, kinds = read(path, sign_ups)
    truth = list(csv.DictReader(line.decode() for line in gunzipped(path)))
    assert (rejects, kinds) == ([], Counter(record=len(truth), header=1))
    assert [(row["email_address"], row["event_label"]) for row in events] == [
        (one["email_address"], one["EVENT_LABEL"]) for one in truth
    ]


RETAIL = ("InvoiceNo", "CustomerID", "Quantity", "UnitPrice")


def test_order_lines_are_all_accounted_for():
    orders = declared(
        Csv(),
        ("invoice_no", "customer_id"),
        header=True,
        timestamp=("InvoiceDate",),
        fields=dict(zip(("invoice_no", "customer_id", "quantity", "price"), RETAIL, strict=True)),
        typed={"quantity": "int64", "price": "float64"},
    )
    days = [read(path, orders) for path in sorted((DEMO / "orders").glob("2010-12-*.csv.gz"))]
    assert (sum(len(events) for events, _, _ in days), [row for _, rejects, _ in days for row in rejects]) == (
        42_481,
        [],
    )
    assert sum(row["quantity"] for events, _, _ in days for row in events) == 342_228


def test_nested_orders_are_all_accounted_for(either):
    source = declared(
        JsonLines(),
        ("order_id", "currency", "city", "sku"),
        timestamp=("order_date",),
        fields={"city": "geoip.city_name", "sku": "products.0.sku", "total": "taxful_total_price"},
        typed={"total": "float64"},
    )
    path = either("eland_orders", "ecommerce.json.gz")
    events, rejects, _ = read(path, source)
    truth = [json.loads(line) for line in gunzipped(path)]
    assert (len(events), rejects) == (len(truth), [])
    assert [row["total"] for row in events] == [one["taxful_total_price"] for one in truth]
