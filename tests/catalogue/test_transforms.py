from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from riskloom.extract.formats.frames import ARROW_TYPES, TIMESTAMP
from riskloom.project import Project
from riskloom.testing.read_file import read_file

pytestmark = pytest.mark.spark
ROOT = Path(__file__).parents[2]
ORIGIN = pa.struct(
    [("file_hash", pa.string()), ("file", pa.string()), ("line_no", pa.int64()), ("byte_offset", pa.int64())]
)
RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@pytest.fixture(scope="module")
def parse(spark, tmp_path_factory):
    """Read literal lines as a source declares it; give its rows in order of line and ordinal."""
    project = Project.load(ROOT)

    def with_format(source, lines):
        path = tmp_path_factory.mktemp("lines") / "lines.log"
        path.write_text("".join(f"{line}\n" for line in lines))
        read = read_file(path, source)
        if not source.transform:
            return read.events, read.rejects
        given = {"reason": pa.string(), "event_ts": TIMESTAMP, "repair_codes": pa.list_(pa.string())}
        given |= {name: ARROW_TYPES[dtype] for name, dtype in source.parsed_columns.items()}
        origins = pa.array([{"line_no": row["line_no"]} for row in read.events], pa.struct([("line_no", pa.int64())]))
        columns = {name: pa.array([row[name] for row in read.events], dtype) for name, dtype in given.items()}
        records = spark.createDataFrame(pa.table({"origin": origins, **columns}))
        made = project.transform(source)(records).toArrow().to_pylist()
        return [{**row, "line_no": row["origin"]["line_no"], "ordinal": 0} for row in made], read.rejects

    def alone(source, lines, header):
        origins = [
            {"file_hash": "f", "file": "x", "line_no": n, "byte_offset": n * 100} for n in range(1, len(lines) + 1)
        ]
        records = pa.table(
            {
                "origin": pa.array(origins, ORIGIN),
                "text": pa.array(lines, pa.string()),
                "header": pa.array([header] * len(lines), pa.string()),
            }
        )
        out = project.transform(source)(spark.createDataFrame(records))
        assert set(source.columns) | {"origin", "reason", "event_ts"} <= set(out.columns)
        rows = out.toArrow().to_pylist()
        assert [set(row["origin"]) for row in rows] == [{"file_hash", "file", "line_no", "byte_offset"}] * len(rows)
        return [{**row, "line_no": row["origin"]["line_no"], "ordinal": row.get("ordinal", 0)} for row in rows], []

    def call(name, *lines, reference_date=None, header=None):
        source = project.source(name)
        if reference_date:
            source = replace(source, reference_date=reference_date)
        events, rejects = with_format(source, lines) if source.formats else alone(source, lines, header)
        rows = sorted((*events, *rejects), key=lambda row: (row["line_no"], row["ordinal"]))
        shown = ("reason", "event_ts", "ordinal", *source.columns)
        return [{key: row.get(key) for key in shown} for row in rows]

    return call


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_access_log_lines(parse):
    whole, escaped, cut, head, odd, late = parse(
        "access_log",
        '198.18.0.1 - ann [17/May/2015:10:05:03 +0200] "GET /a/b?x=1&y=%20 HTTP/1.1" 200 203 "http://x/" "Agent \\"1\\" (z)"',
        '::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 404 - "-" "-"',
        '198.18.0.1 - - [20/May/2015:12:05:17 +0000] "GET /c.py HTTP/1.1" 200 235 "-" "Mozilla/5.0 (compatible',
        '198.18.0.1 - - [20/May/2015:12:05:17 +0000] "HEAD /d HTTP/1.1" 301 0',
        '198.18.0.1 - - [20/May/2015:12:05:17 +0000] "\\x16\\x03\\x01" 400 226 "-" "-"',
        '198.18.0.1 - - [20/May/2015:12:05:17 +0000] "GET /d HTTP/1.1" 200 99999999999999999999 "-" "-"',
    )
    assert whole == {
        "reason": None,
        "event_ts": utc(2015, 5, 17, 8, 5, 3),
        "client_address": "198.18.0.1",
        "remote_user": "ann",
        "method": "GET",
        "path": "/a/b",
        "query": "x=1&y=%20",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 203,
        "referrer": "http://x/",
        "user_agent": 'Agent "1" (z)',
        "repaired": False,
        "ordinal": 0,
    }
    assert (escaped["client_address"], escaped["bytes"], escaped["referrer"], escaped["repaired"]) == (
        "::1",
        0,
        None,
        False,
    )
    assert (cut["reason"], cut["repaired"], cut["user_agent"], cut["path"]) == (
        None,
        True,
        "Mozilla/5.0 (compatible",
        "/c.py",
    )
    # The line of a common log ends where that of a combined one goes on.
    assert (head["reason"], head["repaired"], head["user_agent"], head["status"]) == (None, False, None, 301)
    assert (odd["reason"], odd["method"], odd["path"], odd["status"]) == (None, None, None, 400)
    assert late["reason"] == "bad_number"


def test_access_log_rejects(parse):
    rows = parse(
        "access_log",
        "hello",
        '198.18.0.1 - - [20/May/2015:12:05:17 +0000] "GET /cut',
        '198.18.0.1 - - [31/Feb/2015:12:05:17 +0000] "GET / HTTP/1.1" 200 1 "-" "-"',
    )
    assert [row["reason"] for row in rows] == ["not_access_log", "not_access_log", "no_timestamp"]


def test_auth_log_messages(parse):
    lines = {
        "Failed password for root from 198.18.0.9 port 22 ssh2": (
            "failed",
            "password",
            "root",
            False,
            "198.18.0.9",
            22,
        ),
        "Failed password for invalid user a from b from 198.18.0.9 port 22 ssh2": (
            *("failed", "password", "a from b", True, "198.18.0.9", 22),
        ),
        "Failed password for invalid user  from 198.18.0.9 port 5 ssh2": (
            "failed",
            "password",
            "",
            True,
            "198.18.0.9",
            5,
        ),
        "Accepted publickey for ubuntu from 198.18.0.1 port 51816 ssh2: RSA SHA256:Kl8k": (
            *("accepted", "publickey", "ubuntu", False, "198.18.0.1", 51816),
        ),
        "Invalid user admin from 198.18.0.2": ("invalid_user", None, "admin", True, "198.18.0.2", None),
        "Connection closed by 198.18.0.2 port 7 [preauth]": ("disconnected", None, None, False, "198.18.0.2", 7),
        "Received disconnect from 198.18.0.2 port 8:11: bye [preauth]": (
            "disconnected",
            None,
            None,
            False,
            "198.18.0.2",
            8,
        ),
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=198.18.0.3  user=root": (
            *("pam_failure", None, "root", False, "198.18.0.3", None),
        ),
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=198.18.0.3": (
            *("pam_failure", None, None, False, "198.18.0.3", None),
        ),
        "pam_unix(sshd:session): session opened for user ubuntu by (uid=0)": (
            *("session_opened", None, "ubuntu", False, None, None),
        ),
        "Server listening on 0.0.0.0 port 22.": ("other", None, None, False, None, None),
    }
    rows = parse(
        "auth_log", *(f"Mar 27 13:06:56 host sshd[12]: {text}" for text in lines), reference_date=date(2017, 4, 20)
    )
    columns = ("action", "method", "user_name", "unknown_user", "source_address", "port")
    assert [tuple(row[column] for column in columns) for row in rows] == list(lines.values())
    assert {(row["event_ts"], row["host"], row["pid"], row["reason"], row["ordinal"]) for row in rows} == {
        (utc(2017, 3, 27, 13, 6, 56), "host", 12, None, 0)
    }


def test_auth_log_repeated_message_is_as_many_events(parse):
    text = "Apr  2 01:02:03 host sshd[12]: message repeated {} times: [ Failed password for root from 198.18.0.9 port 22 ssh2]"
    rows = parse("auth_log", text.format(3), text.format(0), text.format(10**12), reference_date=date(2017, 4, 20))
    assert [(row["ordinal"], row["action"], row["user_name"], row["reason"]) for row in rows] == [
        (0, "failed", "root", None),
        (1, "failed", "root", None),
        (2, "failed", "root", None),
        (0, None, None, "bad_repeat_count"),
        (0, None, None, "bad_repeat_count"),
    ]


def test_auth_log_years_turn_over(parse):
    days = ("Dec 31", "Jan  1", "Jan  2", "Jan  3", "Feb 29", "Xyz 11")
    lines = [f"{day} 00:00:00 host sshd[1]: x" for day in days]
    rows = parse("auth_log", *lines, "not syslog", reference_date=date(2017, 1, 2))
    assert [row["event_ts"] for row in rows] == [
        utc(2016, 12, 31),
        utc(2017, 1, 1),
        utc(2017, 1, 2),
        utc(2016, 1, 3),
        utc(2016, 2, 29),
        None,
        None,
    ]
    assert [row["reason"] for row in rows][-2:] == ["no_timestamp", "not_sshd_syslog"]


def test_orders_rows(parse):
    sold, cancelled, unknown = parse(
        "orders",
        '536477,22041,"RECORD FRAME 7"" SINGLE, SIZE ",48,2010-12-01 12:27:00,2.1,16210.0,United Kingdom',
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom",
        "536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom",
        header=RETAIL,
    )
    assert sold == {
        "reason": None,
        "event_ts": utc(2010, 12, 1, 12, 27),
        "customer_id": "16210",
        "invoice_no": "536477",
        "stock_code": "22041",
        "description": 'RECORD FRAME 7" SINGLE, SIZE ',
        "quantity": 48,
        "unit_price_pence": 210,
        "amount_pence": 10080,
        "is_cancellation": False,
        "country": "United Kingdom",
        "ordinal": 0,
    }
    assert (cancelled["is_cancellation"], cancelled["amount_pence"], cancelled["unit_price_pence"]) == (
        True,
        -2750,
        2750,
    )
    assert (unknown["customer_id"], unknown["description"], unknown["amount_pence"], unknown["reason"]) == (
        None,
        None,
        0,
        None,
    )


def test_orders_rejects(parse):
    rows = parse(
        "orders",
        "1,2,3",
        "1,2,d,4,2010-12-01 09:41:00,2.1,7.0,UK,more",
        '1,2,"open,4,2010-12-01 09:41:00,2.1,7.0,UK',
        "1,2,d,4,01/12/2010,2.1,7.0,UK",
        "1,2,d,four,2010-12-01 09:41:00,2.1,7.0,UK",
        "1,2,d,4,2010-12-01 09:41:00,0.001,7.0,UK",
        "1,2,d,9223372036854775807,2010-12-01 09:41:00,2.1,7.0,UK",
        ",2,d,4,2010-12-01 09:41:00,2.1,7.0,UK",
        header=RETAIL,
    )
    assert [row["reason"] for row in rows] == [
        *("column_count", "column_count", "column_count", "no_timestamp"),
        *("bad_number", "fraction_of_penny", "bad_number", "no_invoice"),
    ]
    (renamed,) = parse("orders", "1,2,d,4,2010-12-01 09:41:00,2.1,7.0,UK", header=RETAIL.lower())
    assert renamed["reason"] == "unexpected_header"


@pytest.mark.parametrize("name", ["orders", "auth_log", "access_log"])
def test_session_time_zone_changes_nothing(spark, parse, name):
    line = {
        "orders": "1,2,d,4,2010-12-01 09:41:00,2.1,7.0,UK",
        "auth_log": "Mar 27 23:06:56 host sshd[12]: x",
        "access_log": '::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 404 - "-" "-"',
    }[name]
    found = []
    try:
        for zone in ("UTC", "Asia/Tokyo"):
            spark.conf.set("spark.sql.session.timeZone", zone)
            rows = parse(name, line, reference_date=date(2017, 3, 27), header=RETAIL)
            found.append([row["event_ts"].astimezone(UTC) for row in rows])
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    assert found[0] == found[1]
