"""Functions of frequencies, of places and of times, by hand and at their caps."""

from __future__ import annotations

import math
import random

import pyarrow as pa
import pytest

from riskloom import Entity, EventSource, FeatureView, Filter, aggregate
from riskloom.declare.functions import DISTINCT_CAP, NEWEST_CAP
from riskloom.intervals import SECOND
from riskloom.testing.rows import events_table, spine_table
from riskloom.windows import compute

COLUMNS = {
    "user": "string",
    "kind": "string",
    "amount": "float64",
    "east": "float64",
    "units": "int64",
    "flag": "bool",
    "seen": "timestamp",
}
SOURCE = EventSource(name="events", files="*.log", transform="events:to_events", columns=COLUMNS)
USER = Entity.of("user", user="string")


def column(aggregation, events, at):
    view = FeatureView(name="v", entity=USER, source=SOURCE, aggregations=(aggregation,), windows=("1d",))
    rows = [{"user": "a", **event} for event in events]
    return compute(view, events_table(view, rows), spine_table(view, [{"user": "a", "at": at}])).column(0)


def value(aggregation, values, *, name=None, at=None):
    """Give the value of an aggregation over one window that holds the values, a second each."""
    name = name or aggregation.column
    events = [{name: item, "event_ts": place * SECOND} for place, item in enumerate(values)]
    return column(aggregation, events, len(values) * SECOND if at is None else at)[0].as_py()


def gaps(aggregation, times):
    return column(aggregation, [{"event_ts": time * SECOND} for time in times], 80_000 * SECOND)[0].as_py()


def test_entropy_is_in_nats():
    assert value(aggregate.entropy("kind"), ["a", "b", "a", "b"]) == pytest.approx(math.log(2), abs=1e-9)
    assert value(aggregate.entropy("kind"), ["a"] * 7) == 0.0
    assert value(aggregate.entropy("units"), [5]) == 0.0
    shares = (0.5, 0.25, 0.25)
    wanted = -sum(share * math.log(share) for share in shares)
    assert value(aggregate.entropy("kind"), ["a", "a", "b", "c", None]) == pytest.approx(wanted, abs=1e-9)


def test_concentration_and_the_share_of_the_most_frequent_value():
    assert value(aggregate.hhi("kind"), ["a", "a", "b", "c"]) == 0.25 + 0.0625 + 0.0625
    assert value(aggregate.top_share("kind"), ["a", "a", "b", None]) == 2 / 3
    assert value(aggregate.top_share("amount"), [0.0, -0.0, 1.0, math.nan]) == 2 / 3


def test_the_most_frequent_values_come_first_and_ties_go_by_value():
    assert value(aggregate.top_k("kind", 2), ["b", "a", "b", "c"]) == ["b", "a"]
    assert value(aggregate.top_k("kind", 9), ["é", "z", "Z", ""]) == ["", "Z", "z", "é"]
    assert value(aggregate.top_k("units", 2), [7, -7, 2**60, 2**60]) == [2**60, -7]
    assert value(aggregate.top_k("flag", 2), [True, False]) == [False, True]
    assert value(aggregate.top_k("kind", 1), [None]) is None


def test_past_the_distinct_cap_a_frequency_is_null():
    many = list(range(DISTINCT_CAP + 1))
    for aggregation in (aggregate.entropy, aggregate.hhi, aggregate.top_share):
        assert value(aggregation("units"), many) is None
        assert value(aggregation("units"), many[1:]) is not None
    assert value(aggregate.top_k("units", 2), many) is None
    assert value(aggregate.top_k("units", 2), [*many[1:], 9]) == [9, 1]
    assert value(aggregate.count_distinct("units"), many) == DISTINCT_CAP


def test_the_newest_values_come_newest_first():
    assert value(aggregate.last_k("kind", 2), ["a", None, "b", "c"]) == ["c", "b"]
    assert value(aggregate.last_k("flag", 5), [True, None, False]) == [False, True]
    assert value(aggregate.last_k("units", NEWEST_CAP), list(range(300))) == list(range(299, 43, -1))
    assert value(aggregate.last_k("kind", 2), [None]) is None


def test_ties_in_time_are_listed_by_event_id():
    events = [{"kind": kind, "event_ts": 0, "event_id": kind} for kind in ("b", "a", "c")]
    assert column(aggregate.last_k("kind", 2), events, 1)[0].as_py() == ["c", "b"]


def test_lists_have_the_type_of_their_column():
    for name, dtype in (("kind", pa.string()), ("amount", pa.float64()), ("seen", pa.timestamp("us", "UTC"))):
        for aggregation in (aggregate.last_k(name, 2), aggregate.top_k(name, 2)):
            assert column(aggregation, [], 0).type == pa.list_(dtype)
            assert column(aggregation, [{"event_ts": 0}], 1).type == pa.list_(dtype)


def quantile(q, values, *, low=0.01, high=1e6, name="amount"):
    return value(aggregate.quantile(name, q, low=low, high=high), values)


def test_quantiles_are_within_one_percent():
    drawn = random.Random(1)
    values = [drawn.lognormvariate(3, 2) for _ in range(999)]
    for q in (0, 0.01, 0.5, 0.9, 0.999, 1):
        assert quantile(q, values) == pytest.approx(sorted(values)[int(q * 998)], rel=0.01 + 1e-12)
    assert quantile(0.5, [1, 2, 3], name="units") == pytest.approx(2, rel=0.01)


def test_a_quantile_outside_its_range_is_the_end_of_the_range():
    assert quantile(0.5, [-5.0, 0.0, 0.001], low=0.01) == 0.01
    assert quantile(0.5, [5e9, math.inf], high=1e6) == pytest.approx(1e6, rel=0.01)
    assert quantile(0.5, [None]) is None


def test_decay_halves_with_every_half_life():
    events = [{"amount": 8.0, "event_ts": 0}, {"amount": 1.0, "event_ts": 3600 * SECOND}]
    decayed = aggregate.decayed_sum("amount", half_life="1h")
    assert column(decayed, events, 7200 * SECOND)[0].as_py() == 2.5
    assert column(aggregate.decayed_sum(half_life="1h"), events, 7200 * SECOND)[0].as_py() == 0.75
    assert value(decayed, [None]) is None


def test_a_decayed_sum_forgets_what_is_older_than_the_window_and_never_overflows():
    decayed = aggregate.decayed_sum("units", half_life="1us")
    assert value(decayed, [10**18, 4], at=SECOND + 2) == 1.0
    assert column(decayed, [{"units": 1, "event_ts": 0}], 2 * 86_400 * SECOND)[0].as_py() is None


def test_gaps_are_seconds_between_neighbours():
    assert gaps(aggregate.gap_mean(), [0, 1, 4]) == 2.0
    assert gaps(aggregate.gap_stddev(), [0, 1, 4]) == pytest.approx(math.sqrt(2), rel=1e-15)
    assert gaps(aggregate.gap_mean(), [0]) is None
    assert gaps(aggregate.gap_stddev(), [0, 1]) is None
    assert gaps(aggregate.gap_mean(), [3, 3]) == 0.0
    steady = aggregate.ratio(aggregate.gap_stddev(), aggregate.gap_mean())
    assert gaps(steady, [0, 3, 6, 9]) == 0.0


def test_entropy_of_gaps_is_nothing_for_a_machine():
    assert gaps(aggregate.gap_entropy(), [0, 3, 6, 9]) == 0.0
    assert gaps(aggregate.gap_entropy(), [0, 1, 4, 5]) == pytest.approx(math.log(3) - 2 / 3 * math.log(2), rel=1e-15)
    assert gaps(aggregate.gap_entropy(), [0, 1]) is None
    assert (gaps(aggregate.gap_last(), [0, 1, 4]), gaps(aggregate.gap_last(), [4])) == (3.0, None)


def test_distance_is_between_the_newest_two_places():
    def between(*places):
        events = [{"amount": lat, "east": lon, "event_ts": second * SECOND} for second, (lat, lon) in enumerate(places)]
        return column(aggregate.distance("amount", "east"), events, 60 * SECOND)[0].as_py()

    london, paris, none = (51.5074, -0.1278), (48.8566, 2.3522), (None, None)
    assert between((0.0, 0.0), london, paris) == pytest.approx(343.56, abs=0.01)
    assert between(london, none, paris, none) == between(london, paris)
    assert between((0.0, 179.5), (0.0, -179.5)) == pytest.approx(111.195, abs=0.001)
    assert between((90.0, 0.0), (-90.0, 7.0)) == pytest.approx(math.pi * 6371.0088)
    assert (between(london, london), between(london), between(london, (91.0, 0.0))) == (0.0, None, None)


def test_gaps_are_those_of_the_newest_events():
    older = [0, 10_000]
    newest = [20_000 + 2 * place for place in range(NEWEST_CAP)]
    assert gaps(aggregate.gap_mean(), [*older, *newest]) == 2.0
    assert gaps(aggregate.gap_mean(), [*older, *newest[1:]]) == pytest.approx((newest[-1] - 10_000) / (NEWEST_CAP - 1))


def test_first_seen_is_the_oldest_event_that_passes():
    passing = Filter("named", "kind = 'x'")
    assert value(aggregate.time_since_first(where=passing), ["y", "x", "x"], name="kind") == 2.0
    assert value(aggregate.time_since_first(where=passing), ["y"], name="kind") is None
