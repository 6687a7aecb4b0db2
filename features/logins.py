"""Features of logins, by the address they come from and by the name they ask for."""

from __future__ import annotations

from features.entities import source_address, user_name
from features.sources import auth_log
from riskloom import FeatureView, Filter, aggregate

failed = Filter("failed", "action = 'failed'")
accepted = Filter("accepted", "action = 'accepted'")

# Below 1 where the newest success came after the newest failure: a guess that worked, or a typing error.
success_after_failure = aggregate.ratio(
    aggregate.time_since_last(where=accepted), aggregate.time_since_last(where=failed), windows=("1h", "1d")
)

source_address_logins = FeatureView(
    name="source_address_logins",
    entity=source_address,
    source=auth_log,
    windows=("5m", "1h", "1d"),
    aggregations=(
        aggregate.count(where=failed),
        aggregate.count(where=accepted),
        aggregate.count_distinct("user_name"),
        success_after_failure,
    ),
    max_staleness="1d",
    description="Failed and accepted logins, names tried, and success after failure, of one address.",
    owner="account-integrity",
)

user_name_logins = FeatureView(
    name="user_name_logins",
    entity=user_name,
    source=auth_log,
    windows=("5m", "1h", "1d"),
    aggregations=(
        aggregate.count(where=failed),
        aggregate.count(where=accepted),
        aggregate.count_distinct("source_address"),
        success_after_failure,
    ),
    max_staleness="1d",
    description="Failed and accepted logins, addresses used, and success after failure, of one name.",
    owner="account-integrity",
)
