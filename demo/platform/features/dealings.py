"""What takes two sources to say, by a day's batch job, stamped with when it was ready."""

from __future__ import annotations

from features.entities import account, buyer_seller, inviter, product, seller
from riskloom import BatchFeatureView, Entity

_COUNTS = {
    "invited": "accounts",
    "orders": "orders",
    "reviews": "reviews",
    "refunded_sellers": "sellers",
    "shared_addresses": "network addresses",
}


def _dealings(entity: Entity, of: str, owner: str, risks: tuple[str, ...], *columns: str) -> BatchFeatureView:
    name = f"{entity.name}_dealings"
    return BatchFeatureView(
        name=name,
        entity=entity,
        table=f"batch/{name}",
        columns={column: "int64" if column in _COUNTS else "float64" for column in columns},
        timestamp="available_ts",
        ttl="8d",
        description=f"{of}, in 30 days.",
        owner=owner,
        risks=risks,
        units={column: "seconds" if "seconds" in column else _COUNTS.get(column, "share") for column in columns},
    )


inviter_dealings = _dealings(
    inviter, "What those whom one invited did afterwards", "incentive-integrity", ("coupon", "account_integrity"),
    "invited", "invited_ordering_share", "invited_ordering_again_share",
)  # fmt: skip
account_dealings = _dealings(
    account, "What one account sent back, after which coupons, and how fast it follows prices", "order-integrity",
    ("refund", "coupon", "deal_hunter"),
    "orders", "refund_share", "refund_value_share", "refunded_sellers", "refund_after_coupon_share",
    "price_drop_seconds_median",
)  # fmt: skip
seller_dealings = _dealings(
    seller, "Who buys at one seller, and what becomes of it", "marketplace-integrity", ("brushing", "seller"),
    "orders", "young_buyers_share", "refund_share", "talked_share", "reviewed_in_a_day_share", "own_address_share",
)  # fmt: skip
product_dealings = _dealings(
    product, "Who reviews one product", "marketplace-integrity", ("review",),
    "reviews", "single_reviewers_share",
)  # fmt: skip
buyer_seller_dealings = _dealings(
    buyer_seller, "What a buyer and a seller share", "marketplace-integrity", ("brushing", "collusion"),
    "shared_addresses",
)  # fmt: skip
