"""Scanning and scraping: requests for what should not be there, queries that break searches, and the catalogue copied.

The naive ask for known weaknesses with a script; later the catalogue is read page by page, at a person's pace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.calendar import SECOND
from demo.simulate.scenarios.attack import AGED, HUMANISED, NAIVE, ROTATED

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

CALLS = 30


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's scans on the pile, in runs of thirty."""
    run, number = one.unit // CALLS, one.unit % CALLS
    ring = run // 4
    kind = one.stream("kind").choose([5, 3, 2], one.unit)
    kind = np.where(one.phase >= HUMANISED, one.stream("late").choose([2, 4, 94], one.unit), kind)
    scanned = v.FIRST_SCANNED + one.stream("path").below(len(v.PAGES) - v.FIRST_SCANNED, one.unit)
    copied = np.where(one.stream("item").chance(one.pick(0.3, 0.6, 0.97), one.unit), v.ITEM, v.CATALOGUE)
    begin = one.when(ring)[np.searchsorted(run, run)]
    pace = one.pick(0.2, 0.6, 9.0, 14.0) * (0.7 + 0.6 * one.stream("pace").uniform(one.unit))
    missing = one.stream("missing").chance(np.where(kind == 0, 0.8, one.pick(0.3, 0.2, 0.03)), one.unit)
    member, country = run % 100_000, one.stream("country").below(8, run)
    turned = one.some_address(number // 10, run, country)
    seen_before = one.stream("referrer").choose(v.REFERRER_WEIGHTS, run)
    referrer = np.where(one.phase <= ROTATED, 0, np.where(number == 0, seen_before, 1))
    pile.add(
        "requests",
        one.sheet(
            "requests", 0, begin + (number * pace * SECOND).astype(np.int64), ring,
            ip=np.where(one.phase == NAIVE, one.address(ring, member, country), turned), agent=one.agent(ring),
            page=np.choose(kind, [scanned, v.SEARCH, copied]), status=np.where(missing, 404, 200),
            item=np.where(kind == 2, one.stream("which").below(one.world.scale.products, one.unit), -1),  # noqa: PLR2004
            query=np.where(
                kind == 1, v.FIRST_ATTACK_QUERY + one.stream("query").below(4, one.unit), -1
            ),
            account=np.where(one.phase == AGED, one.entity(run), -1),
            size=one.stream("size").lognormal(one.pick(8.4, 8.9, 9.6), 0.5, one.unit).astype(np.int64),
            referrer=referrer,
        ),
    )  # fmt: skip
