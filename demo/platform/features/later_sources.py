"""The logs of what follows an order, and of the back office: refunds, reviews, messages, parcels, sellers, staff."""

from __future__ import annotations

from riskloom import Csv, EventSource, JsonLines, LinePattern, Profile

_REFUNDS = {
    "log_id": "string",
    "refund_id": "string",
    "order_id": "string",
    "account_id": "string",
    "amount": "int64",
    "currency": "string",
    "refund_reason": "string",
    "channel": "string",
    "decision": "string",
    "ship_to": "string",
}
refunds = EventSource(
    name="refunds",
    files="refunds/{date}/{hh}.log",
    format=LinePattern(
        r"(?P<time>\S+ \S+) [A-Z]+ \[refund-\d+\] Refund (?P<refund_id>\S+) of order (?P<order_id>\S+) "
        r"by (?P<account_id>\S+): (?P<amount>\S+) (?P<currency>\S+), (?P<refund_reason>\S+) via (?P<channel>\S+), "
        r"(?P<decision>\S+); to (?P<ship_to>.*) \((?P<log_id>\S+)\)"
    ),
    transform="refunds:to_events",
    parsed=_REFUNDS,
    columns={**_REFUNDS, "address_key": "string"},
    meanings={"amount": "money"},
    record_start=r"^\d{4}-\d\d-\d\d ",
    event_id=("log_id",),
    units={"amount": "minor units"},
    description="Refunds, as the service that books them says; traces of its errors go with the line before.",
    owner="order-integrity",
)

_REVIEWS = {
    "log_id": "string",
    "review_id": "string",
    "account_id": "string",
    "order_id": "string",
    "item_id": "string",
    "seller_id": "string",
    "stars": "int64",
    "text": "string",
    "device_id": "string",
    "ip": "string",
}
reviews = EventSource(
    name="reviews",
    files="reviews/{date}/{hh}.jsonl",
    format=JsonLines(),
    transform="reviews:to_events",
    parsed=_REVIEWS,
    columns={**_REVIEWS, "network": "string", "text_key": "string", "verified": "bool"},
    fields={
        "log_id": "id",
        "review_id": "review",
        "account_id": "by.account",
        "order_id": "order",
        "item_id": "product",
        "seller_id": "seller",
        "device_id": "by.device",
        "ip": "by.ip",
    },
    timestamp=("created_at",),
    required=("log_id", "review_id"),
    meanings={"ip": "ip"},
    event_id=("log_id",),
    units={"stars": "stars"},
    description="Reviews of products.",
    owner="marketplace-integrity",
)

_MESSAGES = {
    "log_id": "string",
    "thread_id": "string",
    "side": "string",
    "sender_id": "string",
    "recipient_id": "string",
    "text": "string",
    "ip": "string",
}
messages = EventSource(
    name="messages",
    files="messages/{date}/{hh}.jsonl",
    format=JsonLines(),
    transform="messages:to_events",
    parsed=_MESSAGES,
    columns={**_MESSAGES, "text_key": "string", "has_link": "bool", "has_contact": "bool", "lures": "bool"},
    fields={
        "log_id": "id",
        "thread_id": "thread",
        "side": "from.side",
        "sender_id": "from.id",
        "recipient_id": "to",
        "ip": "from.ip",
    },
    required=("log_id", "thread_id"),
    meanings={"ip": "ip"},
    event_id=("log_id",),
    description="What buyers and sellers write to each other.",
    owner="marketplace-integrity",
)

shipments = EventSource(
    name="shipments",
    files="shipments/{date}/{hh}.csv",
    format=Csv(
        delimiter=";", names=("id", "parcel", "order", "carrier", "scan", "scanned_at", "weight_g", "cell", "city")
    ),
    columns={
        "log_id": "string",
        "parcel_id": "string",
        "order_id": "string",
        "carrier": "string",
        "scan": "string",
        "weight_g": "int64",
        "cell": "string",
        "city": "string",
    },
    fields={"log_id": "id", "parcel_id": "parcel", "order_id": "order"},
    timestamp=("scanned_at",),
    profile=Profile(zone="Europe/Berlin", date_order="dmy"),
    event_id=("log_id",),
    units={"weight_g": "grams"},
    description="Scans of parcels, from the carriers; their times are local, to the minute.",
    owner="order-integrity",
)

sellers = EventSource(
    name="sellers",
    files="sellers/{date}/{hh}.csv",
    format=Csv(),
    header=True,
    columns={
        "log_id": "string",
        "seller_id": "string",
        "action": "string",
        "item_id": "string",
        "price": "int64",
        "payout_id": "string",
    },
    fields={"log_id": "event_id"},
    meanings={"price": "money"},
    event_id=("log_id",),
    units={"price": "minor units"},
    description="What sellers list, and how they change prices and where they are paid.",
    owner="marketplace-integrity",
)

_STAFF = {
    "log_id": "string",
    "staff_id": "string",
    "role": "string",
    "action": "string",
    "owner_id": "string",
    "fields": "string",
    "n_records": "int64",
    "bytes": "int64",
    "ticket_id": "string",
    "ip": "string",
}
# Syslog's times carry no year: it follows from the date in the file's path.
staff = EventSource(
    name="staff",
    files="staff/{date}/{hh}.log",
    format=LinePattern(
        r"(?P<time>[A-Z][a-z]{2} [ \d]\d [\d:]{8}) \S+ crm-audit\[\d+\]: (?P<log_id>\S+) (?P<staff_id>\S+) "
        r"\((?P<role>\w+)\) (?P<action>\w+) customer/(?P<owner_id>\S+) fields=(?P<fields>\S+) "
        r"records=(?P<n_records>\d+) bytes=(?P<bytes>\d+)(?: ticket=(?P<ticket_id>\S+))? from (?P<ip>\S+)"
    ),
    transform="staff:to_events",
    parsed=_STAFF,
    columns={**_STAFF, "hour": "int64", "off_hours": "bool", "personal_fields": "int64"},
    meanings={"ip": "ip"},
    event_id=("log_id",),
    units={"n_records": "records", "bytes": "bytes", "hour": "hour of day", "personal_fields": "fields"},
    description="Which of the staff read, exported or changed whose record.",
    owner="data-protection",
)

CASE_RISKS = (
    "account_takeover", "fake_accounts", "coupon_ring", "collusion", "brushing", "review_burst", "click_farm",
    "scalper", "deal_hunter", "card_testing", "refund_abuse", "scanning", "phishing", "insider", "gift_card_drain",
)  # fmt: skip
_CASES = {
    "case_id": "string",
    "known_at": "timestamp",
    "risk": "string",
    "fraud": "bool",
    "found_by": "string",
    "confidence": "float64",
    "account_id": "string",
    "seller_id": "string",
    "staff_id": "string",
    "device_id": "string",
    "card_id": "string",
    "ip": "string",
}
# A case is of an event, at that event's time, and is known when the desk notes it; taken back by a case of its own.
cases = EventSource(
    name="cases",
    files="cases/{date}/{hh}.csv",
    format=Csv(),
    header=True,
    transform="cases:to_events",
    parsed=_CASES,
    columns={**_CASES, **dict.fromkeys(CASE_RISKS, "bool")},
    timestamp=("time",),
    required=("case_id", "known_at", "risk"),
    meanings={"ip": "ip"},
    available="known_at",
    event_id=("case_id",),
    units={"confidence": "probability"},
    description="What the case desk found out, and when.",
    owner="case-desk",
)
