"""What needs more than windows: batch jobs, each of which writes tables that batch views read.

Attributes:
    READS: By batch view, the sources whose silver tables its job reads.
    LISTS: By batch view, the list of ``reference`` that its job reads beside them.
"""

from __future__ import annotations

READS = {
    "account_graph": ("logins", "orders", "payments", "cases"),
    "address_key_likeness": ("orders",),
    "review_likeness": ("reviews",),
    "message_likeness": ("messages",),
    "address_reputation": ("accounts", "logins", "payments", "requests"),
    "email_domain_reputation": ("accounts",),
    "agent_reputation": ("logins", "requests"),
    "bank_reputation": ("payments",),
    "inviter_dealings": ("accounts", "orders"),
    "account_dealings": ("orders", "refunds", "coupons", "sellers"),
    "seller_dealings": ("accounts", "orders", "refunds", "reviews", "messages"),
    "product_dealings": ("reviews",),
    "buyer_seller_dealings": ("orders", "messages"),
}
LISTS = {
    "address_reputation": "networks",
    "email_domain_reputation": "mail_domains",
    "agent_reputation": "user_agents",
    "bank_reputation": "banks",
}
