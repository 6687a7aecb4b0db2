"""People: who signs up and changes what is known of them, and what buyers and sellers write to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import addresses
from demo.simulate import vocabulary as v
from demo.simulate.base.logins import domain_of
from demo.simulate.calendar import DAY, HOUR, MINUTE
from demo.simulate.risks import BY_NAME
from demo.simulate.sheets import sheet

if TYPE_CHECKING:
    from demo.simulate.base.sessions import Sessions
    from demo.simulate.sheets import Pile
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

WRITES, ANSWERED = 0.03, 0.75
INVITED, CHANGES = 0.2, 0.01
TEMPLATES = 0.10
CHECKS_CARD, CARD_UNKNOWN = 0.003, 0.25
_FAKES, _PHISHING, _GIFTS = (BY_NAME[name].code for name in ("fake_accounts", "phishing", "gift_card_drain"))
# Texts below this number are people's; the next are sellers' templates; then come those of phishing.
PEOPLES_TEXTS, TEMPLATE_TEXTS = 1 << 20, 1 << 21


def sign_up(world: World, day: int, pile: Pile) -> None:
    """Put the day's sign-ups on the pile: from homes, and in numbers from dormitories and offices."""
    begin = world.calendar.begins(day)
    new = np.flatnonzero((world.created >= begin) & (world.created < begin + DAY)).astype(np.int64)
    at_work = world.works_in_office[new] & world.stream("signup.office").chance(0.35, new)
    ip = np.where(at_work, world.office_address(new), world.home_address(new, day))
    crowd = at_work | world.student[new]
    # A device that is handed on, in a family or a shop, has had an account before.
    handed_on = world.stream("signup.handed_on").chance(0.12, new)
    device = np.where(handed_on, np.maximum(new - 1, 0), new) * 4
    inviter = np.where(
        world.stream("signup.invited").chance(INVITED, new),
        world.stream("signup.inviter").below(len(world.accounts), new),
        -1,
    )
    shared = {"account": new, "device": device, "ip": ip, "domain": domain_of(world, new), "handle": new}
    odd = np.where(crowd | handed_on, _FAKES, 0)
    completeness = 40 + world.stream("signup.complete").below(60, new)
    verified = world.stream("signup.verified").chance(0.85, new)
    delay = (world.stream("signup.delay").exponential(0.5, new) * HOUR).astype(np.int64) + MINUTE
    verify = sheet(
        world, "accounts", new, 1, world.created[new] + delay, action=v.VERIFY, completeness=completeness, **shared
    )
    pile.add(
        "accounts",
        sheet(
            world, "accounts", new, 0, world.created[new],
            action=v.REGISTER, inviter=inviter, odd=odd, completeness=completeness, **shared,
        ),
        {name: column[verified] for name, column in verify.items()},
    )  # fmt: skip
    pile.add(
        "coupons",
        sheet(
            world, "coupons", new, 0, world.created[new] + delay,
            coupon=(new << 4) + 1, campaign=v.WELCOME, account=new, device=device, ip=ip, action=v.GRANT,
            address=8 * world.dwelling(new), threshold=2_500, face=1_000,
        ),
    )  # fmt: skip


def write(world: World, visits: Sessions, pile: Pile) -> None:
    """Put on the pile what sessions leave in writing: messages, gift cards looked at, changes to accounts."""
    _messages(world, visits, pile)
    _gift_cards(world, visits, pile)
    some = np.flatnonzero(world.stream("account.changes").chance(CHANGES, visits.key))
    key, account = visits.key[some], visits.account[some]
    action = np.array([v.PROFILE, v.ADDRESS_ADD, v.PAYOUT_CHANGE, v.CREDENTIAL])
    pile.add(
        "accounts",
        sheet(
            world, "accounts", key, 5, visits.start[some] + 4 * MINUTE,
            account=account, device=visits.device[some], ip=visits.ip[some], domain=domain_of(world, account),
            action=action[world.stream("account.change").choose([45, 35, 5, 15], key)], handle=account, completeness=85,
        ),
    )  # fmt: skip


def _messages(world: World, visits: Sessions, pile: Pile) -> None:
    some = np.flatnonzero(world.stream("message.sent").chance(WRITES, visits.key))
    key, account = visits.key[some], visits.account[some]
    seller = world.seller_of[world.wanted(world.stream("message.about"), key)]
    ask = visits.start[some] + 3 * MINUTE
    text = world.stream("message.text").below(PEOPLES_TEXTS, key)
    pile.add(
        "messages",
        sheet(
            world, "messages", key, 0, ask, thread=key, side=0, sender=account, recipient=seller, text=text,
            ip=visits.ip[some],
        ),
    )  # fmt: skip
    answered = world.stream("message.answered").chance(ANSWERED, key)
    key, account, seller, ask = key[answered], account[answered], seller[answered], ask[answered]
    template = world.stream("message.template").chance(TEMPLATES, key)
    own_words = world.stream("message.answer").below(PEOPLES_TEXTS, key)
    pile.add(
        "messages",
        sheet(
            world, "messages", key, 1,
            ask + (world.stream("message.wait").exponential(3.0, key) * HOUR).astype(np.int64) + MINUTE,
            thread=key, side=1, sender=seller, recipient=account,
            text=np.where(template, PEOPLES_TEXTS + seller % 7, own_words),
            ip=seller_address(world, seller), odd=np.where(template, _PHISHING, 0),
        ),
    )  # fmt: skip


def seller_address(world: World, seller: Ints) -> Ints:
    """Give the address that a seller works from."""
    return addresses.address(addresses.OFFICE, world.stream("seller.country").below(8, seller), seller + (1 << 35))


def _gift_cards(world: World, visits: Sessions, pile: Pile) -> None:
    """Whoever got a gift card looks what is on it, and mistypes its number now and then."""
    some = np.flatnonzero(world.stream("gift.looked").chance(CHECKS_CARD, visits.key))
    key, account = visits.key[some], visits.account[some]
    unknown = world.stream("gift.unknown").chance(CARD_UNKNOWN, key)
    pile.add(
        "coupons",
        sheet(
            world, "coupons", key, 7, visits.start[some] + 2 * MINUTE,
            coupon=(key << 4) + 7, campaign=v.GIFTCARD, account=account, device=visits.device[some], ip=visits.ip[some],
            action=np.where(unknown, v.INVALID, v.VALIDATE), address=8 * world.dwelling(account),
            face=np.where(unknown, 0, 1_000 * (1 + world.stream("gift.face").below(10, key))), odd=_GIFTS,
        ),
    )  # fmt: skip
