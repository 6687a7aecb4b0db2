"""Clicks: whether a person clicks."""

from __future__ import annotations

from features.entities import account, address, campaign, click_source, device, network, session
from features.sources import clicks
from riskloom import Entity, FeatureView, Filter, aggregate

still = Filter("still", "scroll_percent = 0")
viewed = Filter("viewed", "event = 'view'")
put_into_cart = Filter("put_into_cart", "event = 'cart_add'")
unattested = Filter("unattested", "NOT attested")

_OWNER = "traffic-integrity"
_RISKS = ("click_farm",)
# How even the time between clicks is: below 0.3 no person's.
_evenness = aggregate.ratio(aggregate.gap_stddev(), aggregate.gap_mean())
_entropy = aggregate.gap_entropy()

device_clicks = FeatureView(
    name="device_clicks",
    entity=device,
    source=clicks,
    windows=("5m", "1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("account_id"),
        aggregate.count_distinct("session_id"),
        aggregate.count_distinct("ip"),
        aggregate.count_distinct("hour", windows=("1d",)),
        _evenness,
        _entropy,
        aggregate.gap_mean(),
        aggregate.time_since_last(windows=("1d",)),
        aggregate.mean("dwell_ms"),
        aggregate.stddev("dwell_ms"),
        aggregate.quantile("dwell_ms", 0.5, low=10, high=3_600_000),
        aggregate.entropy("dwell_ms", windows=("1d",)),
        aggregate.ratio(aggregate.count(where=still), aggregate.count()),
        aggregate.ratio(aggregate.count(where=put_into_cart), aggregate.count(), windows=("1d", "7d")),
        aggregate.count_distinct("os_family", windows=("1d",)),
        aggregate.ratio(aggregate.count(where=unattested), aggregate.count("attested"), windows=("1d",)),
    ),
    max_staleness="2d",
    description="How many, how evenly, how long and how lifelessly one device clicks.",
    owner=_OWNER,
    risks=_RISKS,
)


def _clicked(entity: Entity, *, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_clicks",
        entity=entity,
        source=clicks,
        windows=("5m", "1h", "1d"),
        aggregations=(
            aggregate.count(),
            aggregate.count_distinct("device_id"),
            aggregate.count_distinct("account_id"),
            _evenness,
            _entropy,
            aggregate.ratio(aggregate.count(where=still), aggregate.count()),
        ),
        max_staleness="2d",
        description=f"Clicks {of}: how many, from how many devices, how even.",
        owner=_OWNER,
        risks=_RISKS,
    )


address_clicks = _clicked(address, of="from one address")
network_clicks = _clicked(network, of="from one network")

campaign_clicks = FeatureView(
    name="campaign_clicks",
    entity=campaign,
    source=clicks,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("device_id"),
        aggregate.hhi("network"),
        aggregate.entropy("os_family"),
        aggregate.ratio(aggregate.count(where=still), aggregate.count()),
        aggregate.ratio(aggregate.count(where=put_into_cart), aggregate.count()),
    ),
    max_staleness="2d",
    description="Clicks of one campaign: from how few devices and networks, and how few come to anything.",
    owner=_OWNER,
    risks=_RISKS,
)

click_source_clicks = FeatureView(
    name="click_source_clicks",
    entity=click_source,
    source=clicks,
    windows=("5m", "1h", "1d"),
    aggregations=(aggregate.count(), aggregate.time_since_last(windows=("1d",)), _evenness, _entropy),
    max_staleness="2d",
    description="Clicks of one address, app, system and device together: how many, and how long after the last.",
    owner=_OWNER,
    risks=_RISKS,
)

account_clicks = FeatureView(
    name="account_clicks",
    entity=account,
    source=clicks,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(where=viewed),
        aggregate.count(where=put_into_cart),
        aggregate.ratio(aggregate.count(where=viewed), aggregate.count(where=put_into_cart)),
        aggregate.count_distinct("item_id"),
        aggregate.count_distinct("device_id"),
        aggregate.time_since_last(where=viewed, windows=("7d",)),
        aggregate.time_since_last(windows=("90d",)),
    ),
    max_staleness="2d",
    description="What one account looks at before it buys, and since when it is idle.",
    owner=_OWNER,
    risks=("scalper", "brushing", "deal_hunter", "account_integrity"),
)

session_clicks = FeatureView(
    name="session_clicks",
    entity=session,
    source=clicks,
    windows=("1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.count(where=viewed),
        aggregate.count(where=put_into_cart),
        aggregate.count_distinct("item_id"),
        aggregate.time_since_first(),
        _evenness,
        _entropy,
    ),
    max_staleness="2d",
    description="One visit: what was looked at before something was bought, how long, how evenly.",
    owner=_OWNER,
    risks=(*_RISKS, "brushing", "scalper"),
)
