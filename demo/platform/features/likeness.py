"""What is nearly the same: doors and texts, by a day's batch job, stamped with when it was ready."""

from __future__ import annotations

from features.entities import address_key, text
from riskloom import BatchFeatureView, Entity


def _likeness(name: str, entity: Entity, whos: str, of: str, *risks: str) -> BatchFeatureView:
    return BatchFeatureView(
        name=name,
        entity=entity,
        table=f"batch/{name}",
        columns={
            "similar": "int64",
            "similar_events": "int64",
            f"similar_{whos}": "int64",
            "closest": "float64",
        },
        timestamp="available_ts",
        ttl="8d",
        description=f"How many {of} are nearly the same, and how many {whos} are behind them, in 30 days.",
        owner="marketplace-integrity",
        risks=risks,
        units={
            "similar": of,
            "similar_events": "events",
            f"similar_{whos}": whos,
            "closest": "share of shingles",
        },
    )


address_key_likeness = _likeness(
    "address_key_likeness", address_key, "accounts", "doors of a post code", "coupon", "scalper", "collusion"
)
review_likeness = _likeness("review_likeness", text, "accounts", "reviews", "review", "brushing")
message_likeness = _likeness("message_likeness", text, "writers", "messages", "malicious_activity")
