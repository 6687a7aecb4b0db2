"""Account takeover: passwords leaked elsewhere are tried here, by the thousand or low and slow.

Whoever gets in looks at the account from a new device, changes its address or password within half an hour, and orders
for three to eight times what people do. The attacks that count are the logins that succeed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base import fulfilment
from demo.simulate.base.logins import domain_of
from demo.simulate.base.orders import pay
from demo.simulate.base.sessions import agent_of
from demo.simulate.calendar import HOUR, MINUTE, SECOND
from demo.simulate.scenarios.attack import HUMANISED, NAIVE, ROTATED

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile, Sheet
    from demo.simulate.streams import Ints

# Attempts for one that succeeds, by phase: 0.6 % succeed at first.
ATTEMPTS = (165, 120, 25, 10)
_CHANGED, _ORDERED = 0.6, 0.5
_MEDIAN = 3_200


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's takeovers on the pile."""
    ring = one.ring(4, 60)
    victim = one.stream("victim").below(len(one.world.accounts), one.unit)
    country = one.world.country[victim]
    ts = one.when(ring, 90.0)
    ip, device = one.address(ring, one.unit, country), one.device(ring, one.unit)
    agent = np.where(one.phase >= HUMANISED, agent_of(one.world, victim * 4), one.agent(ring))
    shared = {"account": victim, "device": device, "ip": ip}
    pile.add(
        "logins",
        one.sheet(
            "logins", 0, ts, ring, agent=agent, result=v.SUCCESS, mfa=one.stream("mfa").chance(0.1, one.unit),
            rtt=one.stream("rtt").lognormal(4.1, 0.6, one.unit).astype(np.int64), **shared,
        ),
        *_attempts(one, ring, ts, ip, device),
    )  # fmt: skip
    _cash_in(one, ring, ts, shared, pile)


def _attempts(one: Attack, ring: Ints, ts: Ints, ip: Ints, device: Ints) -> list[Sheet]:
    """The attempts that fail: in a stream around the one that does not, or one an hour."""
    counts = np.array(ATTEMPTS)[one.phase - 1]
    place = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    many, rings = one.some(place), ring[place]
    stuffed = many.phase <= ROTATED
    fast = (number - counts[place] * 2 // 3) * 0.7 * SECOND
    slow = (many.stream("slow").uniform(many.unit, number) * 20 - 14) * HOUR
    at = np.maximum(ts[place] + np.where(stuffed, fast, slow).astype(np.int64), one.world.calendar.begins(one.day))
    spread = many.stream("target").below(len(one.world.accounts), many.unit, number)
    unknown = many.stream("unknown").chance(0.4, many.unit, number)
    # Rotated addresses serve a few attempts each; the low and slow have one for each.
    turn = np.where(stuffed, number // 6, number)
    rotated = many.some_address(turn)
    return [
        many.sheet(
            "logins", number + 1, at, rings, unit=0,
            account=np.where(unknown, many.entity(spread), spread),
            ip=np.where(many.phase == NAIVE, ip[place], rotated),
            device=np.where(stuffed, device[place], many.entity(many.unit * 512 + number)), agent=many.agent(rings),
            result=v.FAIL, reason=np.where(unknown, 2, 1),
            rtt=many.stream("rtt").lognormal(4.1, 0.6, many.unit, number + 1).astype(np.int64),
        )
    ]  # fmt: skip


def _cash_in(one: Attack, ring: Ints, ts: Ints, shared: dict[str, Ints], pile: Pile) -> None:
    chosen = np.flatnonzero(one.stream("changed").chance(_CHANGED, one.unit))
    some = one.some(chosen)
    after = ts[chosen] + (some.stream("soon").uniform(some.unit) * 28 * MINUTE).astype(np.int64) + MINUTE
    picked = {name: column[chosen] for name, column in shared.items()}
    what = np.array([v.CREDENTIAL, v.ADDRESS_ADD, v.PAYOUT_CHANGE])[some.stream("what").below(3, some.unit)]
    pile.add(
        "accounts",
        some.sheet(
            "accounts", 0, after, ring[chosen], action=what, domain=domain_of(some.world, picked["account"]),
            handle=picked["account"], completeness=85, **picked,
        ),
    )  # fmt: skip
    chosen = np.flatnonzero(one.stream("ordered").chance(_ORDERED, one.unit))
    some, picked = one.some(chosen), {name: column[chosen] for name, column in shared.items()}
    item = some.world.wanted(some.stream("item"), some.unit)
    gross = (_MEDIAN * (3 + 5 * some.stream("gross").uniform(some.unit))).astype(np.int64)
    # The patient wait for days before they order.
    wait = some.pick(40 * MINUTE, 40 * MINUTE, 3 * HOUR, 30 * HOUR)
    at = ts[chosen] + (wait * (0.5 + some.stream("wait").uniform(some.unit))).astype(np.int64)
    made = some.sheet(
        "orders", 0, at, ring[chosen], order=some.key, session=some.key, seller=some.world.seller_of[item], item=item,
        gross=gross, currency=some.world.country[picked["account"]], address=some.entity(some.unit) * 8, **picked,
    )  # fmt: skip
    marks = {"truth": one.risk.code, "phase": made["phase"], "ring": made["ring"]}
    paid = pay(some.world, made, pile, **marks)
    arrived = fulfilment.arrival(some.world, made)
    pile.add("orders", *fulfilment.states(some.world, made, paid, arrived))
