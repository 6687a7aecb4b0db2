"""What each decision reads, in training and in scoring."""

from __future__ import annotations

from riskloom import FeatureService

login_risk_v1 = FeatureService(
    name="login_risk_v1",
    features=("source_address_logins", "user_name_logins"),
    full_feature_names=True,
    description="Is this login an account takeover?",
    owner="account-integrity",
)

order_risk_v1 = FeatureService(
    name="order_risk_v1",
    features=("customer_orders",),
    description="Is this order abusive?",
    owner="order-integrity",
)

traffic_risk_v1 = FeatureService(
    name="traffic_risk_v1",
    features=("client_address_requests",),
    description="Is this request automated or malicious?",
    owner="traffic-integrity",
)
