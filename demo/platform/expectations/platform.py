"""What must hold of the platform's events."""

from __future__ import annotations

from riskloom import Expectation, RowRule, Suite

_UNIQUE = Expectation(
    type="expect_column_values_to_be_unique", kwargs={"column": "event_id"}, reason="An event counts once."
)
_TIMED = Expectation(
    type="expect_column_values_to_not_be_null",
    kwargs={"column": "event_ts"},
    reason="An event without a time is in no window.",
)


def _known(column: str, *values: str) -> Expectation:
    return Expectation(
        type="expect_column_values_to_be_in_set",
        kwargs={"column": column, "value_set": list(values)},
        reason="Filters name these values; another one would be counted nowhere.",
    )


requests = Suite(source="requests", expectations=(_UNIQUE, _TIMED))
clicks = Suite(
    source="clicks",
    rows=(RowRule("scroll_is_a_share", "scroll_percent BETWEEN 0 AND 100"),),
    expectations=(_UNIQUE, _TIMED, _known("event", "view", "click", "cart_add", "cart_drop", "dwell")),
)
logins = Suite(source="logins", expectations=(_UNIQUE, _TIMED, _known("result", "success", "fail", "challenge")))
accounts = Suite(source="accounts", expectations=(_UNIQUE, _TIMED))
orders = Suite(
    source="orders",
    rows=(RowRule("discount_within_price", "discount BETWEEN 0 AND gross"),),
    expectations=(_UNIQUE, _TIMED, _known("state", "created", "paid", "cancelled", "completed")),
)
payments = Suite(source="payments", expectations=(_UNIQUE, _TIMED, _known("result", "approved", "declined")))
coupons = Suite(source="coupons", expectations=(_UNIQUE, _TIMED))
refunds = Suite(source="refunds", expectations=(_UNIQUE, _TIMED))
reviews = Suite(
    source="reviews", rows=(RowRule("one_to_five_stars", "stars BETWEEN 1 AND 5"),), expectations=(_UNIQUE, _TIMED)
)
messages = Suite(source="messages", expectations=(_UNIQUE, _TIMED))
shipments = Suite(source="shipments", expectations=(_UNIQUE, _TIMED))
sellers = Suite(source="sellers", expectations=(_UNIQUE, _TIMED))
staff = Suite(source="staff", expectations=(_UNIQUE, _TIMED))
