"""Layout: what a source's lines say, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

Fields = dict[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a source writes its events.

    Attributes:
        source: Its name.
        suffix: How its files' names end.
        step: The smallest step of its times, in microseconds.
        fields: Gives what lines say: columns by name, in the order of ``columns``.
        lines: Writes lines from them; a line may be of several physical ones.
        whole: Columns of whole numbers; the others are text, but for ``true``.
        true: Columns of truth values.
        header: First line of each file.
    """

    source: str
    suffix: str
    step: int
    fields: Callable[[World, Sheet], Fields]
    lines: Callable[[World, Sheet, Fields], list[str]]
    whole: frozenset[str] = frozenset()
    true: frozenset[str] = frozenset()
    header: str = ""

    def dtype(self, column: str) -> str:
        """Give the type of a column: string, int64 or bool."""
        return "int64" if column in self.whole else "bool" if column in self.true else "string"


def event_ids(one: Sheet) -> list[str]:
    """Write the numbers of events."""
    return [f"e{number:016x}" for number in np.ascontiguousarray(one["id"]).view(np.uint64).tolist()]


def words(vocabulary: Sequence[str], places: Ints) -> list[str | None]:
    """Give words by their places; none for a negative place."""
    return [vocabulary[place] if place >= 0 else None for place in places.tolist()]


def optional(before: str, values: Iterable[Any], after: str = "") -> list[str]:
    """Write what a line has only where it is known."""
    return ["" if value is None else f"{before}{value}{after}" for value in values]


def money(cents: Ints, sign: str = ".") -> list[str]:
    """Write amounts with two digits behind the sign.

    Example:
        >>> money(np.array([1205, 7]), ",")
        ['12,05', '0,07']
    """
    return [f"{amount // 100}{sign}{amount % 100:02d}" for amount in cents.tolist()]


def flags(column: Ints) -> list[bool]:
    """Give truth values."""
    return [value > 0 for value in column.tolist()]


_STREETS = (
    "Rosenweg",
    "Hauptstrasse",
    "Rue des Lilas",
    "Mill Lane",
    "Oak Street",
    "Via Verdi",
    "Calle Mayor",
    "Am See",
)
_CITIES = ("Berlin", "Köln", "Lyon", "Besançon", "Leeds", "Málaga", "Łódź", "Utrecht")
_SPELLINGS = (
    "{s} {h}",
    "{s} {h}, #{u}",
    "{s} {h} Apt {u}",
    "{u}/{h} {s}",
    "{s}. {h}",
    "{S} {h}",
    "{s} No {h}",
    "{t} {h}",
)


def address_lines(numbers: Ints) -> list[str]:
    """Write postal addresses; the last three bits of a number say how it is spelt, the others where it is."""
    return [_address(number) for number in numbers.tolist()]


def _address(number: int) -> str:
    place, spelling = number >> 3, number & 7
    scattered = (place * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    street, house, unit = _STREETS[scattered >> 61], 1 + (scattered >> 40) % 180, 1 + (scattered >> 33) % 40
    text = _SPELLINGS[spelling].format(s=street, S=street.upper(), t=street[:-1], h=house, u=unit)
    return f"{text}, {10_000 + (scattered >> 20) % 90_000} {_CITIES[(scattered >> 58) & 7]}"
