"""Logins: who guesses, and who is suddenly somewhere else."""

from __future__ import annotations

from features.entities import account, account_country, account_device, account_system, address, device, network, system
from features.sources import logins
from riskloom import Entity, FeatureView, Filter, aggregate

failed = Filter("failed", "result = 'fail'")
succeeded = Filter("succeeded", "result = 'success'")
hosted = Filter("hosted", "hosted")

_OWNER = "account-integrity"
_RISKS = ("account_takeover",)
# Below 1 where the newest success came after the newest failure: a guess that worked, or a typing error.
_after_failure = aggregate.ratio(
    aggregate.time_since_last(where=succeeded), aggregate.time_since_last(where=failed), windows=("1h", "1d")
)
# Above 0.25 km a second, which is 900 km an hour, nobody gets from one login to the next.
_travelled = aggregate.distance("latitude", "longitude", where=succeeded)
_between = aggregate.gap_last("latitude", where=succeeded)

account_logins = FeatureView(
    name="account_logins",
    entity=account,
    source=logins,
    windows=("5m", "1h", "1d", "7d"),
    aggregations=(
        aggregate.count(where=failed),
        aggregate.count(where=succeeded),
        aggregate.count_distinct("ip"),
        aggregate.count_distinct("device_id"),
        aggregate.count_distinct("country"),
        aggregate.count_distinct("agent_family"),
        _after_failure,
        aggregate.ratio(aggregate.count(where=hosted), aggregate.count(), windows=("1d", "7d")),
        aggregate.time_since_last(where=succeeded, windows=("30d",)),
        aggregate.last("latitude", where=succeeded, windows=("30d",)),
        aggregate.last("longitude", where=succeeded, windows=("30d",)),
        aggregate.distance("latitude", "longitude", where=succeeded, windows=("1d", "30d")),
        aggregate.ratio(_travelled, _between, windows=("1d", "30d")),
        aggregate.last("country", where=succeeded, windows=("30d",)),
        aggregate.last("agent_family", where=succeeded, windows=("30d",)),
        aggregate.entropy("hour", where=succeeded, windows=("30d",)),
        aggregate.top_k("hour", 5, where=succeeded, windows=("30d",)),
        aggregate.zscore("rtt_ms", baseline="30d", windows=("1d",)),
    ),
    max_staleness="2d",
    description="Logins of one account: how many fail, from how many places, when, and where the last ones came from.",
    owner=_OWNER,
    risks=_RISKS,
)


def _guesses(entity: Entity, *windows: str, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_logins",
        entity=entity,
        source=logins,
        windows=windows,
        aggregations=(
            aggregate.count(where=failed),
            aggregate.count(where=succeeded),
            aggregate.count_distinct("account_id"),
            aggregate.ratio(aggregate.count(where=failed), aggregate.count()),
            _after_failure,
        ),
        max_staleness="2d",
        description=f"Logins {of}: how many fail, and at how many accounts.",
        owner=_OWNER,
        risks=(*_RISKS, "account_integrity"),
    )


address_logins = _guesses(address, "5m", "1h", "1d", of="from one address")
network_logins = _guesses(network, "5m", "1h", "1d", of="from one network")
system_logins = _guesses(system, "1h", "1d", of="from one autonomous system")
device_logins = _guesses(device, "5m", "1h", "1d", "30d", of="from one device")

_WITHIN = {"device": account_device, "system": account_system, "country": account_country}


def _novel(what: str) -> FeatureView:
    return FeatureView(
        name=f"account_{what}_logins",
        entity=_WITHIN[what],
        source=logins,
        windows=("1d",),
        aggregations=(
            aggregate.novelty(history="90d", where=succeeded),
            aggregate.count(where=succeeded, windows=("30d", "90d")),
            aggregate.time_since_first(where=succeeded, windows=("90d",)),
        ),
        max_staleness="2d",
        description=f"Whether an account's {what} is new to it, and how often it came with it.",
        owner=_OWNER,
        risks=_RISKS,
    )


account_device_logins = _novel("device")
account_system_logins = _novel("system")
account_country_logins = _novel("country")
