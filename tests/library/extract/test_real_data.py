"""Logs of real systems, read in this process by the same decoder that tasks of Spark call."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import tarfile
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from riskloom import AccessLog, Csv, EventSource, JsonLines, LinePattern, Sshd, Syslog
from riskloom.extract.classify import Rules
from riskloom.extract.content import inspect
from riskloom.extract.decode import Decoder
from riskloom.extract.formats import strict_json
from riskloom.extract.formats.plan import Plan
from riskloom.extract.lines import Reading, batches
from riskloom.intervals import to_micros


def shared_data():
    """Find the data that is not shipped, beside the checkout or wherever RISKLOOM_SHARED says."""
    declared = os.environ.get("RISKLOOM_SHARED")
    places = [Path(declared)] if declared else [parent / "shared" for parent in Path(__file__).parents]
    return next((place / "data" for place in places if (place / "data").is_dir()), None)


DATA = shared_data()
pytestmark = pytest.mark.skipif(DATA is None, reason="the data beside the checkout is not there")
ARRIVED = to_micros("2026-01-01T00:00:00Z")


def read(path, source, name="x.log"):
    """Read a file: rows of events and rejects in order, and lines by kind."""
    found = inspect(str(path))
    rules = Rules(
        source.header, dict(source.ignore), source.record_start, {found.file_hash: found.head}, Plan.of(source)
    )
    reading = Reading(str(path), name, found.file_hash, found.size)
    table = pa.concat_tables(Decoder(rules, rules.plan).rows(batches_of(reading, rules)))
    rows = table.drop_columns(["file_hash", "file", "identity", "ingest_ts"]).to_pylist()
    kinds = Counter(row["kind"] for row in rows if row["ordinal"] == 0)
    assert sum(kinds.values()) == found.lines
    records = sorted((row for row in rows if row["kind"] == "record"), key=lambda row: (row["line_no"], row["ordinal"]))
    return [row for row in records if row["reason"] is None], [row for row in records if row["reason"]], kinds


def batches_of(reading, rules):
    from riskloom.extract.classify import INPUT

    for batch in batches(reading, ARRIVED):
        yield batch.select(list(INPUT))


def gunzipped(path):
    return gzip.decompress(path.read_bytes()).splitlines()


def declared(format_, columns, *, typed=None, **more):
    types = dict.fromkeys(columns, "string") | (typed or {})
    return EventSource(name="real", files="real", format=format_, columns=types, **more)


def test_apache_logs_are_read_whole():
    columns = ("client_address", "method", "path", "query", "referrer", "user_agent")
    source = declared(AccessLog(), columns, typed={"status": "int64", "bytes": "int64", "is_bot_ua": "bool"})
    events, rejects, _ = read(DATA / "weblogs/apache_logs.gz", source)
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
    events, rejects, kinds = read(DATA / "weblogs/auth.log.gz", source)
    assert (len(events), rejects, kinds["record"], kinds["ignored"]) == (4_420, [], 4_095, 3_026)
    assert {row["event_ts"].year for row in events} == {2017}
    actions = Counter(row["action"] for row in events)
    assert (actions["failed"], actions["accepted"], actions["invalid_user"]) == (1_042, 226, 178)


def test_nested_json_is_flattened_on_demand():
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
    path = DATA / "weblogs/nginxplus_json_logs.gz"
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


def test_openssh_lines_agree_with_their_structured_twin():
    source = declared(Syslog(), ("host", "program", "pid", "message"), reference_date=date(2023, 1, 10))
    events, rejects, _ = read(DATA / "openssh_loghub/OpenSSH_2k.log", source)
    with (DATA / "openssh_loghub/OpenSSH_2k.log_structured.csv").open(newline="") as file:
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


def test_csv_rows_are_all_accounted_for():
    clicks = declared(
        Csv(),
        ("ip", "app", "device", "os", "channel"),
        header=True,
        timestamp=("click_time",),
        typed={"attributed_time": "timestamp", "is_attributed": "bool"},
    )
    events, rejects, kinds = read(DATA / "talkingdata/train_sample.csv.gz", clicks)
    assert (len(events), rejects, kinds) == (100_000, [], Counter(record=100_000, header=1))
    assert (sum(row["is_attributed"] for row in events), sum(row["attributed_time"] is not None for row in events)) == (
        227,
        227,
    )
    sign_ups = declared(
        Csv(),
        ("ip_address", "email_address", "event_label"),
        header=True,
        timestamp=("EVENT_TIMESTAMP",),
        fields={"event_label": "EVENT_LABEL"},
        meanings={"ip_address": "ip"},
    )
    events, rejects, _ = read(DATA / "registrations/registration_data_20K.csv.gz", sign_ups)
    assert (len(events), rejects) == (20_000, [])
    orders = declared(
        Csv(),
        ("invoice_no", "customer_id"),
        header=True,
        timestamp=("InvoiceDate",),
        fields={"invoice_no": "InvoiceNo", "customer_id": "CustomerID", "quantity": "Quantity", "price": "UnitPrice"},
        typed={"quantity": "int64", "price": "float64"},
    )
    days = [read(path, orders) for path in sorted((DATA / "online_retail").glob("2010-12-*.csv.gz"))]
    assert (sum(len(events) for events, _, _ in days), [row for _, rejects, _ in days for row in rejects]) == (
        42_481,
        [],
    )
    assert sum(row["quantity"] for events, _, _ in days for row in events) == 342_228


def test_nested_orders_are_all_accounted_for():
    source = declared(
        JsonLines(),
        ("order_id", "currency", "city", "sku"),
        timestamp=("order_date",),
        fields={"city": "geoip.city_name", "sku": "products.0.sku", "total": "taxful_total_price"},
        typed={"total": "float64"},
    )
    path = DATA / "eland_orders/ecommerce.json.gz"
    events, rejects, _ = read(path, source)
    truth = [json.loads(line) for line in gunzipped(path)]
    assert (len(events), rejects) == (len(truth), [])
    assert [row["total"] for row in events] == [one["taxful_total_price"] for one in truth]


def test_the_strict_decoder_accepts_and_refuses_as_the_suite_says(tmp_path):
    source = EventSource(name="real", files="real", format=JsonLines(multiline=True), columns={"a": "string"})
    with tarfile.open(DATA / "json_test_suite/test_parsing.tar.gz") as archive:
        members = sorted((member for member in archive if member.isfile()), key=lambda member: member.name)
        outcomes = Counter()
        for member in members:
            name, content = member.name.rpartition("/")[2], archive.extractfile(member).read()
            try:
                strict_json.decode(content)
                accepted = True
            except ValueError:
                accepted = False
            assert name[0] == "i" or accepted == (name[0] == "y"), name
            (tmp_path / name).write_bytes(content)
            events, rejects, _ = read(tmp_path / name, source)
            outcomes[name[0]] += 1
            # None of them has a time, so that each is refused for what it is, or for that.
            assert events == []
            assert all(row["reason"] for row in rejects)
    assert (outcomes["y"], outcomes["n"]) == (95, 188)


# Cowrie's text: who connected, and who tried which password.
HEAD = r"(?P<time>\S+) \[(?P<system>[^\]]*)\] "
COWRIE = EventSource(
    name="cowrie",
    files="cowrie",
    format=LinePattern(
        HEAD + r"New connection: (?P<ip>\S+):(?P<port>\d+) \(\S+\) \[session: (?P<session>\w+)\]",
        HEAD + r"login attempt \[(?P<user_name>[^/]*?)/(?P<password>[\s\S]*)\] (?P<result>succeeded|failed)",
        HEAD + r"(?P<message>.*)",
    ),
    columns=dict.fromkeys(("system", "ip", "session", "user_name", "password", "result", "message"), "string")
    | {"port": "int64"},
    record_start=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4} \[",
)
TRANSPORT = re.compile(r"Transport,(\d+),([0-9a-fA-F.:]+)")


def sessions_of(events):
    """Find each attempt's session: transports are numbered in the order of connections, from the program's start."""
    waiting, known, found = defaultdict(dict), {}, []
    count, shift = 0, None
    for row in events:
        if row["session"]:
            waiting[row["ip"]][count] = row["session"]
            count += 1
            found.append(("connect", row["event_ts"], row["ip"], row["session"], None, None))
            continue
        if "Starting factory <cowrie.ssh" in (row["message"] or ""):
            known.clear()
            shift = None
        transport = TRANSPORT.search(row["system"])
        if transport is None:
            continue
        number, ip = int(transport[1]), transport[2]
        if transport[0] not in known and waiting[ip]:
            place = number - shift if shift is not None and number - shift in waiting[ip] else min(waiting[ip])
            known[transport[0]] = waiting[ip].pop(place)
            shift = number - place
        if row["result"]:
            found.append(
                (row["result"], row["event_ts"], ip, known.get(transport[0]), row["user_name"], row["password"])
            )
    return found


KINDS = {"cowrie.session.connect": "connect", "cowrie.login.success": "succeeded", "cowrie.login.failed": "failed"}


def check_cowrie(paths):
    events, truth = [], []
    for path in paths:
        rows, rejects, _ = read(path, COWRIE)
        assert rejects == []
        events += rows
        for line in gunzipped(path.with_name(path.name.replace("cowrie.log", "cowrie.json"))):
            one = json.loads(line)
            if one["eventid"] in KINDS:
                who = (one["src_ip"], one["session"], one.get("username"), one.get("password"))
                truth.append((KINDS[one["eventid"]], one["timestamp"], *who))
    found = [(kind, f"{when:%Y-%m-%dT%H:%M:%S.%fZ}", *rest) for kind, when, *rest in sessions_of(events)]
    assert Counter(found) == Counter(truth)
    return len(truth)


def test_cowries_text_alone_tells_what_its_json_tells():
    assert check_cowrie(sorted((DATA / "cowrie").glob("cowrie.log.2018-05-0*.gz"))) > 1_000


@pytest.mark.slow
def test_cowries_text_of_a_month_tells_what_its_json_tells():
    assert check_cowrie(sorted((DATA / "cowrie").glob("cowrie.log.*.gz"))) == 14_071
