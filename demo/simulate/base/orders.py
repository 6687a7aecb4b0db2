"""Orders of honest people, with their coupons and payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base import fulfilment
from demo.simulate.base.sessions import PAGES
from demo.simulate.calendar import CAMPAIGNS, DAY, MINUTE, SECOND
from demo.simulate.risks import BY_NAME
from demo.simulate.sheets import sheet, take

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from demo.simulate.base.browsing import Carts
    from demo.simulate.base.sessions import Sessions
    from demo.simulate.sheets import Pile, Sheet
    from demo.simulate.streams import Floats, Ints
    from demo.simulate.world import World

FROM_CART, REORDERED = 0.35, 0.004
PAYMENT_FAILS, RETRY_WORKS = 0.04, 0.8
WITH_COUPON, ON_CAMPAIGN, BARGAIN = 0.15, 0.40, 0.75
MICRO, MICRO_FAILS = 0.005, 0.2
GIFTS, TO_FAMILY = 0.06, 0.25
# A session with a cart: pages are geometric, and each of them may add to it.
_STAYS_OUT = 0.92
WITH_CART = 1 - (_STAYS_OUT / PAGES) / (1 - (1 - 1 / PAGES) * _STAYS_OUT)
PER_SESSION = WITH_CART * FROM_CART + REORDERED
_COLLUSION, _BRUSHING, _COUPONS = (BY_NAME[name].code for name in ("collusion", "brushing", "coupon_ring"))
_BARGAINS, _CARDS = BY_NAME["deal_hunter"].code, BY_NAME["card_testing"].code
HALF_OFF = 0.5


@dataclass(frozen=True)
class Buying:
    """The orders of a day before they are paid: places of sessions, what is in them, and when."""

    place: Ints
    item: Ints
    lines: Ints
    gross: Ints
    ts: Ints
    again: NDArray[np.bool_]


def buy(world: World, visits: Sessions, carts: Carts, pile: Pile) -> None:
    """Put the day's orders, coupons and payments on the pile, and all that follows from them."""
    buying = _bought(world, visits, carts)
    made = _orders(world, visits, buying)
    pile.add("coupons", *coupons_of(world, made))
    paid = pay(world, made, pile)
    fulfilment.follow(world, made, paid, pile)
    _micro_payments(world, visits, pile)


def _bought(world: World, visits: Sessions, carts: Carts) -> Buying:
    place, first, lines = np.unique(carts.session, return_index=True, return_counts=True)
    total = np.bincount(carts.session, weights=world.price[carts.item], minlength=len(visits.key))[place]
    ended = np.zeros(len(visits.key), dtype=np.int64)
    np.maximum.at(ended, carts.session, carts.ts)
    bought = world.stream("order.bought").chance(FROM_CART, visits.key[place])
    again = np.flatnonzero(world.stream("order.again").chance(REORDERED, visits.key))
    again = np.setdiff1d(again, place)
    item = world.wanted(world.stream("order.same"), visits.account[again])
    return Buying(
        place=np.concatenate([place[bought], again]),
        item=np.concatenate([carts.item[first[bought]], item]),
        lines=np.concatenate([lines[bought], np.ones_like(again)]),
        gross=np.concatenate([total[bought].astype(np.int64), world.price[item]]),
        ts=np.concatenate([ended[place[bought]], visits.start[again]]) + 70 * SECOND,
        again=np.concatenate([np.zeros(int(bought.sum()), dtype=bool), np.ones(len(again), dtype=bool)]),
    )


def _orders(world: World, visits: Sessions, buying: Buying) -> Sheet:
    place, key = buying.place, visits.key[buying.place]
    account = visits.account[place]
    more = 1 + world.stream("order.more").choose([0.85, 0.12, 0.03], key)
    gross = np.where(buying.lines == 1, buying.gross * more, buying.gross)
    off, bargain = _discount(world, account, key, visits.day)
    gift = world.stream("order.gift").chance(GIFTS, key)
    to = world.stream("order.gift_to").below(len(world.accounts), key)
    family = gift & world.stream("order.family").chance(TO_FAMILY, key)
    odd = np.select([buying.again, bargain, family], [_BRUSHING, _BARGAINS, _COLLUSION], 0)
    return sheet(
        world, "orders", key, 0, buying.ts,
        order=key, account=account, session=key, device=visits.device[place], ip=visits.ip[place],
        seller=world.seller_of[buying.item], item=buying.item, quantity=np.where(buying.lines == 1, more, 1),
        lines=buying.lines, gross=gross, discount=(gross * off).astype(np.int64), currency=world.country[account],
        address=8 * np.where(gift, world.dwelling(to), world.dwelling(account)), odd=odd,
    )  # fmt: skip


def _discount(world: World, account: Ints, key: Ints, day: int) -> tuple[Floats, NDArray[np.bool_]]:
    share = ON_CAMPAIGN if world.calendar.date(day) in CAMPAIGNS else WITH_COUPON
    some = world.stream("order.coupon").chance(share, key)
    usual = np.array([0.05, 0.10, 0.15, 0.20, 0.30])[world.stream("order.off").choose([20, 40, 20, 15, 5], key)]
    bargain = world.bargainer[account] & world.stream("order.bargain").chance(BARGAIN, key)
    deep = HALF_OFF + 0.2 * world.stream("order.deep").uniform(key)
    return np.where(bargain, deep, np.where(some, usual, 0.0)), bargain


def coupons_of(world: World, orders: Sheet, **columns: ArrayLike) -> list[Sheet]:
    """Give the validations and redemptions of the coupons that orders were made with."""
    used = take(orders, (orders["discount"] > 0) & (orders["state"] == v.CREATED))
    key = used["order"]
    threshold = (used["gross"] * (0.5 + 0.49 * world.stream("coupon.threshold").uniform(key)) / 500).astype(np.int64)
    shared = {
        "coupon": key, "account": used["account"], "device": used["device"], "ip": used["ip"], "order": key,
        "address": used["address"],
        "campaign": world.stream("coupon.campaign").choose([3, 3, 2, 2], key), "threshold": threshold * 500,
        "face": used["discount"], **columns,
    }  # fmt: skip
    if "odd" not in columns and "truth" not in columns:
        students = np.zeros(len(key), dtype=bool)
        known = key < 1 << 48
        students[known] = world.student[used["account"][known]]
        shared["odd"] = np.where(students, _COUPONS, 0)
    return [
        sheet(world, "coupons", key, 2, used["ts"] - 20 * SECOND, **{**shared, "action": v.VALIDATE, "unit": 0}),
        sheet(world, "coupons", key, 3, used["ts"], **{**shared, "action": v.REDEEM}),
    ]


def pay(world: World, orders: Sheet, pile: Pile, **columns: ArrayLike) -> NDArray[np.bool_]:
    """Put payments of orders on the pile, and say which orders are paid."""
    key = orders["order"]
    first = world.stream("payment.fails").chance(PAYMENT_FAILS, key)
    second = first & ~world.stream("payment.again").chance(RETRY_WORKS, key)
    decline = 1 + world.stream("payment.decline").choose([50, 25, 2, 13, 10], key)
    shared = {
        "order": key, "account": orders["account"], "device": orders["device"], "ip": orders["ip"],
        "amount": orders["gross"] - orders["discount"], "currency": orders["currency"],
        **card_of(world, orders["account"], orders["currency"]), **columns,
    }  # fmt: skip
    for attempt, fails in ((1, first), (2, second)):
        checks = world.stream("payment.checks").choose([88, 4, 8], key, attempt)
        made = sheet(
            world, "payments", key, attempt, orders["ts"] + attempt * 40 * SECOND,
            **{
                "payment": key * 4 + attempt, "attempt": attempt, "result": fails.astype(np.int64),
                "decline": np.where(fails, decline, 0), "avs": checks, "cvv": np.where(fails & (decline == 4), 1, 0),  # noqa: PLR2004
                **shared,
            },
        )  # fmt: skip
        pile.add("payments", made if attempt == 1 else take(made, first))
    return ~second


def card_of(world: World, account: Ints, country: Ints) -> dict[str, Ints]:
    """Give the card that an account pays with, and its bank's number."""
    card = account * 4 + world.stream("card.which").choose([0.9, 0.1], account)
    method = world.stream("card.method").choose([70, 22, 8], account)
    bank = 400_000 + country * 1_000 + world.stream("card.bank").choose([20, 15, 12, 10, 8, 6, 5, 4, 3, 2], card) * 37
    return {"card": card, "method": method, "bin": bank}


def _micro_payments(world: World, visits: Sessions, pile: Pile) -> None:
    """Donations and top-ups of a euro or two: they look like cards being tried out."""
    some = np.flatnonzero(world.stream("micro.made").chance(MICRO, visits.key))
    key, account = visits.key[some], visits.account[some]
    fails = world.stream("micro.fails").chance(MICRO_FAILS, key)
    pile.add(
        "payments",
        sheet(
            world, "payments", key, 9, visits.start[some] + 5 * MINUTE,
            payment=key * 4, account=account, device=visits.device[some], ip=visits.ip[some],
            amount=30 + world.stream("micro.amount").below(170, key), currency=world.country[account],
            result=fails.astype(np.int64), decline=np.where(fails, 1, 0), avs=2, odd=_CARDS,
            **card_of(world, account, world.country[account]),
        ),
    )  # fmt: skip


def lifetime(delay_days: Floats) -> Ints:
    """Give days as microseconds."""
    return (delay_days * DAY).astype(np.int64)
