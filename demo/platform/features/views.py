"""Features of accounts, addresses, devices, cards and staff."""

from __future__ import annotations

from features.entities import account, address, card, device, staff_member
from features.later_sources import staff
from features.sources import clicks, logins, orders, payments
from riskloom import FeatureView, Filter, aggregate

failed = Filter("failed", "result = 'fail'")
succeeded = Filter("succeeded", "result = 'success'")
declined = Filter("declined", "result = 'declined'")
small = Filter("small", "amount < 200")
created = Filter("created", "state = 'created'")
still = Filter("still", "scroll_percent = 0")
without_ticket = Filter("without_ticket", "ticket_id IS NULL")

account_logins = FeatureView(
    name="account_logins",
    entity=account,
    source=logins,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(where=failed),
        aggregate.count(where=succeeded),
        aggregate.count_distinct("ip"),
        aggregate.count_distinct("device_id"),
        aggregate.count_distinct("country"),
    ),
    max_staleness="2d",
    description="Failed and successful logins of one account, and from how many places and devices.",
    owner="account-integrity",
)

address_logins = FeatureView(
    name="address_logins",
    entity=address,
    source=logins,
    windows=("5m", "1h", "1d"),
    aggregations=(
        aggregate.count(where=failed),
        aggregate.count_distinct("account_id"),
        aggregate.ratio(aggregate.count(where=failed), aggregate.count()),
    ),
    max_staleness="2d",
    description="Failed logins from one address, and at how many accounts.",
    owner="account-integrity",
)

account_orders = FeatureView(
    name="account_orders",
    entity=account,
    source=orders,
    windows=("1d", "7d"),
    aggregations=(
        aggregate.count(where=created),
        aggregate.sum("gross", where=created),
        aggregate.sum("discount", where=created),
        aggregate.max("gross", where=created),
        aggregate.count_distinct("seller_id"),
        aggregate.count_distinct("ship_to"),
    ),
    max_staleness="2d",
    description="Orders of one account: how many, for how much, at what discount, to how many doors.",
    owner="order-integrity",
)

card_payments = FeatureView(
    name="card_payments",
    entity=card,
    source=payments,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(),
        aggregate.count(where=declined),
        aggregate.count(where=small),
        aggregate.sum("amount"),
        aggregate.count_distinct("account_id"),
    ),
    max_staleness="2d",
    description="Payments with one card, those declined and those that try it out.",
    owner="payment-integrity",
)

device_clicks = FeatureView(
    name="device_clicks",
    entity=device,
    source=clicks,
    windows=("1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.count(where=still),
        aggregate.count_distinct("session_id"),
        aggregate.mean("dwell_ms"),
        aggregate.stddev("dwell_ms"),
    ),
    max_staleness="2d",
    description="How fast, how evenly and how lifelessly one device clicks.",
    owner="traffic-integrity",
)

staff_reads = FeatureView(
    name="staff_reads",
    entity=staff_member,
    source=staff,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(where=without_ticket),
        aggregate.count_distinct("owner_id"),
        aggregate.sum("n_records"),
        aggregate.sum("bytes"),
    ),
    max_staleness="4d",
    description="Whose records one member of the staff reads, how many, and for no ticket.",
    owner="data-protection",
)
