"""The packed state against the oracle, at random instants at and after the cut."""

from __future__ import annotations

import math
import re
import struct
import zlib

import numpy as np
import pytest

from riskloom import EventSource, FeatureView, aggregate
from riskloom.errors import StoreError
from riskloom.intervals import to_datetime, to_micros
from riskloom.store.packed.encode import Bounds, encode
from riskloom.store.packed.fold import Events
from riskloom.store.packed.head import FORMAT, Head, Stamp
from riskloom.store.packed.pushed import PushedEvents
from riskloom.store.packed.read import Reader
from riskloom.store.packed.shape import Shape, packable
from riskloom.store.recent import Record
from riskloom.store.sorting import sorted_events
from riskloom.testing import naive
from riskloom.testing.generators import random_events, random_spine
from riskloom.testing.rows import events_table, normalise
from riskloom.testing.samples import COLUMNS, every_feature

DECLARATION, HOLD = bytes(range(16)), 600_000_000


def packed_view(windows=("30s", "5m", "1d"), **source):
    """A view of each function, over each type, with and without a filter; exact windows alone are left out."""
    view = every_feature()
    chosen = tuple(part for part in view.aggregations if part.hop is None)
    coarse = aggregate.count(windows=("10m",), hop="5m")
    return FeatureView(
        name="every_feature",
        entity=view.entity,
        source=EventSource(name="events", files="*.log", transform="e:f", columns=COLUMNS, **source),
        aggregations=(*chosen, coarse),
        windows=windows,
    )


def states(view, rows, cut, max_raw=1_000, listed=10_000):
    table, begins, ends = sorted_events(view, events_table(view, rows))
    event_ts, available_ts = (table.column(name).cast("int64").to_numpy() for name in ("event_ts", "available_ts"))
    events = Events(table, begins, ends, event_ts, np.maximum(event_ts + 1, available_ts))
    keys = table.select(view.entity.key_columns).take(begins).to_pylist()
    written = encode(Shape(view), events, DECLARATION, Stamp(3, 4, cut), Bounds(max_raw, listed, HOLD))
    return {tuple(key.values()): state for key, state in zip(keys, written.parts(), strict=True)}


def agrees(feature, value, wanted, rows, key, at):
    """Say whether a value is the oracle's, by the equality of readers."""
    if feature.dtype == "timestamp" and isinstance(wanted, int):
        wanted = to_datetime(wanted)
    return type(value) is type(wanted) and (
        value == wanted
        or (isinstance(value, float) and math.isnan(value) and math.isnan(wanted))
        or (isinstance(value, float) and abs(value - wanted) <= naive.tolerance(feature, rows, key, at))
    )


def check(view, rows, states, reader, key, at, pushed=()):
    """Compare each feature of one entity at one instant; says how many were."""
    state = states.get(tuple(key.values()))
    if state is None and not pushed:
        return 0
    head = reader.head(state := state or reader.empty)
    if at < Head(*head).cut:
        return 0
    seen = [event for event in pushed if event.known_ts <= at]
    found, lacking = reader.values(state, head, at, reader.edges(at), seen)
    assert lacking is None
    for feature, value in zip(view.features, found, strict=True):
        wanted = naive.feature_value(feature, rows, key, at)
        assert agrees(feature, value, wanted, rows, key, at), (feature.name, key, at, value, wanted)
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
@pytest.mark.parametrize("pushing", [0.0, 0.5])
def test_a_packed_state_and_what_is_pushed_equal_the_oracle_at_random_instants(seed, pushing):
    view = packed_view(delay=("0s", "0s", "5m", "1s")[seed])
    assert replay(view, seed, 60, 6, max_raw=(3, 1_000)[seed % 2], pushing=pushing) > 0


def test_a_view_with_an_exact_window_alone_keeps_its_events():
    assert packable(packed_view())
    assert packable(packed_view(delay="1s"))
    assert not packable(every_feature())


def test_a_list_holds_so_many_events_and_tells_apart_so_many_values_and_says_saturated_past_that():
    view = FeatureView(
        name="v",
        entity=every_feature().entity,
        source=every_feature().source,
        windows=("1m", "3h"),
        aggregations=(
            aggregate.entropy("units"),
            aggregate.top_k("units", 1),
            aggregate.quantile("units", 0.5, low=1, high=9),
        ),
    )
    rows = [{"user": "a", "units": i // 2, "event_ts": i * 1_000_000} for i in range(9_000)]
    cut, reader = 9_000_000_000, Reader("v", DECLARATION, Shape(view), view.features)
    for listed, long_lacks in ((9_000, [True, True, False]), (100, [True] * 3)):
        (state,) = states(view, normalise(view, rows), cut, listed=listed).values()
        values, lacking = reader.values(state, reader.head(state), cut, reader.edges(cut))
        short, long = values[::2], values[1::2]
        assert None not in short
        assert lacking[::2] == [False] * 3
        assert (lacking[1::2], [value is None for value in long]) == (long_lacks, long_lacks)


@pytest.mark.parametrize("folded", [0, 2])
def test_values_that_are_all_one_have_no_spread_however_many_are_raw(folded):
    view = FeatureView(
        name="v",
        entity=every_feature().entity,
        source=every_feature().source,
        windows=("1m",),
        aggregations=(aggregate.stddev("amount"), aggregate.zscore("amount", baseline="1h")),
    )
    rows = [{"user": "a", "amount": 0.1, "event_ts": at * 1_000_000} for at in range(folded + 3)]
    (state,) = states(view, normalise(view, rows), folded * 1_000_000).values()
    reader = Reader("v", DECLARATION, Shape(view), view.features)
    at = 10_000_000
    assert reader.values(state, reader.head(state), at, reader.edges(at)) == ([0.0, None], None)


def test_a_sum_that_leaves_int64_is_null_for_its_entity_and_window_alone():
    view = FeatureView(
        name="v",
        entity=every_feature().entity,
        source=every_feature().source,
        windows=("1m", "1h"),
        aggregations=(aggregate.sum("units"), aggregate.ratio(aggregate.sum("units"), aggregate.count())),
    )
    rows = [{"user": "a", "units": 2**62, "event_ts": at * 1_000_000} for at in (0, 1, 90)]
    (state,) = states(view, normalise(view, rows), cut := 100_000_000).values()
    reader = Reader("v", DECLARATION, Shape(view), view.features)
    values, lacking = reader.values(state, reader.head(state), cut, reader.edges(cut))
    assert (values, lacking) == ([2**62, None, float(2**62), None], [False, True, False, True])


def test_a_state_with_any_bit_flipped_or_cut_off_or_of_another_version_is_refused():
    view = packed_view(windows=("5m",))
    rows = normalise(view, random_events(view, 1, 8))
    state = next(iter(states(view, rows, 0).values()))
    reader = Reader("v", DECLARATION, Shape(view), view.features)
    reader.head(state)
    for place in range(len(state)):
        for bit in range(8):
            with pytest.raises(StoreError):
                reader.head(state[:place] + bytes([state[place] ^ 1 << bit]) + state[place + 1 :])
    for end in range(len(state)):
        with pytest.raises(StoreError):
            reader.head(state[:end])
    body = state[6:]
    other = struct.pack("<BcI", FORMAT + 1, b"P", zlib.crc32(body, FORMAT + 1)) + body
    why = f"a state in the online store is damaged (its format {FORMAT + 1}P is not known)"
    with pytest.raises(StoreError, match=re.escape(f"view 'v': {why}. Materialize the view again.")):
        reader.head(other)


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
        replay(
            packed_view(delay=("0s", "5m")[seed % 5 == 0]),
            1_000 + seed,
            120,
            12,
            max_raw=(5, 1_000)[seed % 2],
            pushing=(0, 0.3, 0.9)[seed % 3],
        )
        for seed in range(20)
    )
    assert compared > 100_000
