"""Delimited values as in RFC 4180, and its dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.extract.formats.reading import Event, RefusedError

if TYPE_CHECKING:
    from riskloom.declare.formats import Csv
    from riskloom.extract.formats.reading import Notes

COLUMN_COUNT, STRAY_QUOTE, OPEN_QUOTE, NO_HEADER = "column_count", "stray_quote", "open_quote", "no_header"


def read(text: str, notes: Notes, dialect: Csv, names: tuple[str, ...]) -> list[Event]:
    """Read a row.

    Args:
        text: The row; a quoted value may hold newlines.
        notes: Takes ``stray_quote``.
        dialect: Signs of delimiter and quote.
        names: Names of the columns, in order.

    Raises:
        RefusedError: It has more or fewer values than names, or a quoted value has no end.

    Example:
        >>> from riskloom.declare.formats import Csv
        >>> from riskloom.extract.formats.reading import Notes
        >>> read('1,"a ""b"", c",', Notes(), Csv(), ("x", "y", "z"))[0][0]
        {'x': '1', 'y': 'a "b", c', 'z': None}
    """
    if not names:
        raise RefusedError(NO_HEADER)
    found = values(text, dialect, notes)
    if len(found) != len(names):
        raise RefusedError(COLUMN_COUNT, f"{len(found)} of {len(names)}")
    return [(dict(zip(names, found, strict=True)), notes)]


def values(text: str, dialect: Csv, notes: Notes) -> list[str | None]:
    """Cut a row into its values.

    A quote inside a value that does not begin with one stands for itself, and is noted.

    Raises:
        RefusedError: A quoted value has no end.
    """
    quote, delimiter = dialect.quote, dialect.delimiter
    if quote not in text:
        return [None if value in dialect.nulls else value for value in text.split(delimiter)]
    found: list[str | None] = []
    place = 0
    while True:
        if text[place : place + 1] == quote:
            value, place = _quoted(text, place + 1, dialect, notes)
            found.append(value)
        else:
            end = text.find(delimiter, place)
            value = text[place:] if end < 0 else text[place:end]
            if quote in value:
                notes.repaired(STRAY_QUOTE)
            found.append(None if value in dialect.nulls else value)
            place = len(text) if end < 0 else end
        if place >= len(text):
            return found
        place += 1


def _quoted(text: str, place: int, dialect: Csv, notes: Notes) -> tuple[str, int]:
    """Read from behind the opening quote to the delimiter behind the closing one."""
    quote = dialect.quote
    parts: list[str] = []
    while True:
        end = text.find(quote, place)
        if end < 0:
            raise RefusedError(OPEN_QUOTE)
        parts.append(text[place:end])
        following = text[end + 1 : end + 2]
        if following in ("", dialect.delimiter):
            return "".join(parts), end + 1
        parts.append(quote)
        if following != quote:
            notes.repaired(STRAY_QUOTE)
        place = end + (2 if following == quote else 1)


def is_open(text: str, dialect: Csv) -> bool:
    r"""Say whether a row ends inside a quoted value, so that the next line continues it.

    Example:
        >>> from riskloom.declare.formats import Csv
        >>> is_open('1,"a', Csv()), is_open('1,"a ""b""', Csv()), is_open('1,"a\nb"', Csv()), is_open('6" nail,1', Csv())
        (True, True, False, False)
    """
    quote = dialect.quote
    if text.count(quote) % 2 == 0:
        return False
    try:
        from riskloom.extract.formats.reading import Notes

        values(text, dialect, Notes())
    except RefusedError:
        return True
    return False
