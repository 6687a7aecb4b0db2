"""The platform's transforms beside plain Python, on texts, addresses and lines that no simulation writes."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.catalogue.derived import DERIVED
from riskloom.extract.units import SPARK_TYPES
from riskloom.project import Project

pytestmark = pytest.mark.spark

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
TEXTS = (
    None, "", " ", "!!!", "12345", "Hello, World", "hello world!", "Привет, мир 5", "привет мир", "مرحبا بالعالم", "你好世界",
    "こんにちは", "👍👍", "naïve café", "Straße", "STRASSE", "call +49 30 1234567", "mail a.b@c.example", "<PHONE> please",
    "see https://a.example/x?y=1 now", "HTTPS://A.EXAMPLE", "You WON", "a\nb\tc", "ß", "ﬁne", "e\u0301te",
)  # fmt: skip
ADDRESSES = (
    None, "", "   ", "#,;", "Oak Street 4, Apt 2", "oak street 4 apt. 2", "2/4 Oak St", "No 4", "Rosenweg 3, 10115 Köln",
    "ROSENWEG 3, 10115 Köln", "ул. Ленина 5", "Łódź, Piotrkowska 7", "C/O Smith, 1 Mill Ln",
)  # fmt: skip
IPS = (None, "", "10.0.0.1", "::ffff:1.2.3.4", "2001:db8::1", "300.1.2.3", "45.10.1.2", "89.1.1.1", "1.2.3", "unknown")
QUERIES = (
    None,
    "",
    "q=shoes",
    "q=o%27reilly+sql",
    "q=%27+OR+1%3D1--",
    "q=1+UNION+SELECT+1",
    "q=%3Cscript%3E",
    "q=..%2Fetc",
)
PATHS = (
    None,
    "/",
    "/item/p1",
    "/.env",
    "/.git/config",
    "/WP-LOGIN.php",
    "/backup.sql",
    "/sql",
    "/admin/config.php",
    "/a/../b",
)
AGENTS = (
    None,
    "",
    "curl/8",
    "Mozilla/5.0 (compatible; Googlebot/2.1)",
    "Mozilla Chrome/141 Safari/537 Edg/141",
    "Bottle",
)
AT = datetime(2025, 11, 3, 23, 59, 59, tzinfo=UTC)
ODD = {
    "text": TEXTS,
    "ship_to": ADDRESSES,
    "ip": IPS,
    "client_address": IPS,
    "query": QUERIES,
    "path": PATHS,
    "user_agent": AGENTS,
    "handle": (None, "", "anna.ben12", "١٢٣", "Ånna", "___"),
    "email_domain": (None, "tempbox.example", "gmail.example"),
    "gross": (None, 0, 100, 3),
    "discount": (None, 0, 50, 2),
    "country": (None, "DE", "XX"),
    "order_id": (None, "o1"),
    "fields": ("name", "name,email", ""),
    "risk": (None, "insider", "robbery"),
    "fraud": (None, True, False),
}


def rows_of(source):
    """Each odd value once, beside others that go round."""
    odd = {name: ODD[name] for name in source.parsed_columns if name in ODD}
    for place in range(max(len(values) for values in odd.values())):
        yield {name: odd[name][place % len(odd[name])] if name in odd else None for name in source.parsed_columns}


def test_transforms_say_what_plain_python_says(spark):
    project = Project.load(PLATFORM)
    for name, derive in DERIVED.items():
        source = project.source(name)
        rows = list(rows_of(source))
        schema = ", ".join(f"`{key}` {SPARK_TYPES[dtype]}" for key, dtype in source.parsed_columns.items())
        frame = spark.createDataFrame([(AT, *row.values()) for row in rows], f"event_ts timestamp, {schema}")
        transform = importlib.import_module(f"transforms.{name}").to_events
        added = [key for key in source.columns if key not in source.parsed_columns]
        found = [row.asDict() for row in transform(frame).select(*added).collect()]
        for row, values in zip(rows, found, strict=True):
            assert values == derive(row | {"event_ts": AT}), (name, row)


def test_a_case_is_a_label_of_its_own_risk(spark):
    project = Project.load(PLATFORM)
    source = project.source("cases")
    frame = spark.createDataFrame(
        [("insider", True), ("insider", False), ("robbery", True)], "risk string, fraud boolean"
    )
    found = importlib.import_module("transforms.cases").to_events(frame).collect()
    labels = [name for name in source.columns if name not in source.parsed_columns]
    assert [[name for name in labels if row[name] is not None] for row in found] == [["insider"], ["insider"], []]
    assert [row["insider"] for row in found] == [True, False, None]
