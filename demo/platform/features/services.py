"""What each decision reads, in training and in scoring."""

from __future__ import annotations

from riskloom import FeatureService

login_risk_v1 = FeatureService(
    name="login_risk_v1",
    features=("account_logins", "address_logins"),
    full_feature_names=True,
    description="Is this login an account takeover?",
    owner="account-integrity",
)

order_risk_v1 = FeatureService(
    name="order_risk_v1",
    features=("account_orders",),
    description="Is this order abusive?",
    owner="order-integrity",
)

payment_risk_v1 = FeatureService(
    name="payment_risk_v1",
    features=("card_payments",),
    description="Is this card being tried out?",
    owner="payment-integrity",
)

click_risk_v1 = FeatureService(
    name="click_risk_v1",
    features=("device_clicks",),
    description="Does a person click here?",
    owner="traffic-integrity",
)

staff_risk_v1 = FeatureService(
    name="staff_risk_v1",
    features=("staff_reads",),
    description="Does this member of the staff read what they need not?",
    owner="data-protection",
)
