"""What follows from an order: its states, its parcel, perhaps a refund and a review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.calendar import DAY, HOUR, MINUTE, SECOND
from demo.simulate.risks import BY_NAME
from demo.simulate.sheets import sheet, take

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from demo.simulate.sheets import Pile, Sheet
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

REFUNDED, REVIEWED = 0.06, 0.20
INVITED = 0.07
_RETURNERS, _RETURN_MORE = 0.04, 5.0
_PACKAGING = 12
_REFUNDS, _REVIEWS = BY_NAME["refund_abuse"].code, BY_NAME["review_burst"].code
# Fashion and shoes: ordered in two sizes, and one goes back.
_TRY_ON = (2, 7)


def follow(world: World, orders: Sheet, paid: NDArray[np.bool_], pile: Pile) -> None:
    """Put on the pile what follows from honest orders."""
    arrived = arrival(world, orders)
    pile.add("orders", *states(world, orders, paid, arrived))
    done, arrived = take(orders, paid), arrived[paid]
    pile.add("shipments", *parcels(world, done, arrived))
    _refunds(world, done, pile)
    _reviews(world, done, arrived, pile)


def arrival(world: World, orders: Sheet) -> Ints:
    """Draw when parcels arrive: two to seven days after the order, by day."""
    days = 2 + world.stream("parcel.days").below(6, orders["order"])
    clock = 8 * HOUR + (world.stream("parcel.clock").uniform(orders["order"]) * 11 * HOUR).astype(np.int64)
    return orders["ts"] // DAY * DAY + days * DAY + clock


def states(world: World, orders: Sheet, paid: NDArray[np.bool_], arrived: Ints) -> list[Sheet]:
    """Give an order's events: created, then paid and completed, or cancelled."""
    after = orders["ts"] + 90 * SECOND
    return [
        orders,
        _state(world, orders, paid, v.PAID, after),
        _state(world, orders, ~paid, v.CANCELLED, after + 30 * MINUTE),
        _state(world, orders, paid, v.COMPLETED, arrived + HOUR),
    ]


def _state(world: World, orders: Sheet, where: NDArray[np.bool_], state: int, ts: Ints) -> Sheet:
    found = take(orders, where)
    return found | {
        "ts": ts[where],
        "state": np.full_like(found["ts"], state),
        "unit": np.zeros_like(found["ts"]),
        "odd": np.zeros_like(found["ts"]),
        "id": world.stream("id.orders").bits(found["order"], state).view(np.int64),
    }


def parcels(world: World, orders: Sheet, arrived: Ints, weight: Ints | None = None, scans: int = 4) -> list[Sheet]:
    """Give the scans of orders' parcels: label, pick-up, transit, delivery."""
    key = orders["order"]
    if weight is None:
        weight = world.weight[orders["item"]] * orders["quantity"] * orders["lines"] + _PACKAGING
    shared = {
        "parcel": key, "order": key, "carrier": world.stream("parcel.carrier").choose([4, 3, 2, 1], key),
        "weight": weight, "truth": orders["truth"], "phase": orders["phase"], "ring": orders["ring"],
    }  # fmt: skip
    span = arrived - orders["ts"]
    depot = 1_000 + world.stream("parcel.depot").below(40, orders["seller"])
    cell = 2_000 + orders["address"] % 5_000
    times = (
        (v.LABEL, orders["ts"] + 2 * HOUR, depot),
        (v.PICKUP, orders["ts"] + span // 4, depot),
        (v.TRANSIT, orders["ts"] + span * 2 // 3, 1_000 + cell % 40),
        (v.DELIVERED, arrived, cell),
    )
    return [
        sheet(world, "shipments", key, scan, ts, scan=scan, cell=where, **shared) for scan, ts, where in times[-scans:]
    ]


def refund(world: World, orders: Sheet, ts: Ints, **columns: ArrayLike) -> Sheet:
    """Make refunds of orders."""
    key = orders["order"]
    usual = {
        "refund": key, "order": key, "account": orders["account"], "address": orders["address"],
        "amount": orders["gross"] - orders["discount"], "currency": orders["currency"],
        "reason": world.stream("refund.reason").choose([12, 14, 34, 34, 6], key),
        "channel": world.stream("refund.channel").choose([50, 40, 10], key),
        "decision": world.stream("refund.decision").choose([82, 6, 12], key),
    }  # fmt: skip
    return sheet(world, "refunds", key, 0, ts, **{**usual, **columns})


def _refunds(world: World, orders: Sheet, pile: Pile) -> None:
    key = orders["order"]
    returner = world.stream("refund.returner").chance(_RETURNERS, orders["account"])
    fitted = np.isin(world.category[orders["item"]], _TRY_ON)
    keen = returner & fitted
    usual = REFUNDED / (1 + _RETURNERS * (_RETURN_MORE - 1) * len(_TRY_ON) / 8)
    some = world.stream("refund.made").chance(np.where(keen, usual * _RETURN_MORE, usual), key)
    strange = keen | world.stream("refund.strange").chance(0.06, key)
    found, chosen = take(orders, some), key[some]
    delay = 1.5 + world.stream("refund.delay").gamma(2.0, chosen) * 1.75
    ts = found["ts"] + (delay * DAY).astype(np.int64)
    pile.add("refunds", refund(world, found, ts, odd=np.where(strange[some], _REFUNDS, 0)))


def review(world: World, orders: Sheet, ts: Ints, **columns: ArrayLike) -> Sheet:
    """Make reviews of what was ordered."""
    key = orders["order"]
    usual = {
        "review": key, "order": key, "account": orders["account"], "item": orders["item"],
        "seller": orders["seller"], "stars": 1 + world.stream("review.stars").choose([5, 5, 10, 25, 55], key),
        "text": world.stream("review.text").below(1 << 20, key), "device": orders["device"], "ip": orders["ip"],
    }  # fmt: skip
    return sheet(world, "reviews", key, 0, ts, **{**usual, **columns})


def _reviews(world: World, orders: Sheet, arrived: Ints, pile: Pile) -> None:
    some = world.stream("review.made").chance(REVIEWED, orders["order"])
    found, key = take(orders, some), orders["order"][some]
    # Some answer the shop's invitation, all in one evening and mostly kindly.
    invited = world.stream("review.invited").chance(INVITED, key)
    evening = arrived[some] // DAY * DAY + 19 * HOUR
    soon = evening + (world.stream("review.soon").exponential(40.0, key) * MINUTE).astype(np.int64)
    later = arrived[some] + (world.stream("review.delay").gamma(2.0, key) * 3 * DAY).astype(np.int64)
    kind = np.where(invited, 5, 1 + world.stream("review.stars").choose([5, 5, 10, 25, 55], key))
    pile.add(
        "reviews",
        review(world, found, np.where(invited, soon, later), stars=kind, odd=np.where(invited, _REVIEWS, 0)),
    )
