"""Orders of customers, and of customers and products."""

from __future__ import annotations

from riskloom import Entity, EventSource, FeatureService, FeatureView, Filter, aggregate

customer = Entity.of("customer", customer_id="string")
customer_product = Entity.of("customer_product", customer_id="string", product="string")

orders = EventSource(
    name="orders",
    files="orders/{date}.csv",
    transform="orders:to_events",
    header=True,
    event_id=("order_no",),
    columns={
        "order_no": "string",
        "customer_id": "string",
        "product": "string",
        "amount": "int64",
        "weight": "float64",
        "paid": "bool",
    },
)

paid = Filter("paid", "paid")

customer_orders = FeatureView(
    name="customer_orders",
    entity=customer,
    source=orders,
    windows=("1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.count(where=paid),
        aggregate.sum("amount"),
        aggregate.mean("amount"),
        aggregate.min("amount"),
        aggregate.max("amount"),
        aggregate.stddev("amount"),
        aggregate.sum("weight"),
        aggregate.first("product"),
        aggregate.last("product"),
        aggregate.count_distinct("product"),
        aggregate.time_since_last(),
        aggregate.ratio(aggregate.count(where=paid), aggregate.count()),
    ),
)

pair_orders = FeatureView(
    name="pair_orders",
    entity=customer_product,
    source=orders,
    windows=("1d",),
    aggregations=(aggregate.count(), aggregate.sum("amount")),
)

customer_check_v1 = FeatureService(name="customer_check_v1", features=("customer_orders",))
pair_check_v1 = FeatureService(name="pair_check_v1", features=("pair_orders",))
