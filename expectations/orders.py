"""What must hold of order lines."""

from __future__ import annotations

from riskloom import Expectation, RowRule, Suite

orders = Suite(
    source="orders",
    rows=(
        RowRule("quantity_not_zero", "quantity <> 0"),
        RowRule("cancellation_takes_back", "NOT is_cancellation OR quantity < 0"),
        RowRule("price_not_negative", "unit_price_pence >= 0"),
    ),
    expectations=(
        Expectation(
            type="expect_table_row_count_to_be_between",
            kwargs={"min_value": 1},
            severity="warning",
            reason="A day's file without an order is worth a look.",
        ),
        Expectation(
            type="expect_column_values_to_be_unique",
            kwargs={"column": "event_id"},
            reason="An event counts once.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "event_ts"},
            reason="An event without a time is in no window.",
        ),
        Expectation(
            type="expect_column_values_to_match_regex",
            kwargs={"column": "invoice_no", "regex": r"^[A-Z]?[0-9]{6}$", "mostly": 0.99},
            reason="Orders are counted by invoice; other shapes mean that columns have slipped.",
        ),
        Expectation(
            type="expect_column_values_to_match_regex",
            kwargs={"column": "customer_id", "regex": r"^[0-9]{5}$"},
            reason="A customer is five digits; 17850.0 and 17850 would be two entities.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "amount_pence"},
            reason="Amounts are summed; a null one is left out in silence.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "country", "mostly": 0.99},
            reason="Every order is shipped somewhere.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "customer_id", "mostly": 0.75},
            severity="warning",
            reason="Order lines without a customer count for nobody; many of them blind the customer's features.",
        ),
        Expectation(
            type="expect_column_values_to_be_between",
            kwargs={
                "column": "event_ts",
                "min_value": {"$PARAMETER": "interval_start"},
                "max_value": {"$PARAMETER": "interval_end"},
                "strict_max": True,
            },
            severity="warning",
            reason="A day's file holds that day; others mean a late or misnamed file.",
        ),
        Expectation(
            type="expect_column_values_to_be_between",
            kwargs={"column": "quantity", "min_value": 1, "mostly": 0.999, "row_condition": "NOT is_cancellation"},
            severity="warning",
            reason="A negative quantity without a cancellation is a stock adjustment, not an order.",
        ),
        Expectation(
            type="expect_column_values_to_match_regex",
            kwargs={"column": "stock_code", "regex": r"^[0-9]{5}[A-Za-z]*$", "mostly": 0.95},
            severity="warning",
            reason="Other codes are postage, fees and vouchers; they are few.",
        ),
    ),
)
