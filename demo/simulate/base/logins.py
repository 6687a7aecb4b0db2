"""Logins of honest people: some mistype, some forget, some travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base.sessions import ODD_TAKEOVER, logs_in
from demo.simulate.calendar import SECOND
from demo.simulate.sheets import sheet
from demo.simulate.streams import ragged

if TYPE_CHECKING:
    from demo.simulate.base.sessions import Sessions
    from demo.simulate.sheets import Pile
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

# How many attempts fail before the one that does not.
_FAILURES = [0.90, 0.055, 0.025, 0.01, 0.006, 0.004]
MANY = 3
_FORGOTTEN = 0.35


def log_in(world: World, visits: Sessions, pile: Pile) -> None:
    """Put the logins at the begin of sessions on the pile, and the password changes that follow some."""
    asked = np.flatnonzero(logs_in(world, visits.key))
    failures = world.stream("login.failures").choose(_FAILURES, visits.key[asked])
    owner, number = ragged(failures + 1)
    place = asked[owner]
    left = failures[owner] - number
    key, account = visits.key[place], visits.account[place]
    pause = 6 + 12 * world.stream("login.pause").uniform(key, number)
    odd = (visits.away[place] > 0) | (failures[owner] >= MANY)
    pile.add(
        "logins",
        sheet(
            world, "logins", key, number, visits.start[place] - 3 * SECOND - (left * pause * SECOND).astype(np.int64),
            account=account, device=visits.device[place], ip=visits.ip[place], agent=visits.agent[place],
            result=np.where(left > 0, v.FAIL, v.SUCCESS), reason=np.where(left > 0, 1, 0),
            method=world.stream("login.method").choose([0.85, 0.1, 0.05], account),
            mfa=world.stream("login.mfa").chance(0.25, account), rtt=latency(world, key, number),
            odd=np.where(odd, ODD_TAKEOVER, 0),
        ),
    )  # fmt: skip
    _change_password(world, visits, asked[failures >= MANY], pile)


def latency(world: World, key: Ints, ordinal: Ints) -> Ints:
    """Draw round-trip times in milliseconds."""
    return world.stream("login.rtt").lognormal(3.8, 0.6, key, ordinal).astype(np.int64)


def _change_password(world: World, visits: Sessions, some: Ints, pile: Pile) -> None:
    some = some[world.stream("login.forgotten").chance(_FORGOTTEN, visits.key[some])]
    pile.add(
        "accounts",
        sheet(
            world, "accounts", visits.key[some], 9, visits.start[some] + 90 * SECOND,
            account=visits.account[some], device=visits.device[some], ip=visits.ip[some], action=v.CREDENTIAL,
            domain=domain_of(world, visits.account[some]), handle=visits.account[some], completeness=80,
            odd=ODD_TAKEOVER,
        ),
    )  # fmt: skip


def domain_of(world: World, account: Ints) -> Ints:
    """Give the mail domain of an honest account; students have their university's, and a few a disposable one."""
    usual = world.stream("account.domain").choose(v.DOMAIN_WEIGHTS, account)
    return np.where(world.student[account] & (usual < v.DISPOSABLE), 4, usual)
