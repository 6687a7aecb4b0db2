"""Bulk fake accounts: rings of sign-ups on a device farm, with handles from a template and disposable mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.calendar import HOUR, MINUTE

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

TEMPLATES = 1 << 44


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's bulk sign-ups on the pile."""
    ring = one.ring(20, 200)
    ts = one.when(ring, 60.0)
    account, country = one.key, one.stream("country").below(8, one.unit)
    people = one.stream("domain").choose(v.DOMAIN_WEIGHTS, one.unit)
    disposable = v.DISPOSABLE + one.stream("disposable").below(2, one.unit)
    temporary = one.stream("temporary").chance(one.pick(0.7, 0.35, 0.05), one.unit)
    templated = one.stream("templated").chance(one.pick(0.9, 0.7, 0.2, 0.1), one.unit)
    shared = {
        "account": account, "device": one.device(ring, one.unit), "ip": one.address(ring, one.unit, country),
        "domain": np.where(temporary, disposable, people),
        "handle": np.where(templated, TEMPLATES + ring * 1_024 + one.unit % 1_024, account),
        "completeness": one.pick(30, 35, 45, 50) + one.stream("complete").below(one.pick(40, 45, 50), one.unit),
    }  # fmt: skip
    inviter = np.where(one.stream("invited").chance(0.4, one.unit), one.entity(ring), -1)
    verified = np.flatnonzero(one.stream("verified").chance(one.pick(0.55, 0.7, 0.85), one.unit))
    soon = (one.stream("soon").exponential(one.pick(0.05, 0.1, 0.5), one.unit) * HOUR).astype(np.int64) + MINUTE
    pile.add("accounts", one.sheet("accounts", 0, ts, ring, action=v.REGISTER, inviter=inviter, **shared))
    some, picked = one.some(verified), {name: column[verified] for name, column in shared.items()}
    pile.add(
        "accounts", some.sheet("accounts", 1, (ts + soon)[verified], ring[verified], action=v.VERIFY, unit=0, **picked)
    )
    pile.add(
        "coupons",
        one.sheet(
            "coupons", 0, ts + soon, ring, coupon=one.key, campaign=v.WELCOME, account=account,
            device=shared["device"], ip=shared["ip"], address=one.entity(one.unit) * 8, action=v.GRANT,
            threshold=2_500, face=1_000,
        ),
    )  # fmt: skip
