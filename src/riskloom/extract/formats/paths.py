"""Dotted paths into nested objects."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from riskloom.extract.formats import strict_json

if TYPE_CHECKING:
    from riskloom.extract.formats.reading import Notes

NESTED = "nested_json_decoded"
_MOST_NESTED = 3
_MISSING = object()
# JSON may escape half of a pair of surrogates, which no UTF-8 can say.
_HALF = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=4096)
def split(path: str) -> tuple[str, ...]:
    """Cut a path into keys; a key in square brackets may hold dots.

    Example:
        >>> split("zones.[hg.nginx.org].requests")
        ('zones', 'hg.nginx.org', 'requests')
    """
    keys: list[str] = []
    rest = path
    while rest:
        if rest.startswith("["):
            key, _, rest = rest[1:].partition("]")
            rest = rest.removeprefix(".")
        else:
            key, _, rest = rest.partition(".")
        keys.append(key)
    return tuple(keys)


def find(fields: dict[str, Any], path: str, notes: Notes) -> tuple[bool, Any]:
    """Find a value: by its name, else by its path; text that is JSON is opened where the path goes into it.

    Returns:
        Whether it is there, and the value.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> notes = Notes()
        >>> find({"payload": '{"a": 1}'}, "payload.a", notes), notes.repairs
        ((True, '1'), ['nested_json_decoded'])
    """
    if path in fields:
        return True, fields[path]
    keys = split(path)
    if len(keys) == 1:
        return (True, fields[keys[0]]) if keys[0] in fields else (False, None)
    value: Any = fields
    opened = 0
    for key in keys:
        if isinstance(value, str) and opened < _MOST_NESTED and value.lstrip()[:1] in ("{", "["):
            try:
                value = strict_json.decode(value)
            except ValueError:
                return False, None
            opened += 1
        value = _step(value, key)
        if value is _MISSING:
            return False, None
    if opened:
        notes.repaired(NESTED)
    return True, value


def _step(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key, _MISSING)
    if isinstance(value, list) and key.isdigit() and int(key) < len(value):
        return value[int(key)]
    return _MISSING


def written(value: Any) -> str | None:
    """Write a value as text: text as it is, anything nested as JSON.

    Example:
        >>> written({"a": [True, None]}), written(True), written("x")
        ('{"a":[true,null]}', 'true', 'x')
    """
    if value is None:
        return None
    text = str(value) if isinstance(value, str) else _json(value)
    return text if text.isascii() else _HALF.sub("\ufffd", text)


def _json(value: Any) -> str:
    if isinstance(value, strict_json.Number):
        return str(value)
    if isinstance(value, dict):
        items = (f"{json.dumps(key, ensure_ascii=False)}:{_json(item)}" for key, item in value.items())
        return "{" + ",".join(items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_json(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
