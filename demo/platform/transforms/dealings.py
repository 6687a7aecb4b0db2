"""Dealings: what takes events of two sources to say, as queries over those of thirty days. A day's batch job.

Each query names its sources in braces; each has one row of each entity that it knows something of.
"""

from __future__ import annotations

# The first event of an order says who ordered what, where and when.
_PLACED = "placed AS (SELECT * FROM {orders} WHERE state = 'created')"
_INVITERS = f"""
WITH {_PLACED},
invited AS (
  SELECT inviter_id, account_id, min(event_ts) AS since FROM {{accounts}}
  WHERE action = 'register' AND inviter_id IS NOT NULL AND account_id IS NOT NULL GROUP BY ALL
),
bought AS (
  SELECT i.inviter_id, i.account_id, count(p.order_id) AS orders
  FROM invited i LEFT JOIN placed p ON p.account_id = i.account_id AND p.event_ts >= i.since GROUP BY ALL
)
SELECT inviter_id, count(*) AS invited, avg(if(orders > 0, 1.0, 0.0)) AS invited_ordering_share,
  avg(if(orders > 1, 1.0, 0.0)) AS invited_ordering_again_share
FROM bought GROUP BY inviter_id
"""
_ACCOUNTS = f"""
WITH {_PLACED},
sent_back AS (SELECT order_id, sum(amount) AS amount FROM {{refunds}} WHERE decision <> 'denied' GROUP BY order_id),
paid_less AS (SELECT DISTINCT order_id FROM {{coupons}} WHERE action = 'redeem' AND order_id IS NOT NULL),
dropped AS (
  SELECT item_id, event_ts, price,
    lag(price) OVER (PARTITION BY item_id ORDER BY event_ts, event_id) AS before
  FROM {{sellers}} WHERE action IN ('price_change', 'listing_add') AND price IS NOT NULL AND item_id IS NOT NULL
),
reactions AS (
  SELECT p.order_id, min(unix_micros(p.event_ts) - unix_micros(d.event_ts)) / 1e6 AS seconds
  FROM placed p JOIN dropped d ON d.item_id = p.item_id AND d.price < d.before
    AND d.event_ts <= p.event_ts AND d.event_ts > p.event_ts - INTERVAL 7 DAYS
  GROUP BY p.order_id
)
SELECT p.account_id, count(*) AS orders,
  avg(if(s.order_id IS NULL, 0.0, 1.0)) AS refund_share,
  sum(coalesce(s.amount, 0)) / nullif(sum(p.gross), 0) AS refund_value_share,
  count(DISTINCT if(s.order_id IS NULL, NULL, p.seller_id)) AS refunded_sellers,
  avg(if(c.order_id IS NULL, NULL, if(s.order_id IS NULL, 0.0, 1.0))) AS refund_after_coupon_share,
  percentile(r.seconds, 0.5) AS price_drop_seconds_median
FROM placed p
LEFT JOIN sent_back s ON s.order_id = p.order_id
LEFT JOIN paid_less c ON c.order_id = p.order_id
LEFT JOIN reactions r ON r.order_id = p.order_id
WHERE p.account_id IS NOT NULL GROUP BY p.account_id
"""
_SELLERS = f"""
WITH {_PLACED},
born AS (
  SELECT account_id, min(event_ts) AS since FROM {{accounts}}
  WHERE action = 'register' AND account_id IS NOT NULL GROUP BY account_id
),
sent_back AS (SELECT DISTINCT order_id FROM {{refunds}} WHERE decision <> 'denied'),
reviewed AS (SELECT order_id, min(event_ts) AS at FROM {{reviews}} WHERE order_id IS NOT NULL GROUP BY order_id),
talked AS (
  SELECT sender_id AS account_id, recipient_id AS seller_id FROM {{messages}} WHERE side = 'buyer'
  UNION SELECT recipient_id, sender_id FROM {{messages}} WHERE side = 'seller'
),
desks AS (SELECT DISTINCT sender_id AS seller_id, ip FROM {{messages}} WHERE side = 'seller' AND ip IS NOT NULL)
SELECT p.seller_id, count(*) AS orders,
  avg(if(p.event_ts < b.since + INTERVAL 7 DAYS, 1.0, 0.0)) AS young_buyers_share,
  avg(if(s.order_id IS NULL, 0.0, 1.0)) AS refund_share,
  avg(if(t.seller_id IS NULL, 0.0, 1.0)) AS talked_share,
  avg(if(r.at IS NULL, NULL, if(r.at < p.event_ts + INTERVAL 1 DAY, 1.0, 0.0))) AS reviewed_in_a_day_share,
  avg(if(d.ip IS NULL, 0.0, 1.0)) AS own_address_share
FROM placed p
LEFT JOIN born b ON b.account_id = p.account_id
LEFT JOIN sent_back s ON s.order_id = p.order_id
LEFT JOIN talked t ON t.account_id = p.account_id AND t.seller_id = p.seller_id
LEFT JOIN reviewed r ON r.order_id = p.order_id
LEFT JOIN desks d ON d.seller_id = p.seller_id AND d.ip = p.ip
WHERE p.seller_id IS NOT NULL GROUP BY p.seller_id
"""
_PRODUCTS = """
WITH written AS (
  SELECT item_id, account_id, count(*) OVER (PARTITION BY account_id) AS reviews
  FROM {reviews} WHERE account_id IS NOT NULL
)
SELECT item_id, count(*) AS reviews, avg(if(reviews = 1, 1.0, 0.0)) AS single_reviewers_share
FROM written WHERE item_id IS NOT NULL GROUP BY item_id
"""
_PAIRS = f"""
WITH {_PLACED},
desks AS (SELECT DISTINCT sender_id AS seller_id, ip FROM {{messages}} WHERE side = 'seller' AND ip IS NOT NULL)
SELECT p.account_id, p.seller_id, count(DISTINCT d.ip) AS shared_addresses
FROM placed p LEFT JOIN desks d ON d.seller_id = p.seller_id AND d.ip = p.ip
WHERE p.account_id IS NOT NULL AND p.seller_id IS NOT NULL GROUP BY p.account_id, p.seller_id
"""
QUERIES = {
    "inviter_dealings": _INVITERS,
    "account_dealings": _ACCOUNTS,
    "seller_dealings": _SELLERS,
    "product_dealings": _PRODUCTS,
    "buyer_seller_dealings": _PAIRS,
}
