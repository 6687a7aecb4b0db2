from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from riskloom import Csv, EventSource, JsonLines, Profile
from riskloom.extract.classify import Rules
from riskloom.extract.decode import Decoder
from riskloom.extract.formats.columns import Clean
from riskloom.extract.formats.plan import Plan
from riskloom.testing import mutations
from riskloom.testing.damage import clean_lines, damaged
from riskloom.testing.mutations import MIXED, batch_of, check_accounting, mutated

ROWS = EventSource(
    name="rows",
    files="rows",
    format=Csv(names=("ts", "user", "amount", "ok")),
    columns={"user": "string", "amount": "float64", "ok": "bool"},
    required=("user",),
)


def read(lines, source, *, kernels=True):
    return with_drift(lines, source, kernels=kernels)[0]


def with_drift(lines, source, *, kernels=True):
    plan = Plan.of(source)
    rules = Rules(ignore={"debug": "DEBUG"}, plan=plan, heads={"h": b""})
    decoder = Decoder(rules, plan)
    if not kernels:
        decoder._reader.read = lambda *_: Clean(np.zeros(0, np.int64), [])
    return pa.concat_tables(decoder.rows(iter([batch_of(lines)]))), decoder.drift.counts


def ordered(table):
    return table.sort_by([("line_no", "ascending"), ("ordinal", "ascending")]).to_pylist()


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
    (quick, drift), (plain, its_drift) = with_drift(lines, source), with_drift(lines, source, kernels=False)
    assert ordered(quick) == ordered(plain)
    assert drift == its_drift


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


def test_the_long_run_goes_on_where_it_was_ended(tmp_path, capsys, monkeypatch):
    log = tmp_path / "mutations.log"
    monkeypatch.setattr(mutations, "ROUND", 500)
    mutations.main(["--lines", "1", "--log", str(log)])
    before = log.read_text()
    mutations.main(["--lines", "900", "--log", str(log)])
    assert log.read_text().startswith(before)
    rounds = [line.split("\t")[1:] for line in log.read_text().splitlines()]
    assert [seed for seed, *_ in rounds] == ["1000", "1001"]
    lines, _, refused = (sum(int(one[column]) for one in rounds) for column in (1, 2, 3))
    told = f"{lines:,} lines of seeds 1000 and on: nothing raised, each accounted for, {refused:,} rejected"
    assert capsys.readouterr().out.splitlines()[1] == told
