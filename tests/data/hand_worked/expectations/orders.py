"""What must hold of orders."""

from __future__ import annotations

from riskloom import Expectation, RowRule, Suite

orders = Suite(
    source="orders",
    rows=(RowRule("amount_plausible", "amount IS NULL OR amount < 1000000"),),
    expectations=(Expectation(type="expect_column_values_to_be_unique", kwargs={"column": "event_id"}),),
)
