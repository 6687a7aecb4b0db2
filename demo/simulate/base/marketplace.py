"""Sellers: what they list, and how they change prices and where they are paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.calendar import DAY, HOUR
from demo.simulate.sheets import sheet
from demo.simulate.streams import ragged

if TYPE_CHECKING:
    from demo.simulate.sheets import Pile
    from demo.simulate.world import World

PER_DAY = 2.5
_ACTIONS = [1, 24, 72, 3]


def trade(world: World, day: int, pile: Pile) -> None:
    """Put the day's doings of sellers on the pile."""
    owner, number = ragged(world.stream("seller.count").poisson(PER_DAY, world.sellers, day))
    seller = world.sellers[owner]
    key = (seller << 24) | (day << 12) | number
    clock = 7 * HOUR + (world.stream("seller.clock").uniform(key) * 13 * HOUR).astype(np.int64)
    action = world.stream("seller.action").choose(_ACTIONS, key)
    item = world.product_of_seller(seller, key)
    listed = (action == v.LISTING_ADD) | (action == v.PRICE_CHANGE)
    change = 0.8 + 0.4 * world.stream("seller.price").uniform(key)
    pile.add(
        "sellers",
        sheet(
            world, "sellers", key, 0, world.calendar.start + day * DAY + clock,
            seller=seller, action=action, item=np.where(listed, item, -1),
            price=np.where(listed, (world.price[item] * change).astype(np.int64), 0),
            payout=np.where(listed, -1, seller * 64 + day),
        ),
    )  # fmt: skip
