"""What customers write and order, and what visitors look at."""

from __future__ import annotations

from riskloom import Entity, EventSource, FeatureService, FeatureView, JsonLines, aggregate

customer = Entity.of("customer", customer_id="string")
visitor = Entity.of("visitor", visitor_id="string")

# A format's source: identifiers become tokens, free text is redacted, unknown fields are both.
messages = EventSource(
    name="messages",
    files="messages/{date}*.jsonl",
    format=JsonLines(multiline=True),
    columns={"customer_id": "string", "text": "string", "amount": "int64"},
    required=("customer_id",),
    tokens=("customer_id",),
    redact=("text",),
)
# A transform's source, whose rejects are worded by somebody who did not think of personal data.
orders = EventSource(
    name="orders",
    files="orders/{date}.txt",
    transform="orders:to_events",
    columns={"order_no": "string", "customer_id": "string", "note": "string", "amount": "int64"},
    event_id=("order_no",),
    tokens=("customer_id",),
    redact=("note",),
)
# Nothing is declared private here.
visits = EventSource(
    name="visits",
    files="visits/{date}.jsonl",
    format=JsonLines(),
    columns={"visitor_id": "string", "page": "string"},
)
# Two that fail, with a value of a row in Spark's and in Python's words.
casts = EventSource(name="casts", files="casts/{date}.txt", transform="failing:by_cast", columns={"amount": "int64"})
calls = EventSource(name="calls", files="calls/{date}.txt", transform="failing:by_call", columns={"amount": "int64"})

customer_messages = FeatureView(
    name="customer_messages",
    entity=customer,
    source=messages,
    windows=("1d",),
    aggregations=(aggregate.count(), aggregate.sum("amount"), aggregate.last("text")),
)
customer_orders = FeatureView(
    name="customer_orders",
    entity=customer,
    source=orders,
    windows=("1d",),
    aggregations=(aggregate.count(), aggregate.sum("amount"), aggregate.last("note")),
)
visitor_visits = FeatureView(
    name="visitor_visits", entity=visitor, source=visits, windows=("1d",), aggregations=(aggregate.count(),)
)

customer_v1 = FeatureService(
    name="customer_v1", features=("customer_messages", "customer_orders"), full_feature_names=True
)
visitor_v1 = FeatureService(name="visitor_v1", features=("visitor_visits",))
