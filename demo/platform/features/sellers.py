"""Sellers: what they list, and where they are paid."""

from __future__ import annotations

from features.entities import seller
from features.later_sources import sellers
from riskloom import FeatureView, Filter, aggregate

listed = Filter("listed", "action = 'listing_add'")
repriced = Filter("repriced", "action = 'price_change'")
paid_elsewhere = Filter("paid_elsewhere", "action = 'payout_change'")
suspended = Filter("suspended", "action = 'suspend'")

seller_actions = FeatureView(
    name="seller_actions",
    entity=seller,
    source=sellers,
    windows=("1d", "7d", "30d"),
    aggregations=(
        aggregate.count(where=listed),
        aggregate.count(where=repriced),
        aggregate.count(where=paid_elsewhere),
        aggregate.count(where=suspended, windows=("30d",)),
        aggregate.zscore("price", baseline="60d", where=repriced),
        aggregate.count_distinct("item_id"),
        aggregate.time_since_last(where=paid_elsewhere, windows=("30d",)),
        aggregate.time_since_first(windows=("90d",)),
    ),
    max_staleness="3d",
    description="What one seller lists, how prices jump, and since when money goes elsewhere.",
    owner="marketplace-integrity",
    risks=("seller", "brushing"),
)
