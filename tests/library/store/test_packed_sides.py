"""States of views that leave their own party out, against the oracle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from riskloom import Entity, FeatureView, aggregate
from riskloom.errors import StoreError
from riskloom.store.packed.encode import Bounds
from riskloom.store.packed.fold import Events
from riskloom.store.packed.head import Stamp
from riskloom.store.packed.read_sides import SidesReader
from riskloom.store.packed.shape import packable
from riskloom.store.packed.sides import encode_sides, sides_of
from riskloom.store.sorting import sorted_events
from riskloom.testing import naive
from riskloom.testing.generators import random_events, random_spine
from riskloom.testing.rows import events_table, normalise
from riskloom.testing.samples import every_feature
from tests.library.store.test_packed import DECLARATION, HOLD, agrees, record


def sided_view(keys=("user", "account"), **options):
    """A view of pairs with each function, and all that can be left out of the wider entity."""
    view = every_feature(keys=keys, **options)
    return replace(view, aggregations=tuple(part for part in view.aggregations if part.hop is None))


def small_view():
    others = aggregate.leave_own_out(aggregate.count(), within=Entity.of("wider", user="string"))
    return FeatureView(
        name="v",
        entity=Entity.of("pair", user="string", account="int64"),
        source=every_feature().source,
        windows=("1h",),
        aggregations=(others, aggregate.count()),
    )


def states(view, rows, cut, parties=10_000):
    table, begins, ends = sorted_events(view, events_table(view, rows))
    event_ts, available_ts = (table.column(name).cast("int64").to_numpy() for name in ("event_ts", "available_ts"))
    events = Events(table, begins, ends, event_ts, np.maximum(event_ts + 1, available_ts))
    keys = zip(*(table.column(name).take(begins).to_pylist() for name in view.partition_keys), strict=True)
    bounds = Bounds(1_000, parties, HOLD)
    return dict(zip(keys, encode_sides(sides_of(view), events, DECLARATION, Stamp(3, 4, cut), bounds), strict=True))


def replay(view, seed, pushing):
    rows = normalise(view, random_events(view, seed, 60))
    chance = np.random.default_rng(seed)
    times = sorted(row["event_ts"] for row in rows)
    cut = times[int(chance.integers(len(times)))]
    batch, pushed = [], {}
    for row in rows:
        key = tuple(row[name] for name in view.partition_keys)
        if row["event_ts"] >= cut - HOLD and None not in key and chance.random() < pushing:
            pushed.setdefault(key, []).append(record(row))
        else:
            batch.append(row)
    held = states(view, batch, cut)
    reader = SidesReader(view, DECLARATION, sides_of(view), view.features)
    compared = 0
    for asked in random_spine(view, seed, 5, rows):
        key = {name: asked[name] for name in view.entity.key_columns}
        if None in key.values():
            continue
        shared, at = tuple(key[name] for name in view.partition_keys), max(asked["at"], cut)
        directory = reader.open(held[shared]) if shared in held else None
        found, lacking = reader.values(directory, tuple(key.values()), at, pushed.get(shared, ()))
        assert lacking is None
        for feature, value in zip(view.features, found, strict=True):
            wanted = naive.feature_value(feature, rows, key, at)
            assert agrees(feature, value, wanted, rows, key, at), (feature.name, key, at, value, wanted)
        compared += len(found)
    return compared


@pytest.mark.parametrize(("seed", "pushing", "delay"), [(0, 0, "0s"), (1, 0.5, "0s"), (2, 0.5, "1s"), (5, 0.5, "0s")])
def test_a_state_with_sides_equals_the_oracle_at_random_instants(seed, pushing, delay):
    view = sided_view(delay=delay)
    assert packable(view)
    assert replay(view, seed, pushing) > 0


def test_parties_past_the_bound_are_said_to_lack_and_never_to_have_nothing():
    view = small_view()
    rows = [{"user": "a", "account": place, "event_ts": place * 1_000_000} for place in range(10)]
    (state,) = states(view, normalise(view, rows), cut := 20_000_000, parties=3).values()
    reader = SidesReader(view, DECLARATION, sides_of(view), view.features)
    directory = reader.open(state)
    assert reader.values(directory, ("a", 9), cut, ()) == ([9, 1], None)
    assert reader.values(directory, ("a", 2), cut, ()) == ([None, None], [True, True])


def test_a_directory_with_any_bit_flipped_is_refused_and_rows_of_other_parties_are_not_read():
    view = small_view()
    rows = [{"user": "a", "account": place, "event_ts": place} for place in range(3)]
    (state,) = states(view, normalise(view, rows), cut := 1_000).values()
    reader = SidesReader(view, DECLARATION, sides_of(view), view.features)
    wanted = reader.values(reader.open(state), ("a", 1), cut, ())
    end = int.from_bytes(state[6:10], "little")
    for place in range(len(state)):
        for bit in range(8):
            flipped = state[:place] + bytes([state[place] ^ 1 << bit]) + state[place + 1 :]
            try:
                found = reader.values(reader.open(flipped), ("a", 1), cut, ())
            except StoreError:
                continue
            assert place >= end
            assert found == wanted
    with pytest.raises(StoreError, match=r"^view 'v': .*\(it is cut off\)"):
        reader.open(state[:20])
