"""Sessions: who comes by on a day, when, from where and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import addresses
from demo.simulate.calendar import DAY
from demo.simulate.risks import BY_NAME
from demo.simulate.streams import ragged
from demo.simulate.vocabulary import BROWSER_WEIGHTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from demo.simulate.streams import Floats, Ints
    from demo.simulate.world import World

# Events per session of a platform with all its scenarios, measured; it turns a scale's events into sessions.
EVENTS_PER_SESSION = 11.9
PAGES = 5.0
LOGS_IN, KNOWN = 0.35, 0.4
WATCHERS, WATCHED_PAGES = 0.013, 32.0
TRAVEL = 0.005
DWELL_MEAN, DWELL_SIGMA = 2.2, 1.1
_HOME, _CARRIER, _OFFICE, _VPN, _AWAY = range(5)
_WORK = range(8, 17)


@dataclass(frozen=True)
class Sessions:
    """The sessions of a day, an array's place each.

    Attributes:
        key: Number of the session.
        account: Who it is.
        start: When it begins.
        device: With which device.
        agent: Its browser.
        ip: From which address.
        pages: How many pages are seen.
        known: Who is logged in, in logs; -1 for a stranger.
        away: Who is travelling or behind a VPN: odd, and honest.
        watching: Who reloads a page at even intervals to catch a price: odd, and honest.
    """

    day: int
    key: Ints
    account: Ints
    start: Ints
    device: Ints
    agent: Ints
    ip: Ints
    pages: Ints
    known: Ints
    away: Ints
    watching: Ints


def rate(world: World) -> float:
    """Give the sessions per day of an account of average activity, on an ordinary day."""
    return float(world.scale.events / EVENTS_PER_SESSION / world.expected_sessions.sum())


def of_day(world: World, day: int) -> Sessions:
    """Draw the sessions of a day: a Poisson number for each account that there is."""
    here = world.accounts[world.created < world.calendar.begins(day) + DAY]
    mean = rate(world) * world.activity[here] * world.calendar.factor(day)
    owner, number = ragged(np.minimum(world.stream("session.count").poisson(mean, here, day), 4_000))
    account = here[owner]
    key = (account << 24) | (day << 12) | number
    clock = world.calendar.time_of_day(world.stream("session.clock"), key, world.offset(account))
    start = world.calendar.begins(day) + clock
    # Nobody is here before having signed up.
    present = start > world.created[account]
    account, key, start = account[present], key[present], start[present]
    place = _place(world, account, key, start, day)
    device = device_of(world, account, key)
    watching = world.stream("session.watching").chance(WATCHERS, key)
    pages = world.stream("session.pages").geometric(PAGES, key)
    long = world.stream("session.watched").geometric(WATCHED_PAGES, key)
    return Sessions(
        day=day,
        key=key,
        account=account,
        start=start,
        device=device,
        agent=agent_of(world, device),
        ip=_address(world, account, place, day),
        pages=np.where(watching, long, pages),
        known=np.where(logs_in(world, key) | world.stream("session.known").chance(KNOWN, key), account, -1),
        away=(place >= _VPN).astype(np.int64),
        watching=watching.astype(np.int64),
    )


def logs_in(world: World, key: Ints) -> NDArray[np.bool_]:
    """Say in which sessions someone logs in; in some others they still are."""
    return world.stream("login.asked").chance(LOGS_IN, key)


def device_of(world: World, account: Ints, key: Ints) -> Ints:
    """Choose one of an account's devices, mostly its first."""
    other = world.stream("session.device").chance(0.3, key)
    which = world.stream("session.which").below(world.device_count[account], key)
    return account * 4 + np.where(other, which, 0)


def agent_of(world: World, device: Ints) -> Ints:
    """Give the browser of a device."""
    return world.stream("device.agent").choose(BROWSER_WEIGHTS, device)


def travels(world: World, account: Ints, day: int) -> Ints:
    """Say where an account is this week: -1 at home, else in this country."""
    week = account * 64 + day // 7
    gone = world.stream("travel.gone").chance(TRAVEL, week)
    return np.where(gone, world.stream("travel.where").below(len(addresses.COUNTRIES), week), -1)


def _place(world: World, account: Ints, key: Ints, start: Ints, day: int) -> Ints:
    place = world.stream("session.place").choose([0.68, 0.32], key)
    hour = (start // (DAY // 24) + world.offset(account)) % 24
    at_work = world.works_in_office[account] & (hour >= _WORK.start) & (hour < _WORK.stop)
    place = np.where(at_work & world.stream("session.office").chance(0.6, key), _OFFICE, place)
    place = np.where(world.vpn[account] & world.stream("session.vpn").chance(0.7, key), _VPN, place)
    return np.where(travels(world, account, day) >= 0, _AWAY, place)


def _address(world: World, account: Ints, place: Ints, day: int) -> Ints:
    away = addresses.address(addresses.HOTEL, np.maximum(travels(world, account, day), 0), account % 5)
    return np.choose(
        place,
        [
            world.home_address(account, day),
            world.carrier_address(account, day),
            world.office_address(account),
            world.vpn_address(account, day),
            away,
        ],
    )


def gaps(world: World, name: str, keys: Ints, ordinal: Ints, even: Ints) -> Floats:
    """Draw the seconds between pages: lognormal for people, even for those who reload at intervals."""
    human = world.stream(f"{name}.dwell").lognormal(DWELL_MEAN, DWELL_SIGMA, keys, ordinal)
    steady = 4.0 + 6.0 * world.stream(f"{name}.pace").uniform(keys)
    jitter = 0.25 * world.stream(f"{name}.jitter").normal(keys, ordinal)
    return np.where(even > 0, np.maximum(steady + jitter, 0.5), np.clip(human, 0.4, 1_500))


ODD_TAKEOVER = BY_NAME["account_takeover"].code
ODD_FARM = BY_NAME["click_farm"].code
