"""Cases: a column for each risk, so that each is a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RISKS = (
    "account_takeover", "fake_accounts", "coupon_ring", "collusion", "brushing", "review_burst", "click_farm",
    "scalper", "deal_hunter", "card_testing", "refund_abuse", "scanning", "phishing", "insider", "gift_card_drain",
)  # fmt: skip


def to_events(records: DataFrame) -> DataFrame:
    """Add whether the event is each risk; null where the case is about another one."""
    return records.withColumns({risk: F.when(F.col("risk") == risk, F.col("fraud")) for risk in RISKS})
