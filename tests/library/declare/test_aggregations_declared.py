"""Aggregations with parameters, baselines or a wider entity: names, types, and what is refused, with the whole text."""

from __future__ import annotations

import json

import pytest

from riskloom import Aggregation, Entity, EventSource, FeatureView, Filter, aggregate
from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.errors import DeclarationError

PAIR = Entity.of("device_user", device="string", user_name="string")
DEVICE = Entity.of("device", device="string")
USER = Entity.of("user", user_name="string")
FAILED = Filter("failed", "action = 'failed'")
COLUMNS = {"device": "string", "user_name": "string", "action": "string", "amount": "int64", "score": "float64"}
LOGINS = EventSource(name="logins", files="*.log", transform="logins:to_events", columns=COLUMNS)


def view(*aggregations):
    return FeatureView(name="v", entity=PAIR, source=LOGINS, windows=("1h",), aggregations=aggregations)


def quantile(q=0.5, low=1, high=100):
    return aggregate.quantile("amount", q, low=low, high=high)


DECLARED = [
    (aggregate.last_k("action", 3), "action_last_k3_1h", "list[string]"),
    (aggregate.top_k("amount", 2, where=FAILED), "failed_amount_top_k2_1h", "list[int64]"),
    (aggregate.top_share("action"), "action_top_share_1h", "float64"),
    (aggregate.entropy("action"), "action_entropy_1h", "float64"),
    (aggregate.hhi("action"), "action_hhi_1h", "float64"),
    (quantile(0.95), "amount_quantile95_1h", "float64"),
    (quantile(0.999), "amount_quantile99_9_1h", "float64"),
    (aggregate.decayed_sum("score", half_life="24h"), "score_decayed_sum1d_1h", "float64"),
    (aggregate.decayed_sum(half_life="30s"), "events_decayed_sum30s_1h", "float64"),
    (aggregate.time_since_first(), "events_time_since_first_1h", "float64"),
    (aggregate.gap_mean(), "events_gap_mean_1h", "float64"),
    (aggregate.gap_stddev(where=FAILED), "failed_events_gap_stddev_1h", "float64"),
    (aggregate.gap_last("score"), "score_gap_last_1h", "float64"),
    (aggregate.gap_entropy(), "events_gap_entropy_1h", "float64"),
    (aggregate.distance("score", "amount", where=FAILED), "failed_score_amount_distance_1h", "float64"),
    (aggregate.novelty(history="90d"), "events_novelty90d_1h", "bool"),
    (aggregate.zscore("amount", baseline="30d"), "amount_zscore30d_1h", "float64"),
    (
        aggregate.leave_own_out(aggregate.sum("amount", where=FAILED), within=DEVICE),
        "failed_amount_sum_leave_own_out_device_1h",
        "int64",
    ),
    (aggregate.leave_own_out(aggregate.count(), within=DEVICE), "events_count_leave_own_out_device_1h", "int64"),
    (
        aggregate.leave_own_out(aggregate.mean("amount"), within=DEVICE, delay="1m", hop="1us"),
        "amount_mean_leave_own_out_device_1h_delay1m_hop1us",
        "float64",
    ),
    (
        aggregate.ratio(aggregate.leave_own_out(aggregate.count(), within=DEVICE), aggregate.count()),
        "events_count_leave_own_out_device_1h_per_events_count_1h",
        "float64",
    ),
]


@pytest.mark.parametrize(("aggregation", "name", "dtype"), DECLARED)
def test_a_feature_name_and_type_are_derived(aggregation, name, dtype):
    declared = view(aggregation)
    assert declared.feature_names == (name,)
    assert declared.features[0].dtype == dtype
    assert view_from_dict(json.loads(json.dumps(view_to_dict(declared)))) == declared


def test_counts_alone_have_a_value_without_events():
    counts = (aggregate.count(), aggregate.count_distinct("action"), DECLARED[-3][0])
    assert [feature.default for feature in view(*counts).features] == [0, 0, 0]
    assert {view(aggregation).features[0].default for aggregation, _, _ in DECLARED if aggregation not in counts} == {
        None
    }


def test_a_baseline_lengthens_the_reach():
    assert view(aggregate.novelty(history="90d")).reach > view(aggregate.count(windows=("90d",))).reach - 1
    assert view(aggregate.zscore("amount", baseline="30d")).event_columns == ("device", "user_name", "amount")


def test_events_are_kept_together_by_the_keys_that_all_features_share():
    assert view(aggregate.count()).partition_keys == ("device", "user_name")
    assert view(aggregate.count(), DECLARED[-2][0]).partition_keys == ("device",)


RANGE = "quantile(amount): the range from"
REFUSED = [
    (
        lambda: Aggregation(function="median", column="amount"),
        "aggregation 'median': there is no such function. Known: count, sum, mean, min, max, stddev, first, last, last_k, "
        "count_distinct, top_k, top_share, entropy, hhi, quantile, decayed_sum, time_since_first, time_since_last, gap_mean, "
        "gap_stddev, gap_last, gap_entropy, novelty, zscore, ratio, distance, leave_own_out.",
    ),
    (
        lambda: view(aggregate.distance("score", "action")),
        "view 'v', distance(score, action): column 'action' is string, but int64 or float64 is needed.",
    ),
    (lambda: Aggregation(function="ratio"), "ratio: it combines 2 aggregations."),
    (lambda: Aggregation(function="last_k", column="a"), "last_k(a): give it k."),
    (lambda: Aggregation(function="count", params=(1,)), "count(): it takes no parameters."),
    (lambda: Aggregation(function="gap_mean", column="a"), "gap_mean(a): it takes no column."),
    (lambda: Aggregation(function="entropy"), "entropy(): it needs a column."),
    (
        lambda: Aggregation(function="novelty"),
        "novelty(): it needs a baseline, a window that is longer than its own.",
    ),
    (
        lambda: Aggregation(function="count", baseline="1d"),
        "count(): it takes no baseline.",
    ),
    (lambda: aggregate.last_k("action", 0), "last_k(action): k=0 must be a whole number from 1 to 256."),
    (lambda: aggregate.top_k("action", 257), "top_k(action): k=257 must be a whole number from 1 to 256."),
    (lambda: aggregate.top_k("action", 2.5), "top_k(action): k=2.5 must be a whole number from 1 to 256."),
    (lambda: quantile(q=95), "quantile(amount): q=95 must be a number from 0 to 1."),
    (
        lambda: quantile(low=0),
        f"{RANGE} low=0 to high=100 must be of two numbers above 0, the smaller one first.",
    ),
    (
        lambda: quantile(low=100, high=1),
        f"{RANGE} low=100 to high=1 must be of two numbers above 0, the smaller one first.",
    ),
    (
        lambda: quantile(low=1e-30, high=1e30),
        f"{RANGE} low=1e-30 to high=1e+30 needs 6908 buckets of 1 %, more than 4096.",
    ),
    (
        lambda: aggregate.decayed_sum("amount", half_life="0s"),
        "decayed_sum(amount): half_life='0s' must be a duration of more than zero, such as '1h'.",
    ),
    (
        lambda: aggregate.decayed_sum("amount", half_life="1 hour"),
        "decayed_sum(amount): '1 hour' is not a duration. Write a whole number and a unit of us, ms, s, m, h or d, such as "
        "'5m' or '7d'.",
    ),
    (
        lambda: view(aggregate.zscore("amount", baseline="60m")),
        "view 'v': zscore(amount) has the baseline 60m, no longer than its window 1h. Give a longer one.",
    ),
    (
        lambda: view(aggregate.zscore("action", baseline="30d")),
        "view 'v', zscore(action): column 'action' is string, but int64 or float64 is needed.",
    ),
    (
        lambda: view(quantile(), aggregate.quantile("amount", 0.5, low=1, high=9)),
        "view 'v': the feature 'amount_quantile50_1h' is declared twice. Remove one, or give its filter another name.",
    ),
    (
        lambda: view(aggregate.ratio(aggregate.top_k("action", 2), aggregate.count())),
        "view 'v': top_k(action) / count(): top_k(action) is a list[string]. A ratio divides numbers.",
    ),
    (
        lambda: aggregate.leave_own_out(aggregate.max("amount"), within=DEVICE),
        "leave_own_out(max(amount)): max(amount) cannot be taken apart again. It can be of count, sum, mean, stddev.",
    ),
    (
        lambda: aggregate.leave_own_out(aggregate.count(windows=("1d",)), within=DEVICE),
        "leave_own_out(count()): give windows, delay and hop to it, not to its part.",
    ),
    (
        lambda: view(aggregate.leave_own_out(aggregate.stddev("score"), within=DEVICE)),
        "view 'v': leave_own_out(stddev(score)): a deviation can be taken apart again for int64 alone. Take it of minor units.",
    ),
    (
        lambda: view(aggregate.leave_own_out(aggregate.count(), within=PAIR)),
        "view 'v': leave_own_out(count()): entity 'device_user' must have some of the keys of 'device_user', and not all. "
        "Those are device, user_name.",
    ),
    (
        lambda: view(
            aggregate.leave_own_out(aggregate.count(), within=DEVICE),
            aggregate.leave_own_out(aggregate.count(), within=USER),
        ),
        "view 'v': it leaves its own out of entities that share no key, so no key keeps its events together. Split it.",
    ),
]


@pytest.mark.parametrize(("build", "text"), REFUSED)
def test_what_is_refused_says_where_and_what_to_do(build, text):
    with pytest.raises(DeclarationError) as caught:
        build()
    assert str(caught.value) == text
