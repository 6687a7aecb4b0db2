"""Filters: the evaluator against the oracle's own reading, and by hand where SQL is often read wrongly."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskloom import Filter
from riskloom.errors import DeclarationError
from riskloom.testing.naive_filter import passes
from riskloom.windows.predicate import evaluate
from riskloom.windows.tables import ARROW

COLUMNS = {
    "text": "string",
    "other": "string",
    "whole": "int64",
    "real": "float64",
    "flag": "bool",
    "seen": "timestamp",
}
NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
POOLS = {
    "text": ("a", "", "A", "a%b", "a_b", "ab", "a\nb", "ß", "a\\b", None),
    "other": ("a", "ab", None),
    "whole": (0, 1, 2, 3, -3, 2**53 + 1, 2**63 - 1, -(2**63), None),
    "real": (0.0, -0.0, 2.5, 0.1, -1e300, float("inf"), float("nan"), None),
    "flag": (True, False, None),
    "seen": (NOON, NOON.replace(microsecond=1), None),
}


def table(rows):
    return pa.table({name: pa.array([row[name] for row in rows], ARROW[dtype]) for name, dtype in COLUMNS.items()})


def truths(sql, column, values):
    rows = [dict.fromkeys(COLUMNS) | {column: value} for value in values]
    where = Filter("f", sql)
    found = evaluate(where, table(rows)).tolist()
    assert found == [passes(where, row) for row in rows]
    return found


@pytest.mark.parametrize(
    ("sql", "column", "values", "wanted"),
    [
        ("flag", "flag", [True, False, None], [True, False, False]),
        ("NOT flag", "flag", [True, False, None], [False, True, False]),
        ("flag IS NOT TRUE", "flag", [True, False, None], [False, True, True]),
        ("flag IS FALSE", "flag", [True, False, None], [False, True, False]),
        ("flag = TRUE", "flag", [True, False, None], [True, False, False]),
        ("flag < TRUE", "flag", [True, False, None], [False, True, False]),
        ("flag OR TRUE", "flag", [False, None], [True, True]),
        ("TRUE", "flag", [False, None], [True, True]),
        ("NULL OR flag", "flag", [True, False], [True, False]),
        ("whole = NULL", "whole", [1, None], [False, False]),
        ("whole IS NULL", "whole", [1, None], [False, True]),
        ("whole IN (1, NULL)", "whole", [1, 2, None], [True, False, False]),
        ("whole NOT IN (1, NULL)", "whole", [1, 2, None], [False, False, False]),
        ("whole NOT IN (1, 3)", "whole", [1, 2, None], [False, True, False]),
        ("whole BETWEEN 1 AND 2.5", "whole", [0, 1, 2, 3, None], [False, True, True, False, False]),
        ("whole NOT BETWEEN 1 AND 2", "whole", [0, 1, 3, None], [True, False, True, False]),
        ("2.5 > whole", "whole", [2, 3], [True, False]),
        ("whole >= 2.5", "whole", [2, 3], [False, True]),
        ("whole = 2.5 OR whole <> 2.5", "whole", [2, None], [True, False]),
        ("whole > -2.5", "whole", [-3, -2], [False, True]),
        ("whole = 9007199254740993", "whole", [2**53, 2**53 + 1], [False, True]),
        ("whole < 9223372036854775808", "whole", [2**63 - 1, None], [True, False]),
        ("whole > -1e30", "whole", [-(2**63)], [True]),
        ("whole = 1e0", "whole", [1], [True]),
        ("real = 0", "real", [0.0, -0.0], [True, True]),
        ("real = 0.1", "real", [0.1], [True]),
        ("real < 1e400", "real", [1.0, float("inf")], [True, False]),
        ("real IS NULL", "real", [float("nan"), None, 1.0], [True, True, False]),
        ("NOT real > 1", "real", [float("nan"), 0.5], [False, True]),
        ("text LIKE 'a%'", "text", ["a", "ab", "ba", None], [True, True, False, False]),
        ("text NOT LIKE 'a%'", "text", ["a", "b", None], [False, True, False]),
        ("text LIKE 'a_b'", "text", ["a%b", "ab", "aßb", "a\nb"], [True, False, True, True]),
        (r"text LIKE 'a\%b'", "text", ["a%b", "axb"], [True, False]),
        (r"text LIKE 'a\_b'", "text", ["a_b", "axb"], [True, False]),
        ("text LIKE 'a.b'", "text", ["a.b", "axb"], [True, False]),
        ("text LIKE ''", "text", ["", "a"], [True, False]),
        ("text LIKE 'a'", "text", ["a", "a\n"], [True, False]),
        ("text < 'b'", "text", ["B", "a", "c", "ß"], [True, True, False, False]),
        ("seen >= '2010-12-01T12:00:00Z'", "seen", [NOON, None], [True, False]),
        ("seen = '2010-12-01 12:00:00'", "seen", [NOON], [True]),
        ("seen = '2010-12-01T21:00:00+09:00'", "seen", [NOON], [True]),
        ("seen BETWEEN '2010-12-01' AND '2010-12-02'", "seen", [NOON], [True]),
    ],
)
def test_by_hand(sql, column, values, wanted):
    assert truths(sql, column, values) == wanted


def comparison():
    operator = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    whole = st.sampled_from(["0", "1", "2.5", "-3", "1e3", "9007199254740993", "9223372036854775808", "-1e40"])
    text = st.sampled_from(["''", "'a'", "'a%b'", "'ß'"])
    sides = st.one_of(
        st.tuples(st.sampled_from(["whole", "real"]), st.one_of(whole, st.sampled_from(["whole", "real", "NULL"]))),
        st.tuples(st.just("text"), st.one_of(text, st.just("other"))),
        st.tuples(st.just("seen"), st.sampled_from(["'2010-12-01 12:00:00'", "'2010-12-02'", "seen"])),
        st.tuples(st.just("flag"), st.sampled_from(["TRUE", "FALSE", "flag", "NULL"])),
    )
    flipped = st.tuples(sides, st.booleans()).map(lambda drawn: drawn[0][::-1] if drawn[1] else drawn[0])
    return st.tuples(flipped, operator).map(lambda drawn: f"{drawn[0][0]} {drawn[1]} {drawn[0][1]}")


def predicates():
    tests = st.one_of(
        comparison(),
        st.sampled_from(
            [
                "flag",
                "text LIKE 'a%'",
                "text NOT LIKE '%b'",
                "text IN ('a', 'ab', NULL)",
                "whole NOT IN (1, 2.5, 2)",
                "whole IN (whole, 3)",
                "real BETWEEN -1 AND whole",
                "whole BETWEEN 1 AND NULL",
                "real IS NULL",
                "flag IS NOT FALSE",
            ]
        ),
    )
    return st.recursive(
        tests,
        lambda parts: st.one_of(
            st.tuples(parts, parts).map(lambda two: f"({two[0]}) AND ({two[1]})"),
            st.tuples(parts, parts).map(lambda two: f"({two[0]}) OR ({two[1]})"),
            parts.map(lambda part: f"NOT ({part})"),
            parts.map(lambda part: f"({part}) IS NULL"),
            st.tuples(parts, parts).map(lambda two: f"({two[0]}) = ({two[1]})"),
        ),
        max_leaves=4,
    )


@settings(derandomize=True, deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    predicates(),
    st.lists(st.fixed_dictionaries({name: st.sampled_from(pool) for name, pool in POOLS.items()}), max_size=8),
)
def test_agrees_with_the_oracle(sql, rows):
    where = Filter("f", sql)
    assert evaluate(where, table(rows)).tolist() == [passes(where, row) for row in rows]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("text LIKE other", "uses LIKE with something else than a constant text."),
        ("whole IS 5", "uses IS with something else than NULL, TRUE or FALSE. Compare with = instead."),
        ("t.whole = 1", "names the table of 'whole'. Give the column alone."),
        ("-whole = 1", "negates something else than a number. Only constants are negated."),
        (
            "whole BETWEEN SYMMETRIC 2 AND 1",
            "uses BETWEEN SYMMETRIC, which is not supported. Give the smaller bound first.",
        ),
        ("5", "is not a condition."),
    ],
)
def test_grammar_is_checked_when_declared(sql, why):
    with pytest.raises(DeclarationError) as raised:
        Filter("f", sql)
    assert str(raised.value) == f"filter 'f': the predicate {sql!r} {why}"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("text", "takes 'text' for a condition, but it is a string. Compare it with something."),
        ("flag AND whole", "takes 'whole' for a condition, but it is a number. Compare it with something."),
        ("1 = 1", "compares the constants 1 and 1. Name a column."),
        ("text = whole", "compares 'text', a string, with 'whole', a number."),
        ("seen > 'yesterday'", "compares 'seen' with 'yesterday', which is no instant. Write 2010-12-01T08:00:00Z."),
        ("'a' IS NULL", "asks whether the constant 'a' is null. Name a column."),
        ("flag = text", "compares 'flag', a bool, with 'text', a string."),
        ("(flag IS NULL) = 5", "compares '(flag IS NULL)' with a number."),
    ],
)
def test_types_are_checked_against_the_source(sql, why):
    with pytest.raises(DeclarationError) as raised:
        Filter("f", sql).check_against("view 'v'", COLUMNS)
    assert str(raised.value) == f"view 'v', filter 'f': the predicate {sql!r} {why}"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("whole = 'a'", "column 'whole' is int64, but string or timestamp is needed."),
        ("text > 5", "column 'text' is string, but int64 or float64 is needed."),
        ("flag IN (0, 1)", "column 'flag' is bool, but int64 or float64 is needed."),
        ("whole LIKE 'a%'", "column 'whole' is int64, but string is needed."),
        ("txt = 'a'", "there is no column 'txt'. Did you mean 'text'?"),
    ],
)
def test_columns_are_checked_against_the_source(sql, text):
    with pytest.raises(DeclarationError) as raised:
        Filter("f", sql).check_against("view 'v'", COLUMNS)
    assert str(raised.value) == f"view 'v', filter 'f': {text}"
