"""What must hold of the platform's events: of any platform's, not of what these logs happen to say."""

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
_SOME = Expectation(
    type="expect_table_row_count_to_be_between",
    kwargs={"min_value": 1},
    severity="warning",
    reason="A source that says nothing for an interval is more often broken than idle.",
)


def _known(column: str, *values: str) -> Expectation:
    return Expectation(
        type="expect_column_values_to_be_in_set",
        kwargs={"column": column, "value_set": list(values)},
        reason="Filters name these values; another one would be counted nowhere.",
    )


def _there(column: str, mostly: float = 1.0) -> Expectation:
    return Expectation(
        type="expect_column_values_to_not_be_null",
        kwargs={"column": column, "mostly": mostly},
        reason="Features are by it: an event without it is nobody's.",
    )


def _of(source: str, *expectations: Expectation, rows: tuple[RowRule, ...] = ()) -> Suite:
    return Suite(source=source, rows=rows, expectations=(_UNIQUE, _TIMED, _SOME, *expectations))


requests = _of(
    "requests",
    _there("client_address"),
    rows=(
        RowRule("status_of_http", "status BETWEEN 100 AND 599"),
        RowRule("size_is_no_debt", "bytes IS NULL OR bytes >= 0"),
    ),
)
clicks = _of(
    "clicks",
    _there("device_id"),
    _known("event", "impression", "view", "click", "cart_add", "cart_drop", "dwell"),
    rows=(
        RowRule("scroll_is_a_share", "scroll_percent BETWEEN 0 AND 100"),
        RowRule("dwell_goes_forward", "dwell_ms IS NULL OR dwell_ms >= 0"),
    ),
)
logins = _of(
    "logins",
    _there("account_id"),
    _there("ip", 0.99),
    _known("result", "success", "fail", "challenge"),
    rows=(RowRule("answer_takes_time", "rtt_ms IS NULL OR rtt_ms >= 0"),),
)
accounts = _of(
    "accounts",
    _there("account_id"),
    _known(
        "action",
        *("register", "verify", "profile_change", "credential_change", "address_add", "payout_change", "close", "ban"),
    ),
    rows=(RowRule("completeness_is_a_share", "completeness BETWEEN 0 AND 100"),),
)
orders = _of(
    "orders",
    _there("account_id"),
    _there("seller_id"),
    _known("state", "created", "paid", "cancelled", "completed"),
    rows=(
        RowRule("discount_within_price", "discount BETWEEN 0 AND gross"),
        RowRule("something_is_ordered", "quantity >= 1"),
    ),
)
payments = _of(
    "payments",
    _there("card_id", 0.5),
    _known("result", "approved", "declined"),
    rows=(RowRule("amount_is_no_debt", "amount IS NULL OR amount >= 0"),),
)
coupons = _of(
    "coupons",
    _there("account_id"),
    _known("action", "grant", "validate", "redeem", "revoke", "invalid"),
    rows=(RowRule("worth_is_no_debt", "face_value >= 0 AND threshold >= 0"),),
)
refunds = _of(
    "refunds",
    _there("account_id"),
    _known("decision", "approved", "denied", "manual"),
    rows=(RowRule("something_goes_back", "amount > 0"),),
)
reviews = _of(
    "reviews",
    _there("account_id"),
    _there("item_id"),
    rows=(RowRule("one_to_five_stars", "stars BETWEEN 1 AND 5"),),
)
messages = _of("messages", _there("sender_id"), _there("recipient_id"), _known("side", "buyer", "seller", "platform"))
shipments = _of(
    "shipments",
    _there("order_id"),
    _known("scan", "label", "pickup", "transit", "delivered", "return"),
    rows=(RowRule("parcels_weigh", "weight_g > 0"),),
)
sellers = _of(
    "sellers",
    _there("seller_id"),
    _known("action", "onboard", "listing_add", "price_change", "payout_change", "suspend"),
    rows=(RowRule("prices_are_no_gifts", "price IS NULL OR price > 0"),),
)
staff = _of(
    "staff",
    _there("staff_id"),
    _known("action", "read", "export", "update"),
    rows=(RowRule("something_is_read", "n_records >= 1 AND bytes >= 0"),),
)
cases = _of(
    "cases",
    _there("known_at"),
    _there("fraud"),
    _known("found_by", "chargeback", "report", "audit", "rule"),
    rows=(RowRule("confidence_is_a_share", "confidence BETWEEN 0 AND 1"),),
)
