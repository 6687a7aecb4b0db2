"""Honest life: what the platform's people do, day by day, the odd ones among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.simulate.base import browsing, drops, logins, marketplace, orders, people, sessions, staff, strangers

if TYPE_CHECKING:
    from demo.simulate.sheets import Pile
    from demo.simulate.world import World


def live(world: World, day: int, pile: Pile) -> None:
    """Put a day of honest life on the pile; what follows from it later (parcels, refunds, reviews) too."""
    visits = sessions.of_day(world, day)
    carts = browsing.browse(world, visits, pile)
    logins.log_in(world, visits, pile)
    orders.buy(world, visits, carts, pile)
    drops.rush(world, day, pile)
    people.sign_up(world, day, pile)
    people.write(world, visits, pile)
    marketplace.trade(world, day, pile)
    staff.work(world, day, pile)
    strangers.call(world, day, visits, pile)
