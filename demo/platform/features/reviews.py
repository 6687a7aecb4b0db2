"""Reviews: which are written by the dozen."""

from __future__ import annotations

from features.entities import account, device, product, seller, text
from features.later_sources import reviews
from riskloom import Entity, FeatureView, Filter, aggregate

five_stars = Filter("five_stars", "stars = 5")
unverified = Filter("unverified", "NOT verified")

_OWNER = "marketplace-integrity"
_RISKS = ("review",)
_enthusiastic = aggregate.ratio(aggregate.count(where=five_stars), aggregate.count())
_unbought = aggregate.ratio(aggregate.count(where=unverified), aggregate.count())

account_reviews = FeatureView(
    name="account_reviews",
    entity=account,
    source=reviews,
    windows=("1h", "1d", "30d"),
    aggregations=(
        aggregate.count(windows=("1m", "1h", "1d", "30d")),
        _enthusiastic,
        _unbought,
        aggregate.entropy("stars", windows=("30d",)),
        aggregate.count_distinct("seller_id"),
        aggregate.count_distinct("text_key"),
        aggregate.time_since_last(windows=("30d",)),
        aggregate.ratio(aggregate.gap_stddev(), aggregate.gap_mean(), windows=("30d",)),
    ),
    max_staleness="3d",
    description="Reviews of one account: how many, how kind, of what it has not bought.",
    owner=_OWNER,
    risks=_RISKS,
)


def _reviewed(entity: Entity, *, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_reviews",
        entity=entity,
        source=reviews,
        windows=("1h", "1d", "7d", "28d"),
        aggregations=(
            aggregate.count(),
            aggregate.mean("stars"),
            aggregate.zscore("stars", baseline="60d"),
            _enthusiastic,
            _unbought,
            aggregate.count_distinct("account_id"),
            aggregate.hhi("network"),
            aggregate.hhi("text_key"),
        ),
        max_staleness="3d",
        description=f"Reviews {of}: how many at once, how kind, from how few networks, in how few words.",
        owner=_OWNER,
        risks=(*_RISKS, "brushing"),
    )


product_reviews = _reviewed(product, of="of one product")
seller_reviews = _reviewed(seller, of="of one seller's products")

text_reviews = FeatureView(
    name="text_reviews",
    entity=text,
    source=reviews,
    windows=("1d", "30d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("account_id"),
        aggregate.count_distinct("item_id"),
    ),
    max_staleness="3d",
    description="Reviews with one text: how many, by how many.",
    owner=_OWNER,
    risks=_RISKS,
)

device_reviews = FeatureView(
    name="device_reviews",
    entity=device,
    source=reviews,
    windows=("1d", "30d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("account_id"),
        aggregate.count_distinct("seller_id"),
        _enthusiastic,
    ),
    max_staleness="3d",
    description="Reviews from one device: how many, by how many accounts.",
    owner=_OWNER,
    risks=_RISKS,
)
