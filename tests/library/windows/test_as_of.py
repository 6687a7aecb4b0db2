"""The as-of join against its oracle, and its errors."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from riskloom.errors import WindowError
from riskloom.testing.naive_as_of import latest_row
from riskloom.windows import as_of, places_as_of
from riskloom.windows.tables import INSTANT

KEYS = {"left": ("1", "11", "111", "", None), "right": (1, 11, 111, 0, None)}
PLAIN = {"event_ts": "time", "columns": ("limit", "name")}


def random_case(seed: int, size: int) -> tuple[list[dict], list[dict]]:
    """Draw rows and a spine with ties, nulls, colliding composite keys, and now and then one hot key."""
    random = np.random.default_rng(seed)
    span, hot = int(random.integers(1, 40)), random.random() < 0.4

    def key():
        return {name: pool[0 if hot and random.random() < 0.8 else random.integers(5)] for name, pool in KEYS.items()}

    def one(pool):
        return pool[random.integers(len(pool))]

    rows = [
        {
            **key(),
            "time": int(random.integers(-span, span)),
            "created": one((None, *range(-span, 2 * span, 3))),
            "limit": one((1, 2, None)),
            "name": one(("a", "b", None)),
        }
        for _ in range(size)
    ]
    if random.random() < 0.5:
        rows.sort(key=lambda row: (str(row["left"]), str(row["right"]), row["time"]))
    return rows, [{**key(), "at": int(random.integers(-span - 5, span + 30))} for _ in range(12)]


def table(rows: list[dict], **types: pa.DataType) -> pa.Table:
    columns = {"left": pa.string(), "right": pa.int64(), **types}
    return pa.table({name: pa.array([row[name] for row in rows], dtype) for name, dtype in columns.items()})


TYPES = {"time": INSTANT, "created": INSTANT, "limit": pa.int64(), "name": pa.string()}


def found(spine: list[dict], rows: list[dict], keys: tuple[str, ...], **options) -> list[tuple | None]:
    answer = as_of(table(spine, at=INSTANT), table(rows, **TYPES), keys=keys, at="at", **PLAIN, **options)
    return [tuple(row.values()) for row in answer.to_pylist()]


@pytest.mark.parametrize("seed", range(60))
def test_random_cases_agree(seed):
    rows, spine = random_case(seed, size=seed * 2)
    for keys, ttl, (created, filtered) in itertools.product(
        [("left",), ("right",), ("right", "left")], [None, 0, 7], [(None, False), ("created", False), ("created", True)]
    ):
        options = {"created_ts": created, "ttl": ttl, "filter_by_created": filtered}
        wanted = [
            latest_row(rows, {key: row[key] for key in keys}, row["at"], **PLAIN, **options) or (None, None)
            for row in spine
        ]
        assert found(spine, rows, keys, **options) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_places_are_those_of_the_same_rows_unless_values_must_settle_ties(seed):
    rows, spine = random_case(seed, size=seed * 4)
    for keys, ttl in itertools.product([("left",), ("right",), ("right", "left")], [None, 7]):
        options = {"keys": keys, "at": "at", "event_ts": "time", "ttl": ttl}
        single = list({(*(row[key] for key in keys), row["time"]): row for row in rows}.values())
        places = places_as_of(table(spine, at=INSTANT), table(single, **TYPES), **options)
        picked = [(None, None) if place < 0 else (single[place]["limit"], single[place]["name"]) for place in places]
        assert picked == found(spine, single, keys, ttl=ttl)
        asked = {key: spine[0][key] for key in keys}
        if None not in asked.values():
            tied = [{**spine[0], "time": 0, "created": None, "limit": limit, "name": None} for limit in (1, 2)]
            assert places_as_of(table(spine, at=INSTANT), table([*single, *tied], **TYPES), **options) is None


@pytest.mark.parametrize("seed", range(20))
def test_rows_after_an_instant_may_come_go_and_change(seed):
    rows, spine = random_case(seed, size=40)
    random = np.random.default_rng(seed)
    for asked in spine:
        known = [row for row in rows if row["time"] <= asked["at"]]
        later = [{**row, "limit": 9, "time": asked["at"] + 1 + int(random.integers(5))} for row in rows[::3]]
        answers = [found([asked], some, ("left", "right"), ttl=20) for some in (rows, known, [*known, *later])]
        assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("base", [-(2**63), -2, 2**63 - 4])
def test_whole_numbers_at_both_ends_are_found(base):
    numbers = [-(2**63), 2**63 - 1, base, base + 2, None, 0]
    rows = pa.table({"key": pa.array(numbers, pa.int64()), "time": pa.array([0] * 6, INSTANT), "value": range(6)})
    asked = [base, base + 1, base + 2, base + 3, None]
    spine = pa.table({"key": pa.array(asked, pa.int64()), "at": pa.array([1] * 5, INSTANT)})
    known = {number: place for place, number in enumerate(numbers) if number is not None}
    # The same number twice is tied, and the greater value wins.
    answer = as_of(spine, rows, keys=["key"], at="at", event_ts="time", columns=["value"])
    assert answer["value"].to_pylist() == [known.get(key) for key in asked]


def test_rows_in_any_order_give_the_same():
    rows, spine = random_case(3, size=90)
    answers = [
        found(spine, some, ("left",), created_ts="created") for some in (rows, rows[::-1], sorted(rows, key=str))
    ]
    assert answers[0] == answers[1] == answers[2]


def test_a_row_is_valid_to_the_last_microsecond_of_its_ttl():
    rows = [{"left": "1", "right": 1, "time": 10, "created": None, "limit": 5, "name": None}]
    spine = [{"left": "1", "right": 1, "at": at} for at in (9, 10, 17, 18)]
    assert found(spine, rows, ("left",), ttl=7) == [(None, None), (5, None), (5, None), (None, None)]


def test_values_without_an_order_of_their_own_settle_ties_too():
    times = pa.array([0, 0], INSTANT)
    values = {"list": [[1, 2], [1, 3]], "kind": pa.array(["a", "a"]).dictionary_encode()}
    rows = pa.table({"key": [1, 1], "time": times, **values})
    spine = pa.table({"key": [1], "at": times.slice(0, 1)})
    options = {"keys": ["key"], "at": "at", "event_ts": "time", "columns": ["list", "kind"]}
    for some in (rows, rows.take([1, 0])):
        assert as_of(spine, some, **options).to_pylist() == [{"list": [1, 3], "kind": "a"}]


def test_the_last_one_created_by_then_is_found_far_back():
    count = 5000
    rows = [
        {"left": "1", "right": 1, "time": n, "created": n + count * (n > 7), "limit": n, "name": None}
        for n in range(count)
    ]
    spine = [{"left": "1", "right": 1, "at": at} for at in (3, count - 1, count + 8, 3 * count)]
    options = {"created_ts": "created", "filter_by_created": True}
    assert [limit for limit, _ in found(spine, rows, ("left",), **options)] == [3, 7, 8, count - 1]
    assert found(spine[1:2], rows, ("left",), ttl=count - 9, **options) == [(None, None)]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"columns": ["limits"]}, "rows: there is no column 'limits'. Did you mean 'limit'?"),
        ({"keys": ["who"]}, "spine: there is no column 'who'. Available: at, key, other."),
        ({"at": "key"}, "spine: column 'key' is int64, but timestamp[us, tz=UTC] is needed. Cast it before."),
        ({"keys": ["other"]}, "rows: column 'other' is string, but int64 is needed. Cast it before."),
        ({"event_ts": "maybe"}, "rows: column 'maybe' is null in 1 rows. Every event and every instant needs a time; drop or mend them."),
        ({"filter_by_created": True}, "filter_by_created needs created_ts: the column that says when a row was created. Name it."),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_refused(change, text):
    times = pa.array([0, 5], INSTANT)
    rows = pa.table(
        {"key": [1, 2], "other": ["1", "2"], "time": times, "maybe": pa.array([0, None], INSTANT), "limit": [1, 2]}
    )
    spine = pa.table({"key": [1], "other": [1], "at": times.slice(0, 1)})
    with pytest.raises(WindowError) as raised:
        as_of(spine, rows, **{"keys": ["key"], "at": "at", "event_ts": "time", "columns": ["limit"], **change})
    assert str(raised.value) == text
