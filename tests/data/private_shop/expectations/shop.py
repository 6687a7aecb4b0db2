"""What must hold, and warnings that planted values set off."""

from __future__ import annotations

from riskloom import Expectation, RowRule, Suite

messages = Suite(
    source="messages",
    rows=(RowRule("amount_plausible", "amount IS NULL OR amount < 1000000"),),
    expectations=(
        Expectation(type="expect_column_values_to_be_unique", kwargs={"column": "event_id"}),
        Expectation(
            type="expect_column_values_to_be_in_set",
            kwargs={"column": "text", "value_set": ["hello"]},
            severity="warning",
        ),
        Expectation(
            type="expect_column_values_to_match_regex",
            kwargs={"column": "customer_id", "regex": "^a$"},
            severity="warning",
        ),
    ),
)
orders = Suite(
    source="orders",
    expectations=(
        Expectation(
            type="expect_column_values_to_match_regex", kwargs={"column": "note", "regex": "^gift$"}, severity="warning"
        ),
    ),
)
