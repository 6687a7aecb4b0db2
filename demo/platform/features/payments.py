"""Payments: whose cards are tried out, and by whom."""

from __future__ import annotations

from features.entities import account, address, bank, card, device, network
from features.sources import payments
from riskloom import Entity, FeatureView, Filter, aggregate

declined = Filter("declined", "result = 'declined'")
small = Filter("small", "amount < 200")
bare = Filter("bare", "order_id IS NULL")
mismatched = Filter("mismatched", "address_check = 'mismatch' OR code_check = 'mismatch'")

_OWNER = "payment-integrity"
_RISKS = ("payment",)
_refused = aggregate.ratio(aggregate.count(where=declined), aggregate.count())

card_payments = FeatureView(
    name="card_payments",
    entity=card,
    source=payments,
    windows=("5m", "1h", "1d", "7d", "30d"),
    aggregations=(
        aggregate.count(),
        aggregate.sum("amount"),
        aggregate.count(where=small, windows=("10m", "1h")),
        _refused,
        aggregate.count_distinct("account_id", windows=("1d", "7d", "30d")),
        aggregate.zscore("amount", baseline="30d", windows=("1d",)),
        aggregate.mean("amount", windows=("30d",)),
        aggregate.stddev("amount", windows=("30d",)),
        aggregate.time_since_last(windows=("30d",)),
        aggregate.ratio(aggregate.count(where=mismatched), aggregate.count(), windows=("7d",)),
    ),
    max_staleness="2d",
    description="Payments with one card: how many, for how much, how many are refused or only try it out.",
    owner=_OWNER,
    risks=_RISKS,
)


def _tried(entity: Entity, *, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_payments",
        entity=entity,
        source=payments,
        windows=("10m", "1h", "1d"),
        aggregations=(
            aggregate.count(),
            aggregate.count(where=small),
            aggregate.count(where=bare),
            aggregate.count_distinct("card_id"),
            aggregate.count_distinct("bank_number"),
            _refused,
        ),
        max_staleness="2d",
        description=f"Payments {of}: with how many cards, how small, how many are refused.",
        owner=_OWNER,
        risks=_RISKS,
    )


account_payments = _tried(account, of="of one account")
device_payments = _tried(device, of="from one device")
address_payments = _tried(address, of="from one address")
network_payments = _tried(network, of="from one network")

bank_payments = FeatureView(
    name="bank_payments",
    entity=bank,
    source=payments,
    windows=("10m", "1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.count(where=small),
        aggregate.count_distinct("card_id"),
        aggregate.count_distinct("device_id"),
        _refused,
        aggregate.ratio(aggregate.count(windows=("1h",)), aggregate.count(windows=("7d",)), windows=("1h",)),
    ),
    max_staleness="2d",
    description="Payments with cards of one bank: a run of numbers that are tried shows here.",
    owner=_OWNER,
    risks=_RISKS,
)
