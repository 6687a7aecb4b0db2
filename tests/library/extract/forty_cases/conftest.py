# ruff: noqa: UP031 - the braces are those of JSON
"""Two logs that hold the forty kinds of mess, taken the whole way from files to silver and quarantine once."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from riskloom import AccessLog, Csv, EventSource, JsonLines, KeyValue, LinePattern, Profile, Sshd
from riskloom.extract.bronze import extract
from riskloom.extract.load import load
from riskloom.extract.publish import publish
from riskloom.intervals import Interval
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.settings import Settings

DATA = Path(__file__).resolve().parents[3] / "data"
NOW = datetime.now(UTC)
T = '"ts": "2024-05-01T10:00:00Z"'
AGENT = '"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
LOGIN = r"(?P<time>\S+) \[(?P<system>[^\]]*)\] login attempt \[(?P<user_name>[\s\S]*?)/(?P<password>[\s\S]*)\] (?P<result>failed|succeeded)"
OTHER = r"(?P<time>\d{4}-\S+) \[(?P<system>[^\]]*)\] (?P<message>.*)"
UNFORMATTED = (
    "2018-06-02T01:02:03.000004+0000 [SSHService 'ssh-userauth' on HoneyPotSSHTransport,9,198.18.0.1] Unable to format event "
    "{'username': 'administrat\\xc3\\xb6r', 'log_time': 1527901323.0, 'format': 'login attempt [%(username)s/%(password)s] failed', "
    "'password': 'it\\'s', 'eventid': 'cowrie.login.failed', 'log_level': <LogLevel=info>}: 'ascii' codec can't decode byte 0xc3"
)
GET = '83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200'

# Texts that only look as if they had been decoded twice.
NEGATIVE = [case["original"] for case in json.loads((DATA / "ftfy/negative.json").read_text())]

# Lines of one log of many programs, by case; each case's lines stand together.
MIXED = {
    1: [f'{GET} 203023 "-" "Mozilla/5.0"'],
    2: [
        f'"{GET} 203023 \\"-\\" \\"Mozilla/5.0\\""'.replace("+0000", "+0300")
        .replace('"GET', '\\"GET')
        .replace('1.1" ', '1.1\\" ')
    ],
    3: [f'{GET} 1 "-" {AGENT}'],
    4: [f'{GET} - "-" "Mozilla/5.0"'],
    5: [
        '198.18.0.1 - - [17/May/2015:10:05:03 +0000] "-" 408 0 "-" "-"',
        '198.18.0.1 - - [17/May/2015:10:05:03 +0000] "\\x16\\x03\\x01" 400 226 "-" "-"',
    ],
    6: [f'{GET} 1 "-" "Agent \\"7\\""'],
    7: ['{"user_id": "u7", %s, "amount": 5, "note": "cut he' % T],
    8: ['{"user_id": "u8", %s, "payload": {"a": "x"' % T],
    9: ['{"user_id": "u9", %s}{"user_id": "v9", %s}' % (T, T)],
    11: [
        '{"user_id": "u11", %s, "payload": %s}'
        % (T, json.dumps(json.dumps({"a": json.dumps({"b": json.dumps({"c": 1})})})))
    ],
    12: [
        '{"user_id": "u12", %s, "note": "a", "note": "b"}' % T,
        '{"user_id": "u12", "user_id": "u12", %s}' % T,
        '{"user_id": "u12", %s, "amount": 1, "amount": 2}' % T,
        '{"user_id": "u12", "user_id": "w12", %s}' % T,
    ],
    13: [
        '{"user_id": "u13", %s, "amount": NaN}' % T,
        '{"user_id": "u13", %s, "amount": Infinity}' % T,
        "{'user_id': 'u13', 'ts': '2024-05-01T10:00:00Z', 'ok': True, 'note': None}",
    ],
    14: ['[2022-02-11 14:44:34] crowdsec-events.INFO: {"type": "payment", "result": "fail", "user_id": "u14"} []'],
    16: [
        "2024-05-01T10:00:00.5+0000 [app] failed",
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "2024-05-01T10:00:01+0000 [app] went on",
    ],
    18: ['{"user_id": "Andr\u00e9", %s}' % T],
    19: [
        '{"user_id": "and\u00c5\u00beejs", "note": "Fran\u00c3\u00a7ois", %s}' % T,
        '{"user_id": "AH\u00c5\u2122, the", %s}' % T,
        *('{"user_id": %s, %s}' % (json.dumps(text, ensure_ascii=False), T) for text in NEGATIVE),
    ],
    20: [UNFORMATTED],
    21: ["2018-06-02T01:02:03.000004+0000 [SSH] login attempt [admin/\r", "123] failed"],
    22: ['{"user_id": "a\u200bb\x00\u202e\x1b[31mc\x1b[0m", %s}' % T, '{"user_id": "p\u0430ypal", %s}' % T],
    23: ['{"user_id": "u23", %s}\r' % T, "\r", "", "   ", '{"user_id": "v23", %s}' % T],
    25: [
        '{"user_id": "u25", "ts": %s}' % ts
        for ts in (
            "1396437466",
            "1396437466123",
            "1396437466123456",
            "1396437466123456789",
            "1396437466.94",
            '"1396437466.94"',
            '"1396437466123"',
        )
    ],
    26: ['{"user_id": "u26", "ts": %s}' % ts for ts in ("0", "-5", '"1970-01-01T00:00:00Z"', '"2100-01-01T00:00:00Z"')],
    27: ['{"user_id": "u27", "ts": "11/7/2017 9:30"}', '{"user_id": "u27", "ts": "25/7/2017 9:30"}'],
    28: ['{"user_id": "u28", "ts": "2/24/15 22:55"}', '{"user_id": "u28", "ts": "2/24/69 22:55"}'],
    31: [
        '{"user_id": "u31", "ts": "%s"}' % ts
        for ts in (
            "2024-05-01T18:01:47.978+02:00",
            "2024-05-01T16:01:47.978Z",
            "2024-05-01T16:01:47.978+0000",
            "2024-05-01 16:01:47,978",
        )
    ],
    32: [
        '{"user_id": "u32", "ts": "%s"}' % (NOW + late).isoformat()
        for late in (timedelta(minutes=5), timedelta(hours=3), timedelta(days=2))
    ],
    33: ['{"user_id": "u33", "ts": "2024-04-28T10:00:00Z"}'],
    34: ['{"user_id": "u34", %s}' % T] * 2,
    36: ['{"uid": "u36", %s, "port": "12", "geo": {"city": "Oslo"}}' % T, '{"nobody": 1, %s}' % T],
    37: [
        '{"user_id": "u37", %s, "amount": %s}' % (T, amount)
        for amount in ('"1,299.00"', '"$12"', '"¥500"', "-3.5", "1e400", '"1.299,00"')
    ],
    38: [
        '{"user_id": "u38", %s, "ip": %s}' % (T, ip)
        for ip in (
            '"::ffff:1.2.3.4"',
            '"1.2.3.4:5555"',
            '"010.001.002.003"',
            "732758368.8",
            '"10.0.0.1, 8.8.8.8"',
            '"10.0.0.7"',
            '"unknown"',
            '"::1"',
            '"1.2.3.999"',
        )
    ],
}
# A shop's files: decimal commas, day first, times of New York.
SHOP = "user;amount;when;note"
SHOP_ROWS = {
    27: ["u27;1;11/7/2017 9:30;"],
    28: ["u28;1;24/2/15 22:55;"],
    30: ["u30;1;2024-03-10 02:30:00;", "v30;1;2024-11-03 01:30:00;"],
    36: [";1;1/5/2024 10:00;"],
    37: ['u37;"1.299,00 €";1/5/2024 10:00;'],
    40: [
        'u40;1;1/5/2024 10:00;"two',
        'lines"',
        'v40;1;1/5/2024 10:00;"a ""b"""',
        'w40;1;1/5/2024 10:00;6" nail',
        "x40;1;1/5/2024 10:00;a;b",
        "y40;1",
        SHOP,
        "z40;1;1/5/2024 10:00",
    ],
}


def numbered(cases):
    lines, where = [], {}
    for case, its in cases.items():
        where[case] = range(len(lines) + 1, len(lines) + len(its) + 1)
        lines += its
    return lines, where


@dataclass
class Found:
    """What a run left, asked by file and lines."""

    events: list
    rejects: list
    files: dict
    drift: dict

    def of(self, file, lines=None):
        events = [row for row in self.events if row["file"] == file and (lines is None or row["line_no"] in lines)]
        rejects = [row for row in self.rejects if row["file"] == file and (lines is None or row["line_no"] in lines)]
        return events, rejects


MESS = EventSource(
    name="mess",
    files="mess/*",
    format=(
        JsonLines(),
        JsonLines(prefix=r"\[(?P<time>[^\]]+)\] (?P<channel>\S+): ", suffix=r" \[\]"),
        AccessLog(),
        Sshd(),
        LinePattern(LOGIN, OTHER),
    ),
    columns={
        "user_name": "string",
        "password": "string",
        "amount": "int64",
        "amount_currency": "string",
        "ip": "string",
        "status": "int64",
        "bytes": "int64",
        "method": "string",
        "path": "string",
        "user_agent": "string",
        "is_bot_ua": "bool",
        "result": "string",
        "note": "string",
        "payload_a": "string",
        "payload_a_b_c": "int64",
        "port": "int64",
        "type": "string",
    },
    fields={
        "user_name": ("user_name", "user_id", "uid"),
        "ip": ("ip", "client_address", "source_address"),
        "payload_a": "payload.a",
        "payload_a_b_c": "payload.a.b.c",
    },
    meanings={"ip": "ip", "amount": "money", "user_name": "handle"},
    timestamp=("ts", "time"),
    record_start=r'^(?:[{\["]|\d+\.\d+\.|\d{4}-|[A-Z][a-z]{2} [ \d]\d )',
)
SHOP_SOURCE = EventSource(
    name="shop",
    files="shop/*",
    format=(JsonLines(multiline=True), KeyValue(), Csv(delimiter=";", multiline=True)),
    header=True,
    columns={"user_name": "string", "amount": "int64", "amount_currency": "string", "amt": "float64", "note": "string"},
    fields={"user_name": "user"},
    timestamp=("when",),
    required=("user_name",),
    meanings={"amount": "money"},
    profile=Profile(zone="America/New_York", decimal=",", date_order="dmy"),
)


@pytest.fixture(scope="session")
def run(spark, tmp_path_factory):
    root = tmp_path_factory.mktemp("cases")
    mixed, mixed_lines = numbered(MIXED)
    shop, shop_lines = numbered(SHOP_ROWS)
    text = "\n".join(mixed).encode()
    # One name comes in Latin-1, in a file of UTF-8.
    text = text.replace("Andr\u00e9".encode(), "Andr\u00e9".encode("latin-1"))
    rows = "".join(f"w{n};1;1/5/2024 10:00;{n * 7919 % 10007}\n" for n in range(2000)).encode()
    packed = gzip.compress(SHOP.encode() + b"\n" + rows)
    written = {
        "mess/mixed.log": text,
        "mess/auth-2024-01-01.log": b"Dec 31 23:59:58 web sshd[7]: Accepted password for ann from 198.18.0.1 port 5 ssh2\n"
        b"Jan  1 00:00:03 web sshd[7]: Accepted password for bob from 198.18.0.1 port 5 ssh2\n",
        "shop/rows.csv": "\n".join([SHOP, *shop]).encode(),
        "shop/bom.csv": b"\xef\xbb\xbf" + f"{SHOP}\nu17;1;1/5/2024 10:00;\n".encode(),
        "shop/lies.json": f"{SHOP}\nu24;1;1/5/2024 10:00;\n".encode(),
        "shop/packed": packed[: len(packed) // 2],
        "shop/pretty.json": b'{\n  "user": "u10",\n  "when": "2024-05-01T10:00:00Z",\n  "tags": [\n    "x"\n  ]\n}\n{"user": "cut",\n{\n}\n',
        "shop/cut.json": b'{"when": "2024-05-01T10:00:00Z", "tags": {"a": "b"\n',
        "shop/pairs.log": b'user="a b" amt=3,50 when="1/5/2024 10:00"\n',
    }
    for name, data in written.items():
        (root / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "data" / name).write_bytes(data)
    settings = Settings(name="t", lake=root / "lake", data=root / "data", feature_repo=root / "f", state=root / "s")
    project = Project(root, settings, sources={"mess": MESS, "shop": SHOP_SOURCE}, suites={})
    found = {}
    counts = {}
    for source in (MESS, SHOP_SOURCE):
        extracted = extract(spark, project, source, Interval.parse("2020-01-01/2020-01-02"), "run")
        loaded = load(spark, project, source, extracted, "run")
        publish(spark, project, source, loaded, True, "run")
        counts[source.name] = {file.file.rpartition("/")[2]: file for file in loaded.counts.files}
        names = {file.file_hash: file.file.rpartition("/")[2] for file in extracted.files}
        lake = Lake(settings.lake)
        events = tables.read(lake.silver(source.name), None).to_pylist()
        rejects = tables.read(lake.quarantine(source.name), None).to_pylist()
        for row in (*events, *rejects):
            row["file"] = names[row["file_hash"]]
            row["extras"] = dict(row.get("extras") or [])
        events.sort(key=lambda row: (row["line_no"], row["ordinal"]))
        rejects.sort(key=lambda row: (row["line_no"], row["ordinal"]))
        found[source.name] = Found(events, rejects, counts[source.name], loaded.counts.drift)
    return found, mixed_lines, shop_lines


@pytest.fixture
def mixed(run):
    """Give the events and rejects of a case's lines."""
    found, lines, _ = run
    return lambda case: found["mess"].of("mixed.log", lines[case])


@pytest.fixture
def shop(run):
    found, _, lines = run
    return lambda case: found["shop"].of("rows.csv", [number + 1 for number in lines[case]])
