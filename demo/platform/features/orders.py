"""Orders: of accounts, at doors, from devices, and between buyers and sellers."""

from __future__ import annotations

from features.entities import account, address, address_key, buyer_seller, device, network, product, seller
from features.sources import orders
from riskloom import Entity, FeatureView, Filter, aggregate

created = Filter("created", "state = 'created'")
cancelled = Filter("cancelled", "state = 'cancelled'")
half_price = Filter("half_price", "state = 'created' AND half_price")
discounted = Filter("discounted", "state = 'created' AND discount > 0")
at_drop = Filter("at_drop", "state = 'created' AND drop_id IS NOT NULL")

_OWNER = "order-integrity"
_made = aggregate.count(where=created)

account_orders = FeatureView(
    name="account_orders",
    entity=account,
    source=orders,
    windows=("1d", "7d", "30d"),
    aggregations=(
        _made,
        aggregate.sum("gross", where=created),
        aggregate.max("gross", where=created),
        aggregate.mean("gross", where=created),
        aggregate.quantile("gross", 0.5, low=100, high=10_000_000, where=created, windows=("90d",)),
        aggregate.zscore("gross", baseline="90d", where=created, windows=("1d",)),
        aggregate.sum("discount", where=created),
        aggregate.ratio(aggregate.sum("discount", where=created), aggregate.sum("gross", where=created)),
        aggregate.ratio(aggregate.count(where=half_price), _made, windows=("30d", "90d")),
        aggregate.ratio(aggregate.count(where=discounted), _made, windows=("30d", "90d")),
        aggregate.ratio(aggregate.count(where=at_drop), _made, windows=("30d",)),
        aggregate.ratio(aggregate.count(where=cancelled), _made, windows=("30d",)),
        aggregate.count_distinct("seller_id", where=created),
        aggregate.count_distinct("item_id", where=created),
        aggregate.count_distinct("address_key", where=created),
        aggregate.count_distinct("device_id", where=created),
        aggregate.time_since_last(where=created, windows=("90d",)),
        aggregate.time_since_first(where=created, windows=("90d",)),
    ),
    max_staleness="2d",
    description="Orders of one account: how many, for how much, at what discount, to how many doors, how idle it was.",
    owner=_OWNER,
    risks=("coupon", "deal_hunter", "refund", "scalper", "account_takeover", "payment"),
)


def _shared(entity: Entity, *, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_orders",
        entity=entity,
        source=orders,
        windows=("1h", "1d", "7d", "30d"),
        aggregations=(
            _made,
            aggregate.count_distinct("account_id", where=created),
            aggregate.count_distinct("ship_to", where=created),
            aggregate.sum("quantity", where=created),
            aggregate.ratio(aggregate.count(where=discounted), _made),
        ),
        max_staleness="2d",
        description=f"Orders {of}: how many, and of how many accounts.",
        owner=_OWNER,
        risks=("coupon", "scalper", "collusion"),
    )


address_key_orders = _shared(address_key, of="to one door")
device_orders = _shared(device, of="from one device")
address_orders = _shared(address, of="from one network address")
network_orders = _shared(network, of="from one network")

seller_orders = FeatureView(
    name="seller_orders",
    entity=seller,
    source=orders,
    windows=("1d", "7d", "28d"),
    aggregations=(
        _made,
        aggregate.sum("gross", where=created),
        aggregate.zscore("gross", baseline="28d", where=created, windows=("1d",)),
        aggregate.hhi("account_id", where=created),
        aggregate.top_share("account_id", where=created),
        aggregate.hhi("item_id", where=created),
        aggregate.hhi("address_key", where=created),
        aggregate.hhi("network", where=created),
        aggregate.count_distinct("account_id", where=created),
        aggregate.count_distinct("device_id", where=created),
        aggregate.count_distinct("address_key", where=created),
        aggregate.ratio(aggregate.count(where=cancelled), _made, windows=("7d", "28d")),
    ),
    max_staleness="2d",
    description="Orders at one seller: how many, for how much, from how few buyers, devices, doors and networks.",
    owner="marketplace-integrity",
    risks=("brushing", "seller", "collusion"),
)

buyer_seller_orders = FeatureView(
    name="buyer_seller_orders",
    entity=buyer_seller,
    source=orders,
    windows=("7d", "30d"),
    aggregations=(
        _made,
        aggregate.sum("gross", where=created),
        aggregate.count_distinct("item_id", where=created),
        aggregate.time_since_last(where=created),
        aggregate.ratio(aggregate.count(where=cancelled), _made),
    ),
    max_staleness="2d",
    description="What one buyer ordered at one seller.",
    owner="marketplace-integrity",
    risks=("collusion", "brushing"),
)

product_orders = FeatureView(
    name="product_orders",
    entity=product,
    source=orders,
    windows=("1h", "1d", "7d"),
    aggregations=(
        _made,
        aggregate.count_distinct("account_id", where=created),
        aggregate.hhi("address_key", where=created),
        aggregate.ratio(aggregate.count(where=half_price), _made),
    ),
    max_staleness="2d",
    description="Orders of one product: how many, by whom, at half price.",
    owner="marketplace-integrity",
    risks=("scalper", "deal_hunter", "collusion"),
)
