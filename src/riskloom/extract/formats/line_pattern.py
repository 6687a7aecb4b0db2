"""Application text by regular expressions with named groups."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from riskloom.extract.formats.literals import literal
from riskloom.extract.formats.reading import Event, Notes, RefusedError
from riskloom.extract.formats.text import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.declare.formats import LinePattern
    from riskloom.extract.formats.reading import Fields

REASON, TRACE, EMBEDDED, ESCAPED = "no_pattern_matches", "trace", "embedded_newline", "escaped_bytes"
# Twisted's logger writes an event that it cannot encode as the dictionary that it is, bytes escaped.
_UNFORMATTED = re.compile(r"(?P<head>[\s\S]*?)Unable to format event (?P<event>\{[\s\S]*\})(?:: [^}]*)?")
_TEMPLATE = re.compile(r"%\((\w+)\)[sdr]")
_ITEM = r"'{}': (?P<value>[bu]*(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|-?[0-9.]+)"


def read(text: str, notes: Notes, format_: LinePattern) -> list[Event]:
    r"""Read a record by the first pattern that matches it.

    Raises:
        RefusedError: None matches.

    Example:
        >>> from riskloom.declare.formats import LinePattern
        >>> from riskloom.extract.formats.reading import Notes
        >>> pattern = LinePattern(r"(?P<level>[A-Z]+) (?P<message>.*)")
        >>> read("ERROR oh\n  at line 1", Notes(), pattern)[0][0]
        {'level': 'ERROR', 'message': 'oh', 'trace': '  at line 1'}
    """
    first, _, rest = text.partition("\n")
    patterns = _compiled(format_)
    unformatted = _UNFORMATTED.fullmatch(text) if "Unable to format event" in first else None
    if unformatted is not None:
        for message in _formatted(unformatted["event"]):
            fields = _match(patterns, unformatted["head"] + message)
            if fields is not None:
                notes.repaired(ESCAPED)
                return [(fields, notes)]
    for pattern in patterns:
        fields = _match((pattern,), text)
        if fields is not None:
            if rest and any("\n" in value for value in fields.values() if value):
                notes.repaired(EMBEDDED)
            return [(fields, notes)]
        fields = _match((pattern,), first.removesuffix("\r")) if rest else None
        if fields is not None:
            return [({**fields, TRACE: rest}, notes)]
    raise RefusedError(REASON)


def _match(patterns: tuple[re.Pattern[str], ...], text: str) -> Fields | None:
    found = next((match for match in (pattern.fullmatch(text) for pattern in patterns) if match), None)
    return None if found is None else found.groupdict()


@lru_cache(maxsize=64)
def _compiled(format_: LinePattern) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in format_.patterns)


def _formatted(event: str) -> Iterator[str]:
    """Write what would have been written, had its values been text: the text as it was, else the template filled."""
    text = re.search(_ITEM.format("log_text"), event)
    if text is not None:
        yield _literal(text["value"])
    template = re.search(_ITEM.format("format"), event)
    if template is None:
        return
    pattern = _literal(template["value"])
    values = {name: re.search(_ITEM.format(re.escape(name)), event) for name in _TEMPLATE.findall(pattern)}
    read_as = {name: _literal(found["value"]) for name, found in values.items() if found}
    if len(read_as) == len(values):
        yield _TEMPLATE.sub(lambda found: read_as[found[1]], pattern)


def _literal(written: str) -> str:
    """Read what Python 2 wrote: bytes are UTF-8 where they can be, else Latin-1; what is damaged stays as it is."""
    if written[-1] not in "'\"":
        return written
    body = written.lstrip("bu")
    try:
        if written.startswith("u"):
            return str(literal(body))
        raw: bytes = literal("b" + body) if body.isascii() else body[1:-1].encode()
    except ValueError:
        return body[1:-1]
    return decoded(raw, Notes())
