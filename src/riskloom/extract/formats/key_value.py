"""``key=value`` pairs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskloom.extract.formats.reading import Event, RefusedError

if TYPE_CHECKING:
    from riskloom.declare.formats import KeyValue
    from riskloom.extract.formats.reading import Fields, Notes

REASON, TRUNCATED, DUP_KEY = "not_key_value", "truncated_value", "dup_key"
_KEY = r"([A-Za-z_@][\w.@/-]*)"
_PAIR = re.compile(rf'{_KEY}=(?:"((?:[^"\\]|\\[\s\S])*)("?)|(\S*))')
_WORD = re.compile(rf"{_KEY}(?=[\s,;|]|\Z)")
_GAP = re.compile(r"[\s,;|]*")
_ESCAPE = re.compile(r"\\([\s\S])")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}


def sniff(text: str) -> bool:
    """Say whether a record begins with a pair."""
    return _PAIR.match(text.lstrip()) is not None


def read(text: str, notes: Notes, dialect: KeyValue) -> list[Event]:
    r"""Read the pairs of a record.

    Raises:
        RefusedError: There is something that is no pair, or a quoted value has no end.

    Example:
        >>> from riskloom.declare.formats import KeyValue
        >>> from riskloom.extract.formats.reading import Notes
        >>> read('user="a \\"b\\"" amt=3,50', Notes(), KeyValue())[0][0]
        {'user': 'a "b"', 'amt': '3,50'}
        >>> read("SRC=198.18.0.1 DF PROTO=UDP", Notes(), KeyValue(words=True))[0][0]
        {'SRC': '198.18.0.1', 'DF': 'true', 'PROTO': 'UDP'}
    """
    fields: Fields = {}
    place = 0
    if dialect.prefix is not None:
        match = re.match(dialect.prefix, text)
        if match is None:
            raise RefusedError(REASON, "no prefix")
        fields |= {name: part for name, part in match.groupdict().items() if part is not None}
        place = match.end()
    place = _GAP.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing, too
    while place < len(text):
        match = _PAIR.match(text, place)
        word = _WORD.match(text, place) if match is None and dialect.words else None
        if word is not None:
            _put(fields, word[1], "true", notes)
            place = _gap(text, word.end())
            continue
        if match is None:
            raise RefusedError(REASON, f"at character {place}")
        if match[2] is not None and not match[3]:
            raise RefusedError(TRUNCATED, f"at character {match.start()}")
        value = match[4] if match[2] is None else _ESCAPE.sub(_unescape, match[2])
        _put(fields, match[1], value.rstrip(",;") if match[2] is None else value, notes)
        place = _gap(text, match.end())
    if not fields:
        raise RefusedError(REASON)
    return [(fields, notes)]


def _gap(text: str, place: int) -> int:
    end = _GAP.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing, too
    if end == place and end < len(text):
        raise RefusedError(REASON, f"at character {place}")
    return end


def _put(fields: Fields, key: str, value: str, notes: Notes) -> None:
    if key in fields:
        notes.repaired(DUP_KEY)
    fields[key] = value


def _unescape(found: re.Match[str]) -> str:
    return _LETTERS.get(found[1], found[1])
