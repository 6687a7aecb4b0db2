"""Refunds and parcels: what is said not to have come, and what had hardly anything in it."""

from __future__ import annotations

from features.entities import account, address_key, order
from features.later_sources import refunds, shipments
from riskloom import Entity, FeatureView, Filter, aggregate

not_received = Filter("not_received", "refund_reason = 'not_received'")
empty_box = Filter("empty_box", "refund_reason = 'empty_box'")
denied = Filter("denied", "decision = 'denied'")
delivered = Filter("delivered", "scan = 'delivered'")
light = Filter("light", "weight_g < 50")

_OWNER = "order-integrity"


def _refunds(entity: Entity, *, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_refunds",
        entity=entity,
        source=refunds,
        windows=("7d", "30d", "90d"),
        aggregations=(
            aggregate.count(),
            aggregate.sum("amount"),
            aggregate.ratio(aggregate.count(where=not_received), aggregate.count()),
            aggregate.ratio(aggregate.count(where=empty_box), aggregate.count()),
            aggregate.ratio(aggregate.count(where=denied), aggregate.count()),
            aggregate.top_share("refund_reason"),
            aggregate.count_distinct("account_id"),
            aggregate.time_since_last(),
        ),
        max_staleness="2d",
        description=f"Refunds {of}: how many, for how much, for what reasons.",
        owner=_OWNER,
        risks=("refund", "coupon"),
    )


account_refunds = _refunds(account, of="to one account")
address_key_refunds = _refunds(address_key, of="at one door")

order_parcels = FeatureView(
    name="order_parcels",
    entity=order,
    source=shipments,
    windows=("30d",),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("parcel_id"),
        aggregate.last("weight_g"),
        aggregate.min("weight_g"),
        aggregate.max("weight_g"),
        aggregate.time_since_last(where=delivered),
        aggregate.count(where=light),
    ),
    max_staleness="3d",
    description="Parcel of one order: how often it was scanned, what it weighs, since when it is there.",
    owner=_OWNER,
    risks=("refund", "brushing"),
)
