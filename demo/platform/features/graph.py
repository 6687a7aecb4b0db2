"""What accounts share: a day's batch job writes it, stamped with when it was ready."""

from __future__ import annotations

from features.entities import account
from riskloom import BatchFeatureView

account_graph = BatchFeatureView(
    name="account_graph",
    entity=account,
    table="batch/account_graph",
    columns={
        "component_id": "string",
        "component_accounts": "int64",
        "component_identifiers": "int64",
        "component_density": "float64",
        "component_age_days": "float64",
        "degree": "int64",
        "neighbours_fraud_share": "float64",
        "two_hop_fraud_share": "float64",
    },
    timestamp="available_ts",
    ttl="8d",
    description="What one account shares with others: its component, its neighbours, and what was known of them.",
    owner="marketplace-integrity",
    risks=("collusion", "coupon", "account_integrity", "evolving"),
    units={
        "component_id": "account",
        "component_accounts": "accounts",
        "component_identifiers": "identifiers",
        "component_density": "share of possible links",
        "component_age_days": "days",
        "degree": "accounts",
        "neighbours_fraud_share": "share",
        "two_hop_fraud_share": "share",
    },
)
