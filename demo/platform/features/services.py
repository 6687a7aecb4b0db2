"""What each decision reads, in training and in scoring."""

from __future__ import annotations

from riskloom import FeatureService


def _service(name: str, *views: str, of: str, owner: str) -> FeatureService:
    return FeatureService(name=name, features=views, full_feature_names=True, description=of, owner=owner)


signup_risk_v1 = _service(
    "signup_risk_v1",
    *("address_sign_ups", "network_sign_ups", "device_sign_ups", "email_domain_sign_ups", "handle_stem_sign_ups"),
    *("inviter_sign_ups", "address_logins", "device_cases"),
    of="Is this sign-up one of many?",
    owner="account-integrity",
)

login_risk_v1 = _service(
    "login_risk_v1",
    *("account_logins", "address_logins", "network_logins", "system_logins", "device_logins", "account_device_logins"),
    *("account_system_logins", "account_country_logins", "account_changes", "account_cases", "device_cases"),
    of="Is this login an account takeover?",
    owner="account-integrity",
)

order_risk_v1 = _service(
    "order_risk_v1",
    *("account_orders", "address_key_orders", "device_orders", "address_orders", "network_orders", "product_orders"),
    *(
        "account_refunds",
        "address_key_refunds",
        "account_changes",
        "account_payments",
        "device_payments",
        "account_clicks",
    ),
    *("account_cases", "device_cases"),
    of="Is this order abusive: paid with another's card, of a ring, bought for resale, or to be sent back?",
    owner="order-integrity",
)

payment_risk_v1 = _service(
    "payment_risk_v1",
    *("card_payments", "bank_payments", "account_payments", "device_payments", "address_payments", "network_payments"),
    *("card_cases", "account_cases", "address_cases"),
    of="Is this card being tried out, or another's?",
    owner="payment-integrity",
)

coupon_risk_v1 = _service(
    "coupon_risk_v1",
    *("account_coupons", "device_coupons", "address_coupons", "address_key_coupons", "campaign_coupons", "coupon_uses"),
    *("account_orders", "account_refunds", "account_changes", "account_cases"),
    of="Is this coupon redeemed by whom it was meant for?",
    owner="incentive-integrity",
)

refund_risk_v1 = _service(
    "refund_risk_v1",
    *("account_refunds", "address_key_refunds", "order_parcels", "account_orders", "account_cases"),
    of="Is this claim true?",
    owner="order-integrity",
)

# Analysts look at what a day's jobs have written: a request that must be answered at once waits for none of it.
ring_review_v1 = _service(
    "ring_review_v1",
    *("account_graph", "account_dealings", "address_key_likeness", "seller_dealings", "buyer_seller_dealings"),
    *("product_dealings", "account_orders", "account_cases"),
    of="Which accounts, doors and sellers are to be looked at together?",
    owner="marketplace-integrity",
)

signup_review_v1 = _service(
    "signup_review_v1",
    *("address_reputation", "email_domain_reputation", "inviter_dealings", "email_domain_sign_ups"),
    of="Which accounts came in by ways of ill repute?",
    owner="account-integrity",
)

payment_review_v1 = _service(
    "payment_review_v1",
    *("bank_reputation", "bank_payments"),
    of="Which banks' cards are tried out?",
    owner="payment-integrity",
)

text_review_v1 = _service(
    "text_review_v1",
    *("message_likeness", "review_likeness", "text_messages"),
    of="Which reviews and messages are one text, hardly changed?",
    owner="marketplace-integrity",
)

traffic_review_v1 = _service(
    "traffic_review_v1",
    *("agent_reputation", "web_client_requests"),
    of="Which scripts ask for what?",
    owner="traffic-integrity",
)

seller_risk_v1 = _service(
    "seller_risk_v1",
    *("seller_orders", "seller_reviews", "seller_actions", "seller_cases", "buyer_seller_orders"),
    of="Does this seller buy from itself, or make ready to leave?",
    owner="marketplace-integrity",
)

review_risk_v1 = _service(
    "review_risk_v1",
    *("account_reviews", "product_reviews", "seller_reviews", "text_reviews", "device_reviews", "account_cases"),
    of="Was this review paid for?",
    owner="marketplace-integrity",
)

message_risk_v1 = _service(
    "message_risk_v1",
    *("writer_messages", "text_messages", "reader_messages", "address_messages"),
    of="Is this message bait?",
    owner="marketplace-integrity",
)

traffic_risk_v1 = _service(
    "traffic_risk_v1",
    *("web_client_requests", "web_user_requests", "page_requests"),
    of="Is this request automated or malicious?",
    owner="traffic-integrity",
)

click_risk_v1 = _service(
    "click_risk_v1",
    *("device_clicks", "address_clicks", "network_clicks", "campaign_clicks", "click_source_clicks", "session_clicks"),
    of="Does a person click here?",
    owner="traffic-integrity",
)

leakage_risk_v1 = _service(
    "leakage_risk_v1",
    *("staff_reads", "role_reads", "staff_desk_reads", "data_subject_reads", "staff_member_cases"),
    of="Does this member of the staff read what they need not?",
    owner="data-protection",
)
