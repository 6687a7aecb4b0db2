"""The risks that a platform faces, each with the scenario that brings it about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Risk:
    """A kind of attack.

    Attributes:
        name: Its name, and its scenario's.
        code: Its number in events.
        source: The source whose events are labelled.
        among: What its share is a share of, for people.
        share: Share of those events that are the attack's, over the whole period.
        found_by: Who finds out, which decides how long a label takes.
    """

    name: str
    code: int
    source: str
    among: str
    share: float
    found_by: str


RISKS = (
    Risk(name="account_takeover", code=1, source="logins", among="logins", share=0.0015, found_by="report"),
    Risk(name="fake_accounts", code=2, source="accounts", among="accounts", share=0.03, found_by="audit"),
    Risk(name="coupon_ring", code=3, source="coupons", among="redemptions", share=0.015, found_by="audit"),
    Risk(name="collusion", code=4, source="orders", among="orders", share=0.003, found_by="audit"),
    Risk(name="brushing", code=5, source="orders", among="orders", share=0.012, found_by="audit"),
    Risk(name="review_burst", code=6, source="reviews", among="reviews", share=0.03, found_by="report"),
    Risk(name="click_farm", code=7, source="clicks", among="clicks", share=0.06, found_by="audit"),
    Risk(name="scalper", code=8, source="requests", among="requests at drops", share=0.40, found_by="audit"),
    Risk(name="deal_hunter", code=9, source="orders", among="orders", share=0.02, found_by="rule"),
    Risk(name="card_testing", code=10, source="payments", among="payments", share=0.002, found_by="chargeback"),
    Risk(name="refund_abuse", code=11, source="refunds", among="refunds", share=0.05, found_by="audit"),
    Risk(name="scanning", code=12, source="requests", among="requests", share=0.003, found_by="rule"),
    Risk(name="phishing", code=13, source="messages", among="messages", share=0.02, found_by="report"),
    Risk(name="insider", code=14, source="staff", among="reads", share=0.0005, found_by="audit"),
    Risk(name="gift_card_drain", code=15, source="coupons", among="validations", share=0.02, found_by="report"),
)
BY_NAME = {risk.name: risk for risk in RISKS}
BY_CODE = {risk.code: risk for risk in RISKS}
