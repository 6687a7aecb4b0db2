"""Records that go over several lines: which line continues the one before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from riskloom.declare.formats import Csv, JsonLines
from riskloom.extract.formats import delimited, json_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare.formats import Format

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Join(Protocol):
    """Follows the lines of one record."""

    def begin(self, text: str) -> None:
        """Take the record's first line."""

    def takes(self, text: str) -> bool:
        """Say whether the next line belongs to the record, and take it where it does."""


class StartJoin:
    """A record begins where a regular expression is found; other lines continue it."""

    def __init__(self, start: re.Pattern[str]) -> None:
        self._start = start

    def begin(self, text: str) -> None:
        """Take the record's first line."""

    def takes(self, text: str) -> bool:
        """Say whether the line is not the first one of a record."""
        return self._start.search(text) is None

    def starts(self, text: str) -> bool:
        """Say whether a record begins with the line."""
        return self._start.search(text) is not None


class SignJoin:
    """A record goes on while its own signs say so: brackets of JSON, quotes of delimited values."""

    def __init__(self, formats: Sequence[Format]) -> None:
        self._json = next((one for one in formats if isinstance(one, JsonLines) and one.multiline), None)
        self._csv = next((one for one in formats if isinstance(one, Csv) and one.multiline), None)
        self._depth = 0
        self._quoted = False

    def begin(self, text: str) -> None:
        """Take the record's first line."""
        self._depth, self._quoted = 0, False
        if self._json is not None and json_lines.sniff(text, self._json):
            self._depth = _depth(text[text.index("{") :])
        elif self._csv is not None:
            self._quoted = delimited.is_open(text, self._csv)

    def takes(self, text: str) -> bool:
        """Say whether the line is inside brackets or quotes that are open, and take it where it is."""
        if self._quoted and self._csv is not None:
            self._quoted = text.count(self._csv.quote) % 2 == 0
            return True
        # An object at the margin is a new one: the one before was cut off.
        if self._depth > 0 and not text.startswith("{"):
            self._depth += _depth(text)
            return True
        return False


def _depth(text: str) -> int:
    """Count the brackets that a line opens more than it closes; a string that it cuts off opens nothing.

    Example:
        >>> _depth('{"a": [1, "]"'), _depth('}]'), _depth('{"a": "b')
        (2, -2, 0)
    """
    bare = _STRING.sub("", text)
    if '"' in bare:
        return 0
    return bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
