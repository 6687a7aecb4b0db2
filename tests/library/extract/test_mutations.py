from __future__ import annotations

import random
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from riskloom import AccessLog, Csv, EventSource, JsonLines, KeyValue, Profile, Sshd
from riskloom.extract.classify import KINDS, Rules
from riskloom.extract.decode import Decoder
from riskloom.extract.formats.columns import Clean
from riskloom.extract.formats.plan import Plan
from riskloom.testing.damage import clean_lines, damaged

ARRIVED = 1_790_000_000_000_000
MIXED = EventSource(
    name="mixed",
    files="mixed",
    format=(JsonLines(), AccessLog(), KeyValue(), Sshd()),
    columns={
        "client_address": "string",
        "method": "string",
        "path": "string",
        "query": "string",
        "status": "int64",
        "bytes": "int64",
        "user_agent": "string",
        "is_bot_ua": "bool",
        "referrer": "string",
        "user_name": "string",
        "amount": "int64",
        "amount_currency": "string",
        "ok": "bool",
        "price": "float64",
        "city": "string",
        "tags": "string",
        "port": "int64",
    },
    fields={
        "user_name": ("user_name", "user", "user_id"),
        "city": "geo.city",
        "client_address": ("client_address", "source_address"),
    },
    meanings={"client_address": "ip", "amount": "money", "user_name": "handle"},
    reference_date=date(2024, 12, 31),
)
ROWS = EventSource(
    name="rows",
    files="rows",
    format=Csv(names=("ts", "user", "amount", "ok")),
    columns={"user": "string", "amount": "float64", "ok": "bool"},
    required=("user",),
)


def batch_of(lines, start=2):
    count = len(lines)
    columns = {
        "file_hash": pa.repeat("h", count),
        "file": pa.repeat("mixed", count),
        "line_no": pa.array(np.arange(count) + start),
        "byte_offset": pa.array(np.arange(count) * 10),
        "raw": pa.array(lines, pa.binary()),
        "failure": pa.nulls(count, pa.string()),
        "identity": pa.repeat("h", count),
        "ingest_ts": pa.array([ARRIVED] * count, pa.timestamp("us", "UTC")),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def mutated(seed, count):
    chance = random.Random(seed)
    lines = list(clean_lines(seed, count))
    # Newlines part lines; what damage brings in is read as more of them.
    made = (damaged(line, chance.choice(lines), chance) if chance.random() < 0.9 else line for line in lines)
    return [part for line in made for part in line.split(b"\n")]


def read(lines, source, *, kernels=True):
    plan = Plan.of(source)
    rules = Rules(ignore={"debug": "DEBUG"}, plan=plan, heads={"h": b""})
    decoder = Decoder(rules, plan)
    if not kernels:
        decoder._reader.read = lambda *_: Clean(np.zeros(0, np.int64), [])
    return pa.concat_tables(decoder.rows(iter([batch_of(lines)])))


def ordered(table):
    return table.sort_by([("line_no", "ascending"), ("ordinal", "ascending")]).to_pylist()


def check_accounting(lines, table):
    """Each line is one record or none, and each record gives events, numbered, or one reject."""
    rows = table.select(["line_no", "kind", "ordinal", "reason", "event_ts"]).to_pydict()
    first = [place for place, ordinal in enumerate(rows["ordinal"]) if ordinal == 0]
    assert sorted(rows["line_no"][place] for place in first) == list(range(2, len(lines) + 2))
    assert set(rows["kind"]) <= set(KINDS)
    for kind, reason, event_ts in zip(rows["kind"], rows["reason"], rows["event_ts"], strict=True):
        assert kind != "record" or (reason is None) == (event_ts is not None)
    return sum(kind == "record" for kind in rows["kind"]), sum(reason is not None for reason in rows["reason"])


def test_nothing_is_lost_or_raised_in_200000_damaged_lines():
    total = refused = 0
    for seed in range(10):
        lines = mutated(seed, 20_000)
        records, rejects = check_accounting(lines, read(lines, MIXED))
        total, refused = total + records, refused + rejects
    assert total >= 190_000
    assert 0.3 < refused / total < 0.8


@pytest.mark.parametrize("source", [MIXED, ROWS], ids=["mixed", "rows"])
@pytest.mark.parametrize("harm", [0.0, 0.3])
def test_kernels_read_what_the_plain_reading_reads(source, harm):
    chance = random.Random(3)
    if source is ROWS:
        values = ("2024-05-01 10:00:00", '"a, b"', "7.25", "", "-", '"say ""x"""', "1", "0", "true", "Zoë", '"', "1e5")
        lines = [
            ",".join(chance.choice(values) for _ in range(chance.choice((3, 4, 4, 4, 4, 5)))).encode()
            for _ in range(3_000)
        ]
        lines += [f"2024-05-01 10:00:00,user {n},{n / 8},{n % 2}".encode() for n in range(3_000)]
    else:
        lines = list(clean_lines(5, 6_000))
    lines = [damaged(line, lines[0], chance).replace(b"\n", b" ") if chance.random() < harm else line for line in lines]
    quick, plain = ordered(read(lines, source)), ordered(read(lines, source, kernels=False))
    assert quick == plain


def test_times_of_another_zone_and_decimal_commas_are_left_to_the_plain_reading():
    source = EventSource(
        name="s",
        files="s",
        format=JsonLines(),
        columns={"price": "float64", "amount": "int64"},
        meanings={"amount": "money"},
        profile=Profile(zone="America/New_York", decimal=",", currency="JPY"),
    )
    lines = [
        b'{"ts": "2024-05-01T10:00:00", "price": "3,50", "amount": 500}',
        b'{"ts": "2024-05-01T10:00:00Z", "price": 3.5, "amount": "500"}',
    ]
    quick, plain = ordered(read(lines, source)), ordered(read(lines, source, kernels=False))
    assert quick == plain
    assert [(row["event_ts"].hour, row["price"], row["amount"]) for row in quick] == [(14, 3.5, 500), (10, 3.5, 500)]


@pytest.mark.slow
def test_nothing_is_lost_or_raised_in_ten_million_damaged_lines():
    for seed in range(500):
        lines = mutated(1_000 + seed, 20_000)
        check_accounting(lines, read(lines, MIXED))
