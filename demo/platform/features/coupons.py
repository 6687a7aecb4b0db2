"""Coupons: who redeems what was meant for another, or guesses."""

from __future__ import annotations

from features.entities import account, address, address_key, campaign, coupon, device
from features.sources import coupons
from riskloom import Entity, FeatureView, Filter, aggregate

granted = Filter("granted", "action = 'grant'")
redeemed = Filter("redeemed", "action = 'redeem'")
guessed = Filter("guessed", "action = 'invalid'")
looked_up = Filter("looked_up", "action IN ('validate', 'invalid')")
first_order = Filter("first_order", "action = 'redeem' AND campaign = 'welcome'")

_OWNER = "incentive-integrity"
_RISKS = ("coupon",)

account_coupons = FeatureView(
    name="account_coupons",
    entity=account,
    source=coupons,
    windows=("1d", "7d", "30d"),
    aggregations=(
        aggregate.ratio(aggregate.count(where=redeemed), aggregate.count(where=granted), windows=("7d", "30d")),
        aggregate.count(where=redeemed),
        aggregate.count(where=first_order, windows=("30d",)),
        aggregate.count(where=guessed, windows=("1h", "1d")),
        aggregate.count(where=looked_up, windows=("1h", "1d")),
        aggregate.sum("face_value", where=redeemed),
        aggregate.time_since_last(where=granted, windows=("30d",)),
        aggregate.ratio(
            aggregate.time_since_last(where=redeemed), aggregate.time_since_last(where=granted), windows=("30d",)
        ),
        aggregate.last("threshold", where=looked_up, windows=("1d",)),
    ),
    max_staleness="2d",
    description="Coupons of one account: how many it got, redeemed and guessed, and how fast.",
    owner=_OWNER,
    risks=(*_RISKS, "deal_hunter"),
)


def _shared(entity: Entity, *, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_coupons",
        entity=entity,
        source=coupons,
        windows=("1h", "1d", "30d"),
        aggregations=(
            aggregate.count(where=first_order),
            aggregate.count(where=redeemed),
            aggregate.count(where=guessed),
            aggregate.count_distinct("account_id", where=redeemed),
            aggregate.ratio(aggregate.count(where=guessed), aggregate.count(where=looked_up)),
        ),
        max_staleness="2d",
        description=f"Coupons {of}: first orders, redemptions, guesses, and how many accounts.",
        owner=_OWNER,
        risks=_RISKS,
    )


device_coupons = _shared(device, of="on one device")
address_coupons = _shared(address, of="from one network address")
address_key_coupons = _shared(address_key, of="of one door")
campaign_coupons = _shared(campaign, of="of one campaign")

coupon_uses = FeatureView(
    name="coupon_uses",
    entity=coupon,
    source=coupons,
    windows=("1h", "1d", "30d"),
    aggregations=(
        aggregate.count(where=looked_up),
        aggregate.count_distinct("account_id"),
        aggregate.count_distinct("device_id"),
        aggregate.time_since_last(where=granted, windows=("30d",)),
    ),
    max_staleness="2d",
    description="One coupon or gift card: how often it is looked up, by how many.",
    owner=_OWNER,
    risks=_RISKS,
)
