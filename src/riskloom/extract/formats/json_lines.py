"""JSON objects, one a record, whole or damaged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from riskloom.extract.formats import json_repair
from riskloom.extract.formats.reading import Event, RefusedError
from riskloom.extract.formats.strict_json import Object

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskloom.declare.formats import JsonLines
    from riskloom.extract.formats.reading import Fields, Notes

NO_OBJECT, DUP_KEY, CONFLICT, JOINED = "not_json", "dup_key", "conflicting_key", "joined_lines"


def sniff(text: str, dialect: JsonLines) -> bool:
    """Say whether a record looks like a JSON object behind its prefix."""
    place = _prefix(text, dialect)
    return place is not None and text[place[0] :].lstrip()[:1] == "{"


def read(text: str, notes: Notes, dialect: JsonLines, decides: Callable[[str], bool]) -> list[Event]:
    """Read a record.

    Args:
        text: The record.
        notes: Takes repairs.
        dialect: What stands before and behind the object.
        decides: Says whether a key tells an event apart or what it is worth, so that two values of it are no choice.

    Returns:
        An event an object; one whose end was missing has ``closed_brackets``.

    Raises:
        RefusedError: It is no object, or one with no certain content.
    """
    prefixed = _prefix(text, dialect)
    if prefixed is None:
        raise RefusedError(NO_OBJECT, "no prefix")
    start, before = prefixed
    body = text[start:].strip(" \t\r\n")
    if body[:1] != "{":
        raise RefusedError(NO_OBJECT, f"at character {start}")
    if dialect.suffix is not None:
        body = _without_suffix(body, dialect.suffix)
    if "\n" in body:
        notes.repaired(JOINED)
    values, repair, _ = json_repair.objects(body, start)
    if repair:
        notes.repaired(repair)
    return [(_event(before, value, own, decides), own) for value, own in ((value, notes.copy()) for value in values)]


def _prefix(text: str, dialect: JsonLines) -> tuple[int, Fields] | None:
    if dialect.prefix is None:
        return 0, {}
    match = re.match(dialect.prefix, text)
    return None if match is None else (match.end(), {name: part for name, part in match.groupdict().items() if part})


def _without_suffix(body: str, suffix: str) -> str:
    match = re.fullmatch(rf"(\{{[\s\S]*\}})(?:{suffix})", body)
    return body if match is None else match[1]


def _event(before: Fields, value: Any, notes: Notes, decides: Callable[[str], bool]) -> Fields:
    if not isinstance(value, Object):
        raise RefusedError(NO_OBJECT)
    _check_repeated(value, notes, decides)
    return {**before, **value}


def _check_repeated(value: Any, notes: Notes, decides: Callable[[str], bool]) -> None:
    if isinstance(value, Object):
        for key, differs in value.repeated.items():
            if differs and decides(key):
                raise RefusedError(CONFLICT, key)
            notes.repaired(DUP_KEY)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_repeated(item, notes, decides)
