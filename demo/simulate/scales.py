"""How large a simulated platform is."""

from __future__ import annotations

from dataclasses import dataclass

from demo.simulate.errors import SimulationError


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The size of a platform.

    Attributes:
        name: Its name.
        accounts: Honest accounts at the end of the period.
        sellers: Sellers.
        products: Products.
        days: Length of the period.
        events: About how many events there are, honest and not.
    """

    name: str
    accounts: int
    sellers: int
    products: int
    days: int
    events: int


SCALES = {
    scale.name: scale
    for scale in (
        Scale(name="XS", accounts=120, sellers=20, products=80, days=14, events=12_000),
        Scale(name="S", accounts=2_000, sellers=60, products=1_000, days=14, events=300_000),
        Scale(name="M", accounts=50_000, sellers=1_000, products=30_000, days=60, events=20_000_000),
        Scale(name="L", accounts=2_000_000, sellers=30_000, products=1_000_000, days=90, events=1_500_000_000),
    )
}


def scale_of(name: str) -> Scale:
    """Give the scale of a name; ``M/10`` is a tenth of M: a tenth of its people and its events, and all its days.

    Example:
        >>> scale_of("M/10").accounts
        5000
    """
    base, slash, part = name.partition("/")
    if base not in SCALES or (slash and not (part.isdigit() and int(part) > 0)):
        raise SimulationError.unknown_scale(name, list(SCALES))
    whole, parts = SCALES[base], int(part or 1)
    return Scale(
        name=name,
        accounts=max(whole.accounts // parts, 50),
        sellers=max(whole.sellers // parts, 10),
        products=max(whole.products // parts, 50),
        days=whole.days,
        events=whole.events // parts,
    )
