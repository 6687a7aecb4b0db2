"""Declarations: derived names, types, and what is refused, with the whole text."""

from __future__ import annotations

import json
from datetime import date

import pytest

from riskloom import (
    AccessLog,
    Entity,
    EventSource,
    FeatureService,
    FeatureView,
    Filter,
    LabelSource,
    RowRule,
    Suite,
    aggregate,
)
from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.errors import DeclarationError, TimeError

USER = Entity.of("user", user_name="string")
FAILED = Filter("failed", "action = 'failed'")
LOGINS = EventSource(
    name="logins",
    files="logins/{date}.log",
    transform="logins:to_events",
    columns={"user_name": "string", "action": "string", "amount": "int64", "score": "float64", "seen_at": "timestamp"},
)


def view(*aggregations, **changes):
    arguments = {
        "name": "user_logins",
        "entity": USER,
        "source": LOGINS,
        "windows": ("1h",),
        "aggregations": aggregations,
    }
    return FeatureView(**{**arguments, **changes})


@pytest.mark.parametrize(
    ("aggregation", "names", "dtype"),
    [
        (aggregate.count(), ["events_count_1h"], "int64"),
        (aggregate.count("amount"), ["amount_count_1h"], "int64"),
        (
            aggregate.count(where=FAILED, windows=("5m", "24h")),
            ["failed_events_count_5m", "failed_events_count_1d"],
            "int64",
        ),
        (aggregate.sum("amount"), ["amount_sum_1h"], "int64"),
        (aggregate.sum("score"), ["score_sum_1h"], "float64"),
        (aggregate.mean("amount"), ["amount_mean_1h"], "float64"),
        (aggregate.min("seen_at"), ["seen_at_min_1h"], "timestamp"),
        (aggregate.max("score"), ["score_max_1h"], "float64"),
        (aggregate.stddev("amount"), ["amount_stddev_1h"], "float64"),
        (aggregate.first("action"), ["action_first_1h"], "string"),
        (aggregate.last("action", where=FAILED), ["failed_action_last_1h"], "string"),
        (aggregate.count_distinct("action"), ["action_count_distinct_1h"], "int64"),
        (aggregate.time_since_last(), ["events_time_since_last_1h"], "float64"),
        (
            aggregate.ratio(aggregate.count(where=FAILED), aggregate.count()),
            ["failed_events_count_1h_per_events_count_1h"],
            "float64",
        ),
        (
            aggregate.ratio(aggregate.count(windows=("5m",)), aggregate.count(windows=("1d",))),
            ["events_count_5m_per_events_count_1d"],
            "float64",
        ),
        (aggregate.count(delay="7d", hop="1us"), ["events_count_1h_delay7d_hop1us"], "int64"),
    ],
)
def test_a_feature_name_and_type_are_derived(aggregation, names, dtype):
    declared = view(aggregation)
    assert list(declared.feature_names) == names
    assert {feature.dtype for feature in declared.features} == {dtype}


def test_the_delay_of_the_source_is_not_part_of_the_name():
    late = EventSource(name="late", files="*.log", transform="a:b", columns=LOGINS.columns, delay="7d")
    assert view(aggregate.count(), source=late).feature_names == ("events_count_1h",)
    assert view(aggregate.count(delay="8d"), source=late).feature_names == ("events_count_1h_delay8d",)


def test_a_view_survives_json():
    declared = view(
        aggregate.ratio(aggregate.count(where=FAILED), aggregate.count()), aggregate.sum("amount", delay="7d")
    )
    assert view_from_dict(json.loads(json.dumps(view_to_dict(declared)))) == declared


def test_a_view_names_the_columns_that_it_reads_keys_first():
    assert view(aggregate.sum("amount", where=FAILED)).event_columns == ("user_name", "action", "amount")


REFUSED = [
    (
        lambda: view(aggregate.sum("amont")),
        "view 'user_logins', sum(amont): there is no column 'amont'. Did you mean 'amount'?",
    ),
    (
        lambda: view(aggregate.sum("action")),
        "view 'user_logins', sum(action): column 'action' is string, but int64 or float64 is needed.",
    ),
    (
        lambda: view(aggregate.count(where=Filter("failed", "acton = 'failed'"))),
        "view 'user_logins', filter 'failed': there is no column 'acton'. Did you mean 'action'?",
    ),
    (
        lambda: view(aggregate.count(where=Filter("large", "amount > '5'"))),
        "view 'user_logins', filter 'large': column 'amount' is int64, but string or timestamp is needed.",
    ),
    (
        lambda: Filter("odd", "lower(action) = 'failed'"),
        "filter 'odd': the predicate \"lower(action) = 'failed'\" uses Lower, which is not supported. "
        "Supported: AND, OR, NOT, =, <>, <, <=, >, >=, IN, BETWEEN, LIKE, IS NULL, columns and constants.",
    ),
    (lambda: Filter("odd", "'failed'"), "filter 'odd': the predicate \"'failed'\" is not a condition."),
    (
        lambda: view(aggregate.count(), aggregate.count()),
        "view 'user_logins': the feature 'events_count_1h' is declared twice. Remove one, or give its filter another name.",
    ),
    (lambda: view(), "view 'user_logins': it has no aggregations. Give one at least."),
    (
        lambda: view(aggregate.count(), windows=()),
        "view 'user_logins': count() has no windows. Give windows to it or to the view.",
    ),
    (
        lambda: view(aggregate.count(), entity=Entity.of("customer", customer_id="string")),
        "view 'user_logins', entity 'customer': there is no column 'customer_id'. "
        "Available: action, amount, score, seen_at, user_name.",
    ),
    (
        lambda: Entity.of("User", user_name="string"),
        "entity 'User': a name is lower-case letters, digits and single underscores, and starts with a letter.",
    ),
    (
        lambda: Entity.of("user", user_name="text"),
        "entity 'user', column 'user_name': there is no type 'text'. Available: bool, float64, int64, string, timestamp.",
    ),
    (
        lambda: FeatureService(name="login_risk", features=("user_logins",)),
        "service 'login_risk': a service is named <decision>_v<N>, such as login_risk_v1.",
    ),
    (
        lambda: LabelSource(name="confirmed", entity=USER, source=LOGINS, value="action"),
        "label 'confirmed': nothing says when it is available. Give available=COLUMN or delay=DURATION: it would leak.",
    ),
    (
        lambda: EventSource(name="logins", files="logins/{day}.log", transform="a:b", columns={}),
        "source 'logins': files='logins/{day}.log' has the unknown field {day}. Known: date, yyyy, mm, dd, hh.",
    ),
    (
        lambda: EventSource(name="logins", files="*.log", transform="a.b", columns={}),
        "source 'logins': transform='a.b' is not module:function.",
    ),
    (
        lambda: EventSource(name="logins", files="*.log", transform="a:b", columns={"x": "string"}, event_id=("y",)),
        "source 'logins': there is no column 'y'. Available: x.",
    ),
    (
        lambda: EventSource(name="logins", files="*.log", transform="a:b", columns={"n": "int64"}, sequence="n"),
        "source 'logins': sequence orders what was delivered under one id, and a position names one line. Declare event_id.",
    ),
    (
        lambda: EventSource(
            name="logins", files="*.log", transform="a:b", columns={"x": "string"}, event_id=("x",), sequence="x"
        ),
        "source 'logins': column 'x' is string, but int64 or timestamp is needed.",
    ),
    (
        lambda: EventSource(name="logins", files="*.log", transform="a:b", columns={"event_ts": "timestamp"}),
        "source 'logins': column 'event_ts' is written by Riskloom itself. Give it another name.",
    ),
    (
        lambda: EventSource(name="logins", files="*.log", transform="a:b", columns={"reason": "string"}),
        "source 'logins': column 'reason' is what extraction says of a record. Give it another name.",
    ),
    (
        lambda: EventSource(name="logins", files="*.log", format=AccessLog(), columns={"kind": "string"}),
        "source 'logins': column 'kind' is what extraction says of a record. Give it another name.",
    ),
    (
        lambda: EventSource(name="logins", files="*.log", transform="a:b", columns={}, ignore={"noise": "("}),
        "source 'logins': rule 'noise' is no regular expression: missing ), unterminated subpattern at position 0.",
    ),
    (
        lambda: Suite(source="logins", rows=(RowRule("named", "a IS NULL"), RowRule("named", "b IS NULL"))),
        "suite 'logins': two row rules have one name. Rename one.",
    ),
]


@pytest.mark.parametrize(("build", "text"), REFUSED)
def test_what_is_refused_says_where_and_what_to_do(build, text):
    with pytest.raises(DeclarationError) as caught:
        build()
    assert str(caught.value) == text


def test_a_view_delay_shorter_than_its_sources_is_refused():
    late = EventSource(name="late", files="*.log", transform="a:b", columns=LOGINS.columns, delay="7d")
    with pytest.raises(DeclarationError) as caught:
        view(aggregate.count(delay="1d"), source=late)
    assert str(caught.value) == (
        "view 'user_logins': count() has delay 1d, shorter than 7d, the delay of source 'late'. Give a longer one, or none."
    )


def test_a_bad_duration_says_what_a_duration_is():
    with pytest.raises(TimeError) as caught:
        view(aggregate.count(), windows=("1 week",))
    assert (
        str(caught.value)
        == "'1 week' is not a duration. Write a whole number and a unit of us, ms, s, m, h or d, such as '5m' or '7d'."
    )


def test_a_reference_date_survives_json():
    dated = EventSource(
        name="dated", files="*.log", transform="a:b", columns={"user_name": "string"}, reference_date=date(2017, 4, 21)
    )
    declared = FeatureView(name="v", entity=USER, source=dated, windows=("1h",), aggregations=(aggregate.count(),))
    assert view_from_dict(json.loads(json.dumps(view_to_dict(declared)))) == declared
