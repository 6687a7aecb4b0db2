"""What lists from outside say, by the edition that was out by then."""

from __future__ import annotations

from features.entities import address, agent, bank, email_domain
from riskloom import BatchFeatureView, Entity


def _reputation(entity: Entity, owner: str, of: str, *risks: str) -> BatchFeatureView:
    name = f"{entity.name}_reputation"
    return BatchFeatureView(
        name=name,
        entity=entity,
        table=f"batch/{name}",
        columns={"listed_as": "string", "listed_days": "int64"},
        timestamp="available_ts",
        ttl="8d",
        description=f"What the list of {of} says, and for how long it has.",
        owner=owner,
        risks=risks,
        units={"listed_as": "kind", "listed_days": "days"},
    )


address_reputation = _reputation(
    address, "traffic-integrity", "networks", "account_integrity", "account_takeover", "click_farm", "payment"
)
email_domain_reputation = _reputation(email_domain, "account-integrity", "mail domains", "account_integrity")
agent_reputation = _reputation(agent, "traffic-integrity", "user agents", "malicious_activity", "scalper")
bank_reputation = _reputation(bank, "payment-integrity", "banks' countries", "payment")
