from __future__ import annotations

import pytest

from riskloom import Expectation, Suite
from riskloom.errors import DeclarationError

# Great Expectations takes seconds to import, so these run with the tests that need a session.
pytestmark = pytest.mark.spark

COLUMNS = ("event_id", "event_ts", "user_name", "amount")


def compiled(kind, **kwargs):
    from riskloom.quality.compile import compile_suite

    suite = Suite(
        source="logins", expectations=(Expectation(type=kind, kwargs=kwargs, severity="warning", reason="Why."),)
    )
    return compile_suite(suite, COLUMNS)


def test_each_part_reaches_great_expectations():
    suite = compiled("expect_column_values_to_not_be_null", column="user_name", mostly=0.9)
    (expectation,) = suite.expectations
    assert suite.name == "logins"
    assert expectation.expectation_type == "expect_column_values_to_not_be_null"
    assert (expectation.column, expectation.mostly, expectation.severity) == ("user_name", 0.9, "warning")
    assert (expectation.notes, expectation.meta) == ("Why.", {"position": 0})


def test_columns_are_found_in_every_argument_that_names_them():
    from riskloom.quality.compile import named_columns

    assert named_columns({"column": "a"}) == ("a",)
    assert named_columns({"column_A": "a", "column_B": "b", "or_equal": True}) == ("a", "b")
    assert named_columns({"column_list": ["a", "b", "c"]}) == ("a", "b", "c")
    assert named_columns({"min_value": 1}) == ()


@pytest.mark.parametrize(
    ("kind", "kwargs", "text"),
    [
        (
            "expect_column_values_to_be_unike",
            {"column": "amount"},
            (
                "suite 'logins': there is no expectation 'expect_column_values_to_be_unike'."
                " Did you mean 'expect_column_values_to_be_unique'?"
            ),
        ),
        (
            "expect_column_values_to_be_unique",
            {"column": "amont"},
            "suite 'logins', expect_column_values_to_be_unique: there is no column 'amont'. Did you mean 'amount'?",
        ),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["amount", "user"]},
            (
                "suite 'logins', expect_compound_columns_to_be_unique: there is no column 'user'."
                " Did you mean 'user_name'?"
            ),
        ),
        (
            "expect_column_values_to_be_in_set",
            {"column": "amount", "value_sett": [1]},
            (
                "suite 'logins', expect_column_values_to_be_in_set: there is no argument 'value_sett'."
                " Did you mean 'value_set'?"
            ),
        ),
        (
            "expect_column_values_to_be_unique",
            {"column": "amount", "row_condition": "user IS NULL"},
            "suite 'logins', expect_column_values_to_be_unique: there is no column 'user'. Did you mean 'user_name'?",
        ),
        (
            "expect_column_values_to_be_unique",
            {},
            "suite 'logins', expect_column_values_to_be_unique: column: field required.",
        ),
        (
            "expect_column_values_to_be_unique",
            {"column": "amount", "mostly": 2},
            (
                "suite 'logins', expect_column_values_to_be_unique: mostly: ensure this value is less than or equal"
                " to 1.0, value is not a valid dict."
            ),
        ),
    ],
)
def test_what_great_expectations_does_not_know_is_refused(kind, kwargs, text):
    with pytest.raises(DeclarationError) as raised:
        compiled(kind, **kwargs)
    assert str(raised.value) == text
