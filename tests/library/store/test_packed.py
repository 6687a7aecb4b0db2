"""The packed state against the oracle, at random instants at and after the cut."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskloom import EventSource, FeatureView, aggregate
from riskloom.intervals import to_datetime, to_micros
from riskloom.store.packed.encode import encode
from riskloom.store.packed.fold import Events
from riskloom.store.packed.head import Head, Stamp
from riskloom.store.packed.pushed import PushedEvents
from riskloom.store.packed.read import Reader
from riskloom.store.packed.shape import FUNCTIONS, Shape, packable
from riskloom.store.recent import Record
from riskloom.store.sorting import entity_edges, sorted_events
from riskloom.testing import naive
from riskloom.testing.generators import random_events, random_spine
from riskloom.testing.rows import events_table, normalise
from riskloom.testing.samples import COLUMNS, every_feature

DECLARATION, HOLD = bytes(range(16)), 600_000_000


def is_packed(aggregation):
    return aggregation.function in FUNCTIONS and aggregation.delay is None and aggregation.hop is None


def packed_view(windows=("30s", "5m", "1d"), **source):
    """A view of each function that a packed state can answer, over each type, with and without a filter."""
    view = every_feature()
    chosen = tuple(part for part in view.aggregations if all(is_packed(leaf) for leaf in (part.parts or (part,))))
    coarse = aggregate.count(windows=("10m",), hop="5m")
    return FeatureView(
        name="every_feature",
        entity=view.entity,
        source=EventSource(name="events", files="*.log", transform="e:f", columns=COLUMNS, **source),
        aggregations=(*chosen, coarse),
        windows=windows,
    )


def states(view, rows, cut, max_raw=1_000):
    table = sorted_events(view, events_table(view, rows))
    begins, ends = entity_edges(table, view.entity.key_columns)
    event_ts, available_ts = (table.column(name).cast("int64").to_numpy() for name in ("event_ts", "available_ts"))
    events = Events(table, begins, ends, event_ts, np.maximum(event_ts + 1, available_ts))
    keys = table.select(view.entity.key_columns).take(begins).to_pylist()
    written = encode(Shape(view), events, DECLARATION, Stamp(3, 4, cut), max_raw, HOLD)
    return {tuple(key.values()): state for key, state in zip(keys, written, strict=True)}


def check(view, rows, states, reader, key, at, pushed=()):
    """Compare each feature of one entity at one instant; says how many were."""
    state = states.get(tuple(key.values()))
    if state is None and not pushed:
        return 0
    head = reader.head(state := state or reader.empty)
    if at < Head(*head).cut:
        return 0
    seen = [event for event in pushed if event.known_ts <= at]
    found = reader.values(state, head, at, reader.edges(at), seen)
    for feature, value in zip(view.features, found, strict=True):
        wanted = naive.feature_value(feature, rows, key, at)
        if feature.dtype == "timestamp" and isinstance(wanted, int):
            wanted = to_datetime(wanted)
        slack = naive.tolerance(feature, rows, key, at)
        same = type(value) is type(wanted) and (
            value == wanted
            or (isinstance(value, float) and math.isnan(value) and math.isnan(wanted))
            or (isinstance(value, float) and abs(value - wanted) <= slack)
        )
        assert same, (feature.name, key, at, value, wanted)
    return len(found)


def record(row):
    columns = {name: row[name] for name in COLUMNS}
    columns["seen"] = None if row["seen"] is None else to_micros(row["seen"])
    return Record(row["event_id"], row["event_ts"], row["available_ts"], columns).encode()


def replay(view, seed, size, reads, max_raw, pushing=0.0):
    rows = normalise(view, random_events(view, seed, size))
    keyed = [row for row in rows if row["user"] is not None]
    chance = np.random.default_rng(seed)
    times = sorted(row["event_ts"] for row in rows)
    cut = times[int(chance.integers(len(times)))] + int(chance.integers(-2, 3)) if times else 0
    # Some events of the hold, in no order, are not in the batch but were pushed.
    batch, pushed = [], {}
    for row in rows:
        if row["event_ts"] >= cut - HOLD and row["user"] is not None and chance.random() < pushing:
            pushed.setdefault(row["user"], []).append(row)
        else:
            batch.append(row)
    held, reader = states(view, batch, cut, max_raw), Reader("v", DECLARATION, Shape(view), view.features)
    decoder = PushedEvents(view, Shape(view))
    pushed = {user: decoder.of([record(row) for row in mine]) for user, mine in pushed.items()}
    compared = 0
    for asked in random_spine(view, seed, reads, rows):
        key = {"user": asked["user"]}
        if key["user"] is not None:
            for at in (asked["at"], max(asked["at"], cut)):
                compared += check(view, keyed, held, reader, key, at, pushed.get(key["user"], ()))
    return compared


@pytest.mark.parametrize("seed", range(4))
def test_a_packed_state_equals_the_oracle_at_random_instants(seed):
    assert replay(packed_view(), seed, 60, 10, max_raw=(3, 1_000)[seed % 2]) > 0


@pytest.mark.parametrize("seed", range(4))
def test_pushed_events_count_as_if_a_batch_had_written_them(seed):
    assert replay(packed_view(), 100 + seed, 60, 10, max_raw=(3, 1_000)[seed % 2], pushing=(0.4, 0.9)[seed // 2]) > 0


def test_a_view_with_a_delay_or_an_exact_window_keeps_its_events():
    assert packable(packed_view())
    assert not packable(every_feature())
    assert not packable(packed_view(delay="1s"))


def test_a_state_is_bounded_by_its_tiles_whatever_the_number_of_events():
    view = packed_view()
    rows = [{"user": "a", "kind": f"k{i % 7}", "units": i, "event_ts": i * 1_000_000} for i in range(20_000)]
    (state,) = states(view, normalise(view, rows), 20_000_000_000, max_raw=0).values()
    reader = Reader("v", DECLARATION, Shape(view), view.features)
    # 30 s by 1 s, 5 min by 5 s, 10 min by 5 min and a day by 15 min.
    assert Head(*reader.head(state)).rows < 32 + 61 + 3 + 98


@pytest.mark.slow
def test_a_packed_state_equals_the_oracle_in_a_hundred_thousand_values():
    compared = sum(
        replay(packed_view(), 1_000 + seed, 120, 12, max_raw=(5, 1_000)[seed % 2], pushing=(0, 0.3, 0.9)[seed % 3])
        for seed in range(60)
    )
    assert compared > 100_000
