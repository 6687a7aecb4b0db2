"""Features of a customer's orders: how many, how much, and how much of it is cancelled."""

from __future__ import annotations

from features.entities import customer
from features.sources import orders
from riskloom import FeatureView, Filter, aggregate

sold = Filter("sold", "NOT is_cancellation")
cancelled = Filter("cancelled", "is_cancellation")

customer_orders = FeatureView(
    name="customer_orders",
    entity=customer,
    source=orders,
    windows=("1d", "7d", "30d"),
    aggregations=(
        aggregate.count_distinct("invoice_no", where=sold),
        aggregate.sum("amount_pence", where=sold),
        aggregate.sum("amount_pence", where=cancelled),
        aggregate.ratio(
            aggregate.count_distinct("invoice_no", where=cancelled),
            aggregate.count_distinct("invoice_no"),
        ),
        aggregate.count_distinct("stock_code"),
    ),
    max_staleness="2d",
    description="Orders, gross and cancelled amounts, share of cancelled invoices and distinct products.",
    owner="order-integrity",
)
