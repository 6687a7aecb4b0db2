"""Pages: the lines of one file, with the damage done to them, and where each event stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.raw import mess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.simulate.raw.layout import Layout
    from demo.simulate.raw.mess import Mess
    from demo.simulate.streams import Ints

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Damaged:
    """One line that is not as it should be.

    Attributes:
        line: Its number in its file, from 1.
        what: What is wrong with it.
        place: The event that it is about, by its place in the page; -1 for none.
    """

    line: int
    what: Mess
    place: int


@dataclass
class Page:
    """The lines of a file.

    Attributes:
        texts: Lines; one may hold line breaks.
        numbers: For each event the number of its first line.
        damaged: What is wrong.
    """

    numbers: Ints
    texts: list[str] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)
    _count: int = 0

    def put(self, texts: Sequence[str], place: int) -> None:
        """Put lines of events on the page, from this event's place on."""
        self.numbers[place : place + len(texts)] = np.arange(self._count + 1, self._count + 1 + len(texts))
        self.texts.extend(texts)
        self._count += len(texts)

    def spoil(self, text: str, what: Mess, place: int) -> None:
        """Put an event's spoilt lines on the page."""
        self.numbers[place] = self._count + 1
        self.damaged.append(Damaged(self._count + 1 + what.below, what, place))
        self.texts.append(text)
        self._count += 1 + text.count("\n")

    def copy(self, text: str, what: Mess, place: int) -> None:
        """Put a line on the page once more."""
        self._count += 1
        self.damaged.append(Damaged(self._count, what, place))
        self.texts.append(text)

    def glue(self, text: str, place: int) -> None:
        """Put an event's line behind the one before, without a line break."""
        self.numbers[place] = self.numbers[place - 1]
        self.texts[-1] += text
        self.damaged.append(Damaged(int(self.numbers[place]), mess.GLUED, place))

    def written(self) -> bytes:
        """Give the file's content."""
        return ("\n".join(self.texts) + "\n").encode("utf-8", "surrogateescape")


def page(layout: Layout, lines: list[str], fate: Ints, skewed: Ints | None = None) -> Page:
    """Lay out the lines of a file.

    Args:
        layout: Of their source.
        lines: One an event, in the order in which they arrive.
        fate: What happens to each.
        skewed: By how much each event's clock is ahead, where clocks can be.

    Returns:
        The page.
    """
    possible = mess.kinds(layout.source)
    made = Page(numbers=np.zeros(len(lines), dtype=np.int64))
    if layout.header:
        made.copy(_BYTE_ORDER_MARK + layout.header, mess.MARKED, -1)
    copies, begun = [], 0
    for place in np.flatnonzero(fate).tolist():
        what = possible[fate[place]]
        made.put(lines[begun:place], begun)
        begun = place + 1
        if what in (mess.LATE, mess.OUT_OF_ORDER):
            made.spoil(lines[place], what, place)
        elif what is mess.COPY:
            made.put(lines[place : place + 1], place)
            copies.append(place)
        elif what is mess.GLUED and place and not fate[place - 1]:
            made.glue(lines[place], place)
        else:
            text = None if what is mess.GLUED else what.write(lines[place])
            if text is None or text == lines[place]:
                made.put(lines[place : place + 1], place)
            else:
                made.spoil(text, what, place)
    made.put(lines[begun:], begun)
    for place in copies:
        made.copy(lines[place], mess.COPY, place)
    _note(made, layout, lines, fate, skewed)
    return made


def _note(made: Page, layout: Layout, lines: list[str], fate: Ints, skewed: Ints | None) -> None:
    """Note what is odd about lines to which nothing happened."""
    noted: list[tuple[int, Mess]] = []
    if skewed is not None:
        noted += [(place, mess.SKEWED) for place in np.flatnonzero((skewed > 0) & (fate == 0)).tolist()]
    if layout.source == "requests" and len(set(lines)) < len(lines):
        noted += [(place, mess.IDENTICAL) for place in _repeated(lines, fate)]
    if layout.source == "messages":
        noted += [(place, mess.PERSONAL) for place, line in enumerate(lines) if not fate[place] and _personal(line)]
    glued = {one.line for one in made.damaged if one.what is mess.GLUED}
    for place, what in noted:
        line = int(made.numbers[place])
        if line not in glued:
            made.damaged.append(Damaged(line, what, place))
    made.damaged.sort(key=lambda one: (one.line, one.place))


def _repeated(lines: list[str], fate: Ints) -> list[int]:
    seen: set[str] = set()
    found = []
    for place, line in enumerate(lines):
        if line in seen and not fate[place]:
            found.append(place)
        seen.add(line)
    return found


def _personal(line: str) -> bool:
    return "call me at" in line or "my mail is" in line or "I paid with" in line
