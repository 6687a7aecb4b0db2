"""Logs: the hourly files of all sources."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.calendar import HOUR
from demo.simulate.raw import accounts, back_office, service, shop, web
from demo.simulate.raw.page import page
from demo.simulate.raw.times import stamps
from demo.simulate.sheets import size, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.simulate.raw.layout import Fields, Layout
    from demo.simulate.raw.page import Damaged
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

LAYOUTS: dict[str, Layout] = {
    layout.source: layout
    for layout in (
        web.REQUESTS,
        web.CLICKS,
        accounts.LOGINS,
        accounts.ACCOUNTS,
        shop.ORDERS,
        shop.PAYMENTS,
        shop.COUPONS,
        service.REFUNDS,
        service.REVIEWS,
        service.MESSAGES,
        back_office.SHIPMENTS,
        back_office.SELLERS,
        back_office.STAFF,
    )
}
# Events that are written out at once: whole hours, until there are so many.
BLOCK = 100_000


@dataclass(frozen=True)
class Hour:
    """One file, and what the truth says of it.

    Attributes:
        file: Its path below ``raw``.
        content: Its bytes.
        damaged: What is wrong with it.
        events: Its events, their times as the log has them.
        fields: What the events say, by column.
        happened: When they really happened.
        lines: Where they stand.
    """

    file: str
    content: bytes
    damaged: list[Damaged]
    events: Sheet
    fields: Fields
    happened: Ints
    lines: Ints


def hours(world: World, source: str, one: Sheet) -> Iterator[Hour]:
    """Write the events of a source, an hour a file.

    Args:
        world: Their world.
        source: Name of the source.
        one: Its events, in the order in which they arrive.

    Yields:
        The hours that have any.
    """
    starts = np.flatnonzero(np.diff(one["arrival"] // HOUR, prepend=-1))
    edges = [*starts.tolist(), size(one)]
    begin = 0
    while begin < len(edges) - 1:
        end = begin + 1
        while end < len(edges) - 1 and edges[end + 1] - edges[begin] <= BLOCK:
            end += 1
        yield from _block(world, LAYOUTS[source], take(one, slice(edges[begin], edges[end])), edges[begin : end + 1])
        begin = end


def _block(world: World, layout: Layout, one: Sheet, edges: list[int]) -> Iterator[Hour]:
    happened = one["ts"]
    skewed = web.skew(world, one) if layout.source == "clicks" else None
    logged = happened if skewed is None else happened + skewed
    one = one | {"ts": logged // layout.step * layout.step}
    fields = layout.fields(world, one)
    lines = layout.lines(world, one, fields)
    for first, last in pairwise(edges):
        part = slice(first - edges[0], last - edges[0])
        made = page(layout, lines[part], one["fate"][part], None if skewed is None else skewed[part])
        (hour,) = stamps(one["arrival"][part][:1], "plain")
        yield Hour(
            file=f"{layout.source}/{hour[:10]}/{hour[11:13]}{layout.suffix}",
            content=made.written(),
            damaged=made.damaged,
            events=take(one, part),
            fields={name: column[part] for name, column in fields.items()},
            happened=happened[part],
            lines=made.numbers,
        )
