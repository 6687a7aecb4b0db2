"""Scenarios: each attack in a module of its own, with its four phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.simulate.errors import SimulationError
from demo.simulate.risks import BY_NAME
from demo.simulate.scenarios import (
    account_takeover,
    brushing,
    card_testing,
    click_farm,
    collusion,
    coupon_ring,
    deal_hunter,
    fake_accounts,
    gift_card_drain,
    insider,
    phishing,
    refund_abuse,
    review_burst,
    scalper,
    scanning,
)
from demo.simulate.scenarios.attack import Attack

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.simulate.plan import Plan
    from demo.simulate.sheets import Pile

SCENARIOS: dict[str, Callable[[Attack, Pile], None]] = {
    "account_takeover": account_takeover.attack,
    "fake_accounts": fake_accounts.attack,
    "coupon_ring": coupon_ring.attack,
    "collusion": collusion.attack,
    "brushing": brushing.attack,
    "review_burst": review_burst.attack,
    "click_farm": click_farm.attack,
    "scalper": scalper.attack,
    "deal_hunter": deal_hunter.attack,
    "card_testing": card_testing.attack,
    "refund_abuse": refund_abuse.attack,
    "scanning": scanning.attack,
    "phishing": phishing.attack,
    "insider": insider.attack,
    "gift_card_drain": gift_card_drain.attack,
}


def chosen(text: str) -> tuple[str, ...]:
    """Read a list of scenarios: names with commas between them, ``all`` or ``none``.

    Example:
        >>> chosen("scalper,insider"), chosen("none"), len(chosen("all"))
        (('scalper', 'insider'), (), 15)
    """
    if text in ("all", "none"):
        return tuple(SCENARIOS) if text == "all" else ()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in SCENARIOS:
            raise SimulationError.unknown_scenario(name, list(SCENARIOS))
    return names


def strike(plan: Plan, day: int, pile: Pile) -> None:
    """Put on the pile the attacks that begin on a day."""
    for name in plan.scenarios:
        units = plan.units(BY_NAME[name], day)
        if len(units):
            SCENARIOS[name](Attack.of(plan, BY_NAME[name], day, units), pile)
