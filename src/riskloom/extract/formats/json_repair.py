"""JSON that is damaged in a way that leaves no doubt about its content."""

from __future__ import annotations

import re
from typing import Any

from riskloom.extract.formats.literals import literal
from riskloom.extract.formats.reading import Notes, RefusedError
from riskloom.extract.formats.strict_json import Object, decode, decode_constants, decode_first
from riskloom.extract.formats.text import decoded

SPLIT, CLOSED, LITERAL = "split_objects", "closed_brackets", "py_literal"
TRUNCATED, BAD = "truncated_json", "bad_json"
_MOST_LITERAL = 100_000
_CONSTANT = re.compile(r"\b(?:NaN|-?Infinity)\b")
_WHOLE_END = re.compile(r'(?:["}\]]|\b(?:true|false|null))\s*\Z')
_CLOSES = {"{": "}", "[": "]"}


def objects(text: str, offset: int) -> tuple[list[Any], str | None, bool]:
    """Read the values of a text.

    Args:
        text: What should be one JSON object.
        offset: Where it begins in its record, for the place of an error.

    Returns:
        The values, the code of the repair, and whether keys may be missing since the end is.

    Raises:
        RefusedError: Nothing certain can be read.

    Example:
        >>> objects('{"a": "1"}{"a": "2"}', 0)
        ([{'a': '1'}, {'a': '2'}], 'split_objects', False)
        >>> objects('{"a": {"b": "x"', 0)
        ([{'a': {'b': 'x'}}], 'closed_brackets', True)
    """
    try:
        return [decode(text)], None, False
    except ValueError as error:
        place = getattr(error, "pos", 0)
    glued = _glued(text)
    if glued:
        return glued, SPLIT, False
    literal = _literal(text)
    if literal is not None:
        return [literal], LITERAL, False
    missing = _missing_end(text)
    if missing is None:
        raise RefusedError(BAD, f"at character {offset + place}")
    if missing and _WHOLE_END.search(text):
        try:
            return [decode(text + missing)], CLOSED, True
        except ValueError:
            pass
    raise RefusedError(TRUNCATED, f"at character {offset + len(text)}")


def _glued(text: str) -> list[Any]:
    """Read objects that stand one behind the other; none where there is anything else."""
    found = []
    place = 0
    while place < len(text):
        if text[place] in " \t\r\n,":
            place += 1
            continue
        try:
            value, place = decode_first(text, place)
        except ValueError:
            return []
        if not isinstance(value, dict):
            return []
        found.append(value)
    return found if len(found) > 1 else []


def _literal(text: str) -> Any:
    if _CONSTANT.search(text):
        try:
            return decode_constants(text)
        except ValueError:
            pass
    if "'" not in text or len(text) > _MOST_LITERAL:
        return None
    try:
        found = literal(_CONSTANT.sub("None", re.sub(r"\bnan\b", "None", text)))
    except ValueError:
        return None
    return _as_json(found) if isinstance(found, dict) else None


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return Object([(str(key), _as_json(item)) for key, item in value.items()])
    if isinstance(value, list | tuple | set):
        return [_as_json(item) for item in value]
    if isinstance(value, bytes):
        return decoded(value, Notes())
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _missing_end(text: str) -> str | None:
    """Give the brackets that are still open; None where the text is no beginning of JSON, empty inside a string."""
    open_brackets: list[str] = []
    inside = escaped = False
    for sign in text:
        if inside:
            escaped, inside = (sign == "\\" and not escaped), (sign != '"' or escaped)
        elif sign == '"':
            inside = True
        elif sign in "{[":
            open_brackets.append(_CLOSES[sign])
        elif sign in "}]":
            if not open_brackets or open_brackets.pop() != sign:
                return None
            if not open_brackets and text[-1] not in "}]":
                return None
    if inside:
        return ""
    return "".join(reversed(open_brackets)) or None
