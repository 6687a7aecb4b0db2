"""Each function on values where a careless kernel goes wrong."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from riskloom import Entity, EventSource, FeatureView, Filter, aggregate
from riskloom.errors import DeclarationError, WindowError
from riskloom.testing.rows import events_table, spine_table
from riskloom.windows import compute

COLUMNS = {
    "user": "string",
    "amount": "float64",
    "units": "int64",
    "kind": "string",
    "seen": "timestamp",
    "flag": "bool",
}
SOURCE = EventSource(name="events", files="*.log", transform="events:to_events", columns=COLUMNS)
USER = Entity.of("user", user="string")


def value(aggregation, values, *, column=None):
    """Give the value of an aggregation over one window that holds the values, a second each."""
    column = column or aggregation.column
    view = FeatureView(name="v", entity=USER, source=SOURCE, aggregations=(aggregation,), windows=("1d",))
    events = [{"user": "a", column: item, "event_ts": place * 1_000_000} for place, item in enumerate(values)]
    result = compute(
        view, events_table(view, events), spine_table(view, [{"user": "a", "at": (len(values)) * 1_000_000}])
    )
    return result.column(0)[0].as_py()


def test_integer_sums_are_exact_up_to_the_last_unit():
    assert value(aggregate.sum("units"), [2**62, 2**62 - 1, 1, -1]) == 2**63 - 1
    assert value(aggregate.sum("units"), [-(2**63), 1, -1]) == -(2**63)
    assert value(aggregate.sum("units"), [2**63 - 1, 2**63 - 1, -(2**63), -(2**63)]) == -2


def test_a_sum_that_leaves_int64_is_refused_and_never_wraps():
    text = (
        "feature 'units_sum_1d': the sum of 'units' leaves int64 in 1 windows. "
        "Declare the column as float64, or take the mean."
    )
    for values in ([2**63 - 1, 1], [-(2**63), -1], [2**63 - 1] * 5):
        with pytest.raises(WindowError) as raised:
            value(aggregate.sum("units"), values)
        assert str(raised.value) == text


def test_means_of_huge_integers_stay_exact():
    assert value(aggregate.mean("units"), [2**63 - 1] * 3) == float(2**63 - 1)
    assert value(aggregate.mean("units"), [-(2**63), 2**63 - 1]) == -0.5
    assert value(aggregate.mean("units"), [1, 2]) == 1.5


def test_deviations_of_integers_are_exact():
    assert value(aggregate.stddev("units"), [2**62, 2**62 + 1]) == math.sqrt(0.5)
    assert value(aggregate.stddev("units"), [-(2**63), 2**63 - 1]) == pytest.approx(
        (2**64 - 1) / math.sqrt(2), rel=1e-15
    )
    assert value(aggregate.stddev("units"), [7] * 9) == 0.0
    assert value(aggregate.stddev("units"), [1, None]) is None
    assert value(aggregate.stddev("units"), [-3, -5]) == math.sqrt(2)


def test_deviations_of_doubles_are_never_negative_nor_lost():
    assert value(aggregate.stddev("amount"), [0.1] * 7) == 0.0
    assert value(aggregate.stddev("amount"), [1e9 + 0.25, 1e9 + 0.75, 1e9 + 0.5]) == pytest.approx(0.25)
    assert value(aggregate.stddev("amount"), [1e308, -1e308]) == pytest.approx(1e308 * math.sqrt(2))
    assert value(aggregate.stddev("amount"), [1e-300, 3e-300]) == pytest.approx(1.4142135623730951e-300)


def test_sums_of_doubles():
    assert value(aggregate.sum("amount"), [0.1] * 10) == pytest.approx(1.0, abs=1e-15)
    assert value(aggregate.sum("amount"), [1e308, 1e308, -1e308, -1e308]) == 0.0
    assert value(aggregate.sum("amount"), [math.inf, 1.0]) == math.inf
    assert math.isnan(value(aggregate.sum("amount"), [math.inf, -math.inf]))
    assert value(aggregate.mean("amount"), [1e308, 1e308, 1e308]) == pytest.approx(1e308)


def test_null_and_nan_are_no_values():
    values = [math.nan, None, 2.0, math.nan]
    assert value(aggregate.count("amount"), values) == 1
    assert value(aggregate.count(), values, column="amount") == 4
    assert value(aggregate.sum("amount"), values) == 2.0
    assert value(aggregate.min("amount"), values) == 2.0
    assert value(aggregate.first("amount"), values) == 2.0
    assert value(aggregate.last("amount"), values) == 2.0
    assert value(aggregate.count_distinct("amount"), values) == 1


@pytest.mark.parametrize(
    "function",
    [aggregate.sum, aggregate.mean, aggregate.min, aggregate.max, aggregate.stddev, aggregate.first, aggregate.last],
)
def test_no_values_give_null(function):
    assert value(function("amount"), [None, math.nan]) is None


def test_no_values_count_zero():
    assert value(aggregate.count("kind"), [None]) == 0
    assert value(aggregate.count_distinct("kind"), [None]) == 0


def test_zero_and_minus_zero_are_one_value():
    assert value(aggregate.count_distinct("amount"), [0.0, -0.0]) == 1
    assert str(value(aggregate.min("amount"), [-0.0])) == "0.0"


def test_extremes_are_exact_beyond_double():
    assert value(aggregate.max("units"), [2**53, 2**53 + 1]) == 2**53 + 1
    assert value(aggregate.min("units"), [-(2**63), 0]) == -(2**63)
    assert value(aggregate.min("amount"), [math.inf, -math.inf]) == -math.inf


def test_first_and_last_of_each_type():
    assert value(aggregate.last("flag"), [True, False, None]) is False
    assert value(aggregate.first("kind"), [None, "", "a"]) == ""
    assert value(aggregate.last("units"), [2**53 + 1, None]) == 2**53 + 1


def test_distinct_counts_up_to_the_cap():
    assert value(aggregate.count_distinct("units"), [1, 2, 1, 3, 2]) == 3
    assert value(aggregate.count_distinct("units"), list(range(4096))) == 4096
    assert value(aggregate.count_distinct("units"), list(range(5000))) == 4096


def test_distinct_in_sliding_windows():
    view = FeatureView(
        name="v",
        entity=USER,
        source=SOURCE,
        aggregations=(aggregate.count_distinct("kind", hop="1us"),),
        windows=("10s",),
    )
    kinds = np.random.default_rng(1).integers(0, 12, 400)
    events = [{"user": "a", "kind": str(kind), "event_ts": place * 1_000_000} for place, kind in enumerate(kinds)]
    spine = [{"user": "a", "at": place * 1_000_000} for place in range(400)]
    found = compute(view, events_table(view, events), spine_table(view, spine)).column(0).to_pylist()
    assert found == [len(set(kinds[max(0, place - 10) : place].tolist())) for place in range(400)]


def test_time_since_last_is_seconds_to_the_newest_event_that_passes():
    passing = Filter("named", "kind = 'x'")
    aggregation = aggregate.time_since_last(where=passing)
    assert value(aggregation, ["x", "x", "y", None], column="kind") == 3.0
    assert value(aggregation, ["y"], column="kind") is None


def test_a_ratio_is_null_where_there_is_nothing_to_divide_by():
    failed = Filter("failed", "kind = 'failed'")
    share = aggregate.ratio(aggregate.count(where=failed), aggregate.count())
    assert value(share, ["failed", "passed"], column="kind") == 0.5
    assert value(aggregate.ratio(aggregate.count(), aggregate.count(where=failed)), ["passed"], column="kind") is None
    assert value(aggregate.ratio(aggregate.sum("units"), aggregate.count()), [None], column="units") is None


def test_a_ratio_divides_numbers_alone():
    ratio = aggregate.ratio(aggregate.last("kind"), aggregate.count())
    with pytest.raises(DeclarationError) as raised:
        FeatureView(name="v", entity=USER, source=SOURCE, aggregations=(ratio,), windows=("1d",))
    assert str(raised.value) == "view 'v': last(kind) / count(): last(kind) is a string. A ratio divides numbers."


def test_types_of_the_result():
    view = FeatureView(
        name="v",
        entity=USER,
        source=SOURCE,
        aggregations=(
            *(aggregate.first(column) for column in COLUMNS),
            aggregate.count(),
            aggregate.mean("units"),
            aggregate.min("seen"),
            aggregate.sum("units"),
            aggregate.sum("amount"),
            aggregate.ratio(aggregate.count(), aggregate.count()),
        ),
        windows=("1m",),
    )
    instant = pa.timestamp("us", "UTC")
    firsts = [pa.string(), pa.float64(), pa.int64(), pa.string(), instant, pa.bool_()]
    others = [pa.int64(), pa.float64(), instant, pa.int64(), pa.float64(), pa.float64()]
    for spine in ([], [{"user": "a", "at": 0}]):
        result = compute(view, events_table(view, []), spine_table(view, spine))
        assert result.schema.types == [*firsts, *others]
        assert result.num_rows == len(spine)
        assert result.column_names == list(view.feature_names)
