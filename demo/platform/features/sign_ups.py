"""Sign-ups: who comes in by the dozen."""

from __future__ import annotations

from features.entities import account, address, device, email_domain, handle_stem, inviter, network
from features.sources import accounts
from riskloom import Entity, FeatureView, Filter, aggregate

registered = Filter("registered", "action = 'register'")
for_once = Filter("for_once", "action = 'register' AND disposable")
verified = Filter("verified", "action = 'verify'")
sensitive = Filter("sensitive", "action IN ('credential_change', 'address_add', 'payout_change')")

_OWNER = "account-integrity"
_RISKS = ("account_integrity",)


def _sign_ups(entity: Entity, *windows: str, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_sign_ups",
        entity=entity,
        source=accounts,
        windows=windows,
        aggregations=(
            aggregate.count(where=registered),
            aggregate.count_distinct("account_id"),
            aggregate.ratio(aggregate.count(where=for_once), aggregate.count(where=registered)),
            aggregate.mean("digit_share", where=registered),
            aggregate.mean("completeness", where=registered),
        ),
        max_staleness="2d",
        description=f"Sign-ups {of}: how many, with what mail, names and profiles.",
        owner=_OWNER,
        risks=_RISKS,
    )


address_sign_ups = _sign_ups(address, "5m", "1h", "1d", "7d", of="from one address")
network_sign_ups = _sign_ups(network, "5m", "1h", "1d", "7d", of="from one network")
device_sign_ups = _sign_ups(device, "5m", "1h", "1d", "30d", of="on one device")
email_domain_sign_ups = _sign_ups(email_domain, "1h", "1d", "7d", of="with one mail domain")
handle_stem_sign_ups = _sign_ups(handle_stem, "1h", "1d", "7d", of="with names that are alike")
inviter_sign_ups = _sign_ups(inviter, "1d", "7d", "30d", of="that one account invited")

account_changes = FeatureView(
    name="account_changes",
    entity=account,
    source=accounts,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(where=sensitive),
        aggregate.time_since_last(where=sensitive),
        aggregate.time_since_last(where=registered, windows=("30d",)),
        aggregate.time_since_last(where=verified, windows=("30d",)),
        aggregate.last("completeness", windows=("30d",)),
        aggregate.last("digit_share", windows=("30d",)),
        aggregate.last("disposable", windows=("30d",)),
    ),
    max_staleness="2d",
    description="Since when one account is there, and what was changed of it that opens doors or moves money.",
    owner=_OWNER,
    risks=("account_integrity", "account_takeover", "coupon", "deal_hunter"),
)
