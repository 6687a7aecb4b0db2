"""Browsing: the pages and clicks of sessions, and what lands in carts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base.sessions import ODD_FARM, gaps
from demo.simulate.calendar import SECOND
from demo.simulate.sheets import sheet, take
from demo.simulate.streams import ragged

if TYPE_CHECKING:
    from demo.simulate.base.sessions import Sessions
    from demo.simulate.sheets import Pile, Sheet
    from demo.simulate.streams import Floats, Ints
    from demo.simulate.world import World

TO_CART = 0.08
CLICKED, SEARCHED, DROPPED = 0.40, 0.30, 0.3
# Requests that go wrong: a page that is gone, a server that is not well.
_STATUS, _STATUS_WEIGHTS = np.array([200, 304, 302, 404, 500]), [90, 5, 2.4, 2.1, 0.5]


@dataclass(frozen=True)
class Carts:
    """What was put into carts.

    Attributes:
        session: Place of the session among the day's.
        item: The product.
        ts: When.
    """

    session: Ints
    item: Ints
    ts: Ints


def browse(world: World, visits: Sessions, pile: Pile) -> Carts:
    """Put the requests and clicks of sessions on the pile, and give what is in carts."""
    owner, page = ragged(visits.pages)
    key = visits.key[owner]
    dwell = gaps(world, "page", key, page, visits.watching[owner])
    ts = visits.start[owner] + since_start(dwell, owner, visits.pages)
    watched = visits.watching[owner] > 0
    # Whoever watches a price watches one.
    item = world.wanted(world.stream("page.item"), key, np.where(watched, 0, page))
    pile.add("requests", _requests(world, visits, owner, page, ts, item), _searches(world, visits))
    inside = world.stream("page.cart").chance(TO_CART, key, page) & ~watched
    pile.add("clicks", *_clicks(world, visits, owner, page, ts, item, dwell, inside))
    return Carts(session=owner[inside], item=item[inside], ts=ts[inside])


def since_start(dwell: Floats, owner: Ints, counts: Ints) -> Ints:
    """Give the microseconds from a list's begin to each of its elements, from the seconds between them."""
    ends = np.cumsum(dwell)
    first = np.cumsum(counts) - counts
    before = np.concatenate([[0.0], ends])[first]
    return ((ends - dwell - before[owner]) * SECOND).astype(np.int64)


def _requests(world: World, visits: Sessions, owner: Ints, page: Ints, ts: Ints, item: Ints) -> Sheet:
    key = visits.key[owner]
    status = _STATUS[world.stream("page.status").choose(_STATUS_WEIGHTS, key, page)]
    body = world.stream("page.size").lognormal(9.6, 0.5, key, page).astype(np.int64)
    return sheet(
        world, "requests", key, page, ts,
        account=visits.known[owner], ip=visits.ip[owner], agent=visits.agent[owner], page=v.ITEM, item=item,
        status=status, size=np.where(status == 304, -1, body),  # noqa: PLR2004 - not modified: no body
        referrer=np.where(page == 0, world.stream("page.referrer").choose(v.REFERRER_WEIGHTS, key), 1),
        odd=np.where(visits.watching[owner] > 0, ODD_FARM, 0),
    )  # fmt: skip


def _searches(world: World, visits: Sessions) -> Sheet:
    some = np.flatnonzero(world.stream("search.made").chance(SEARCHED, visits.key))
    key = visits.key[some]
    words = world.stream("search.words").below(v.ODD_QUERY, key)
    strange = world.stream("search.strange").chance(0.02, key)
    odd = v.ODD_QUERY + world.stream("search.which").below(v.FIRST_ATTACK_QUERY - v.ODD_QUERY, key)
    return sheet(
        world, "requests", key, 1 << 20, visits.start[some] - SECOND,
        account=visits.known[some], ip=visits.ip[some], agent=visits.agent[some], page=v.SEARCH,
        query=np.where(strange, odd, words), size=world.stream("search.size").lognormal(9, 0.4, key).astype(np.int64),
        referrer=world.stream("search.referrer").choose(v.REFERRER_WEIGHTS, key),
        odd=np.where(strange, 12, 0),
    )  # fmt: skip


def _clicks(
    world: World, visits: Sessions, owner: Ints, page: Ints, ts: Ints, item: Ints, dwell: Floats, inside: Ints
) -> list[Sheet]:
    key = visits.key[owner]
    named = world.stream("click.campaign").chance(0.2, key)
    common = clicked(
        world, key, page, ts,
        account=visits.known[owner], session=key, device=visits.device[owner], ip=visits.ip[owner],
        agent=visits.agent[owner], item=item,
        event=np.where(world.stream("click.kind").chance(0.6, key, page), v.VIEW, v.DWELL),
        campaign=np.where(named, world.stream("click.which").below(4, key), -1),
        dwell=(dwell * 1_000).astype(np.int64),
        odd=np.where(visits.watching[owner] > 0, ODD_FARM, 0),
    )  # fmt: skip
    seen = world.stream("click.seen").chance(np.where(visits.watching[owner] > 0, 0.8, CLICKED), key, page)
    put = take(common, inside)
    put |= {
        "event": np.full_like(put["ts"], v.CART_ADD),
        "ts": put["ts"] + 2 * SECOND,
        "id": world.stream("id.carts").bits(key[inside], page[inside]).view(np.int64),
    }
    gone = take(put, world.stream("click.dropped").chance(DROPPED, key[inside], page[inside]))
    gone |= {
        "event": np.full_like(gone["ts"], v.CART_DROP),
        "ts": gone["ts"] + 40 * SECOND,
        "id": world.stream("id.dropped").bits(gone["id"]).view(np.int64),
    }
    return [take(common, seen), put, gone]


def clicked(world: World, key: Ints, ordinal: Ints, ts: Ints, **columns: Ints) -> Sheet:
    """Make clicks, with what a sensor and a page say of whoever is honest."""
    scroll = np.minimum(world.stream("click.scroll").exponential(45.0, key, ordinal), 100).astype(np.int64)
    still = world.stream("click.still").chance(0.18, key, ordinal)
    attested = world.stream("click.attested").chance(0.93, key)
    usual = {
        "position": world.stream("click.position").geometric(6.0, key, ordinal),
        "scroll": np.where(still, 0, scroll),
        "attested": attested.astype(np.int64),
        "app": world.stream("click.app").choose([15, 25, 25, 35], key),
    }
    return sheet(world, "clicks", key, ordinal, ts, **{**usual, **columns})
