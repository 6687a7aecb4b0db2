"""Cases: what turned out to be true, each known only from when it was noted; and what was known of whom."""

from __future__ import annotations

from features.entities import account, address, card, device, seller, staff_member
from features.later_sources import CASE_RISKS, cases
from riskloom import Entity, FeatureView, Filter, LabelSource, aggregate

fraud = Filter("fraud", "fraud")
_HALF_LIFE = "14d"


def _known(entity: Entity, *, of: str) -> FeatureView:
    return FeatureView(
        name=f"{entity.name}_cases",
        entity=entity,
        source=cases,
        windows=("30d", "90d"),
        aggregations=(
            aggregate.count(where=fraud),
            aggregate.ratio(aggregate.count(where=fraud), aggregate.count()),
            aggregate.decayed_sum(half_life=_HALF_LIFE, where=fraud),
            aggregate.decayed_sum(half_life=_HALF_LIFE),
            aggregate.count_distinct("risk", where=fraud),
        ),
        description=f"What was known of {of} by then.",
        owner="case-desk",
        risks=("collusion", "payment", "evolving"),
    )


account_cases = _known(account, of="an account")
seller_cases = _known(seller, of="a seller")
device_cases = _known(device, of="a device")
card_cases = _known(card, of="a card")
address_cases = _known(address, of="a network address")
staff_member_cases = _known(staff_member, of="one of the staff")

_BY = {
    "insider": staff_member, "scanning": address, "scalper": address, "phishing": address, "click_farm": device,
    "brushing": seller,
}  # fmt: skip


def _label(risk: str) -> LabelSource:
    return LabelSource(
        name=f"is_{risk}",
        entity=_BY.get(risk, account),
        source=cases,
        value=risk,
        available="known_at",
        description=f"Whether an event is {risk.replace('_', ' ')}, as the case desk knew by then.",
    )


globals().update({f"is_{risk}": _label(risk) for risk in CASE_RISKS})
