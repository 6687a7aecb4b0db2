"""Features made of others: novelty, z-scores, and what is left without one's own."""

from __future__ import annotations

import math

import pytest

from riskloom import Entity, EventSource, FeatureView, Filter, aggregate
from riskloom.errors import WindowError
from riskloom.intervals import DAY, HOUR
from riskloom.testing import check_view
from riskloom.testing.rows import events_table, spine_table
from riskloom.windows import compute

PAIR = Entity.of("device_account", device="string", account="string")
DEVICE = Entity.of("device", device="string")
COLUMNS = {"device": "string", "account": "string", "amount": "float64", "units": "int64"}
LOGINS = EventSource(name="logins", files="*.log", transform="logins:to_events", columns=COLUMNS)
NOW = 30 * DAY


def view(*aggregations, windows=("1d",)):
    return FeatureView(name="pairs", entity=PAIR, source=LOGINS, windows=windows, aggregations=aggregations)


def event(account, ago=HOUR, *, device="d", **columns):
    return {"device": device, "account": account, "event_ts": NOW - ago, **columns}


def read(account, *, device="d", **features):
    return {"device": device, "account": account, "at": NOW, **features}


def test_a_pair_is_new_where_all_of_it_lies_in_the_window():
    events = [event("new"), event("new", 2 * HOUR), event("old"), event("old", 9 * DAY), event("gone", 9 * DAY)]
    wanted = {"new": True, "old": False, "gone": None, "never": None}
    check_view(
        view(aggregate.novelty(history="10d")),
        events,
        [read(account, events_novelty10d_1d=found) for account, found in wanted.items()],
    )


def test_a_zscore_compares_the_window_with_the_longer_one():
    days = [event("a", (place + 2) * DAY, units=units) for place, units in enumerate([4, 2, 6])]
    check_view(
        view(aggregate.zscore("units", baseline="10d")),
        [*days, event("a", units=8), event("flat", units=5), event("flat", 2 * DAY, units=5), event("flat", 3 * DAY)],
        [
            read("a", units_zscore10d_1d=(8 - 5) / math.sqrt(20 / 3)),
            read("flat", units_zscore10d_1d=None),
            read("none", units_zscore10d_1d=None),
        ],
    )


LEFT = tuple(
    aggregate.leave_own_out(part, within=DEVICE)
    for part in (
        aggregate.count(),
        aggregate.sum("units"),
        aggregate.mean("units"),
        aggregate.stddev("units"),
        aggregate.sum("amount"),
        aggregate.mean("amount"),
    )
)
NAMES = [f"{name}_leave_own_out_device_1d" for name in
         ("events_count", "units_sum", "units_mean", "units_stddev", "amount_sum", "amount_mean")]  # fmt: skip
NOTHING = [0, None, None, None, None, None]


def test_others_of_a_device_are_counted_without_ones_own():
    events = [
        *(event("a", units=units, amount=units / 2) for units in (1, 2, 3)),
        *(event("b", units=units, amount=units / 2) for units in (10, 14)),
        event(None, units=20, amount=10.0),
        event("a", device="e", units=99, amount=99.0),
    ]
    check_view(
        view(*LEFT),
        events,
        [
            read("a", **dict(zip(NAMES, [3, 44, 44 / 3, math.sqrt(76 / 3), 22.0, 22 / 3], strict=True))),
            read("b", **dict(zip(NAMES, [4, 26, 6.5, math.sqrt(245 / 3), 13.0, 3.25], strict=True))),
            read("c", **dict(zip(NAMES, [6, 50, 50 / 6, math.sqrt((710 - 2500 / 6) / 5), 25.0, 25 / 6], strict=True))),
            read("a", device="e", **dict(zip(NAMES, NOTHING, strict=True))),
            read("a", device="f", **dict(zip(NAMES, NOTHING, strict=True))),
            read(None, **dict(zip(NAMES, NOTHING, strict=True))),
        ],
    )


def test_one_other_value_has_no_deviation():
    check_view(view(LEFT[3]), [event("a", units=1), event("b", units=2)], [read("a", **{NAMES[3]: None})])


def test_filters_and_delays_hold_for_both_sides():
    large = Filter("large", "units > 5")
    part = aggregate.count(where=large)
    check_view(
        view(aggregate.leave_own_out(part, within=DEVICE, delay="2h", windows=("1d",))),
        [event("a", units=9), event("b", 3 * HOUR, units=9), event("b", units=9), event("c", 3 * HOUR, units=1)],
        [read("a", large_events_count_leave_own_out_device_1d_delay2h=1)],
    )


def test_what_is_left_may_leave_int64():
    declared = view(LEFT[1])
    rows = [event("a", units=-(2**62)), *(event("b", units=2**62) for _ in range(2))]
    tables = events_table(declared, rows), spine_table(declared, [read("a")])
    with pytest.raises(WindowError) as raised:
        compute(declared, *tables)
    assert str(raised.value) == (
        "feature 'units_sum_leave_own_out_device_1d': the sum of 'units' leaves int64 in 1 windows. "
        "Declare the column as float64, or take the mean."
    )
