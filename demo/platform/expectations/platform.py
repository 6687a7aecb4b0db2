"""What must hold of the platform's events: of any platform's, not of what these logs happen to say."""

from __future__ import annotations

from riskloom import Expectation, Reference, RowRule, Suite

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
# A campaign's hour may have eight times its usual events, and a quiet hour of few has none.
_AS_USUAL = Expectation(
    type="expect_table_row_count_to_be_between",
    kwargs={
        "min_value": {"$PARAMETER": "rows_week_before * 0.2 - 10"},
        "max_value": {"$PARAMETER": "rows_week_before * 10 + 200"},
    },
    reason="The same hour a week before says how many there are.",
)
_ORDER = Reference(name="order_known", column="order_id", source="orders", to="order_id")
_OF_OURS = Expectation(
    type="expect_column_values_to_be_in_set",
    kwargs={"column": "order_known", "value_set": [True], "mostly": 0.5},
    reason="Orders may come in later; what names none of ours is of another shop.",
)


def _fresh(column: str) -> Expectation:
    return Expectation(
        type="expect_column_values_to_be_between",
        kwargs={"column": column, "min_value": {"$PARAMETER": "late_from"}, "mostly": 0.5},
        reason="Some come late; a file most of which is later than that is another time's.",
    )


def _known(column: str, *values: str, mostly: float = 1.0) -> Expectation:
    return Expectation(
        type="expect_column_values_to_be_in_set",
        kwargs={"column": column, "value_set": list(values), "mostly": mostly},
        reason="Filters name these values; another one would be counted nowhere.",
    )


def _there(column: str, mostly: float = 1.0) -> Expectation:
    return Expectation(
        type="expect_column_values_to_not_be_null",
        kwargs={"column": column, "mostly": mostly},
        reason="Features are by it: an event without it is nobody's.",
    )


def _written(column: str, letter: str, mostly: float = 0.99) -> Expectation:
    return Expectation(
        type="expect_column_values_to_match_regex",
        kwargs={"column": column, "regex": f"^{letter}[0-9a-f]{{10}}$", "mostly": mostly},
        reason="Numbers of the platform's own say of what they are: others have slipped in from another column.",
    )


def _of(
    source: str,
    *expectations: Expectation,
    rows: tuple[RowRule, ...] = (),
    orders: bool = False,
    fresh: str = "event_ts",
) -> Suite:
    of_ours = (_OF_OURS,) if orders else ()
    return Suite(
        source=source,
        rows=rows,
        expectations=(_UNIQUE, _TIMED, _fresh(fresh), _SOME, _AS_USUAL, *of_ours, *expectations),
        references=(_ORDER,) if orders else (),
    )


requests = _of(
    "requests",
    _there("client_address"),
    _known("method", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", mostly=0.9),
    Expectation(
        type="expect_column_values_to_match_regex",
        kwargs={"column": "client_address", "regex": r"^[0-9a-f.:]+$"},
        reason="What requests come from has an address.",
    ),
    rows=(
        RowRule("status_of_http", "status BETWEEN 100 AND 599"),
        RowRule("size_is_no_debt", "bytes IS NULL OR bytes >= 0"),
    ),
)
clicks = _of(
    "clicks",
    _there("device_id"),
    _written("device_id", "d"),
    _known("event", "impression", "view", "click", "cart_add", "cart_drop", "dwell"),
    rows=(
        RowRule("scroll_is_a_share", "scroll_percent BETWEEN 0 AND 100"),
        RowRule("dwell_goes_forward", "dwell_ms IS NULL OR dwell_ms >= 0"),
    ),
)
logins = _of(
    "logins",
    _there("account_id"),
    _written("account_id", "u"),
    _there("ip", 0.99),
    _known("result", "success", "fail", "challenge"),
    rows=(RowRule("answer_takes_time", "rtt_ms IS NULL OR rtt_ms >= 0"),),
)
accounts = _of(
    "accounts",
    _there("account_id"),
    _written("account_id", "u"),
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
    _written("account_id", "u"),
    _written("seller_id", "m"),
    _known("state", "created", "paid", "cancelled", "completed"),
    rows=(
        RowRule("discount_within_price", "discount BETWEEN 0 AND gross"),
        RowRule("something_is_ordered", "quantity >= 1"),
    ),
)
payments = _of(
    "payments",
    _there("account_id"),
    _there("card_id", 0.5),
    _written("card_id", "c"),
    _known("result", "approved", "declined"),
    rows=(
        RowRule("amount_is_no_debt", "amount IS NULL OR amount >= 0"),
        RowRule("a_refusal_has_a_reason", "result <> 'declined' OR decline_reason <> 'none'"),
        RowRule("attempts_are_counted", "attempt IS NULL OR attempt >= 1"),
    ),
    orders=True,
)
coupons = _of(
    "coupons",
    _there("account_id"),
    _written("coupon_id", "k"),
    _known("action", "grant", "validate", "redeem", "revoke", "invalid"),
    rows=(RowRule("worth_is_no_debt", "face_value >= 0 AND threshold >= 0"),),
    orders=True,
)
refunds = _of(
    "refunds",
    _there("account_id"),
    _written("account_id", "u"),
    _known("decision", "approved", "denied", "manual"),
    rows=(RowRule("something_goes_back", "amount > 0"),),
    orders=True,
)
reviews = _of(
    "reviews",
    _there("account_id"),
    _there("item_id"),
    _written("item_id", "p"),
    rows=(RowRule("one_to_five_stars", "stars BETWEEN 1 AND 5"),),
    orders=True,
)
messages = _of(
    "messages",
    _there("sender_id"),
    _there("recipient_id"),
    _written("sender_id", "[umb]", 0.9),
    _known("side", "buyer", "seller", "platform"),
    rows=(RowRule("nobody_writes_to_oneself", "sender_id <> recipient_id"),),
)
shipments = _of(
    "shipments",
    _there("order_id"),
    _written("parcel_id", "x"),
    _known("scan", "label", "pickup", "transit", "delivered", "return"),
    rows=(RowRule("parcels_weigh", "weight_g > 0 AND weight_g < 100000"),),
    orders=True,
)
sellers = _of(
    "sellers",
    _there("seller_id"),
    _written("seller_id", "m"),
    _known("action", "onboard", "listing_add", "price_change", "payout_change", "suspend"),
    rows=(RowRule("prices_are_no_gifts", "price IS NULL OR price > 0"),),
)
staff = _of(
    "staff",
    _there("staff_id"),
    _written("owner_id", "u"),
    _known("action", "read", "export", "update"),
    rows=(RowRule("something_is_read", "n_records >= 1 AND bytes >= 0"),),
)
cases = _of(
    "cases",
    _there("known_at"),
    _there("fraud"),
    _written("account_id", "u"),
    Expectation(
        type="expect_column_pair_values_a_to_be_greater_than_b",
        kwargs={"column_A": "known_at", "column_B": "event_ts"},
        reason="What is known of an event is known after it; a label that is earlier would leak.",
    ),
    _known("found_by", "chargeback", "report", "audit", "rule"),
    rows=(RowRule("confidence_is_a_share", "confidence BETWEEN 0 AND 1"),),
    # A case's event is long ago; its line is of the hour in which it was noted.
    fresh="known_at",
)
