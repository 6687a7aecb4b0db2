r"""Access logs: common and combined, quoted and escaped variants, and lines whose end is cut off.

A line whose end is missing still tells who asked for what, and when: it becomes an event with ``truncated_tail``.
One that lacks more than that is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskloom.extract.formats.reading import Event, Fields, RefusedError

if TYPE_CHECKING:
    from riskloom.extract.formats.reading import Notes

TRUNCATED_TAIL, OUTER_QUOTES, MALFORMED_REQUEST, REASON = (
    "truncated_tail",
    "outer_quotes",
    "malformed_request",
    "not_access_log",
)
NAMES = (
    *("virtual_host", "client_address", "ident", "remote_user", "time", "request", "method", "path", "query"),
    *("protocol", "status", "bytes", "referrer", "user_agent", "is_bot_ua", "tail"),
)
_QUOTED = r'"((?:[^"\\]|\\[\s\S])*)'
_LINE = re.compile(
    r"(?:(?P<vhost>[A-Za-z0-9.-]+(?::\d+)?) (?=\S+ \S+ \S+ \[))?(?P<address>\S+) (?P<ident>\S+) (?P<user>[^\[]*?) ?\[(?P<time>[^\]]{10,40})\] "
    + _QUOTED
    + r'" (?P<status>\d{3}) (?P<bytes>\d+|-)'
)
_HEAD = re.compile(r'"?(?:\S+ ){2,3}[^\["]*\[[^\]]{10,40}\] [\\"]')
_FIELD = re.compile(rf' {_QUOTED}(?P<end>"?)')
_REQUEST = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ ?]*)(?:\?([^ ]*))?(?: (HTTP/[0-9.]+))?")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([\s\S]))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}
BOT = r"bot\b|bot[/;_-]|crawl|spider|slurp|curl/|wget/|python-requests|scrapy|feedfetcher|mediapartners"
_BOT = re.compile(BOT, re.IGNORECASE | re.ASCII)
_GROUP_REQUEST = 6


def sniff(text: str) -> bool:
    """Say whether a record looks like a line of an access log."""
    return not text.startswith("{") and _HEAD.match(text) is not None


def read(text: str, notes: Notes) -> list[Event]:
    r"""Read a line.

    Raises:
        RefusedError: It is no line of an access log.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> line = '::1 - - [17/May/2015:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 - "-" "curl/8 \\"x\\""'
        >>> ((fields, notes),) = read(line, Notes())
        >>> fields["path"], fields["query"], fields["bytes"], fields["user_agent"]
        ('/a', 'b=1', None, 'curl/8 "x"')
    """
    line = _without_quotes(text, notes)
    match = _LINE.match(line)
    if match is None:
        raise RefusedError(REASON)
    fields: Fields = {
        "virtual_host": match["vhost"],
        "client_address": match["address"],
        "ident": _present(match["ident"]),
        "remote_user": _present(match["user"]),
        "time": match["time"],
        "status": match["status"],
        "bytes": _present(match["bytes"]),
        **_request(match[_GROUP_REQUEST], notes),
    }
    _tail(line, match.end(), fields, notes)
    agent = fields["user_agent"]
    fields["is_bot_ua"] = None if agent is None else _BOT.search(agent) is not None
    return [(fields, notes)]


def _without_quotes(text: str, notes: Notes) -> str:
    """Take off quotes around the whole line, and what was done to those inside."""
    if not text.startswith('"'):
        return text
    notes.repaired(OUTER_QUOTES)
    inner = text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:]
    if '""' in inner and '\\"' not in inner:
        return inner.replace('""', '"')
    return inner.replace('\\"', '"') if _LINE.match(inner) is None else inner


def _request(request: str, notes: Notes) -> Fields:
    match = _REQUEST.fullmatch(request)
    if match is None or (match[4] is None and " " not in request):
        notes.flag(MALFORMED_REQUEST)
    parts = match.groups() if match is not None else (None,) * 4
    method, path, query, protocol = (part or None for part in parts)
    return {"request": request, "method": method, "path": path, "query": query, "protocol": protocol}


def _tail(line: str, place: int, fields: Fields, notes: Notes) -> None:
    """Read the quoted fields after the bytes; where one has no end, the line was cut off there."""
    fields |= {"referrer": None, "user_agent": None, "tail": None}
    if place == len(line):
        # A common log ends here; whether a combined one was cut here, its line does not tell.
        return
    for name in ("referrer", "user_agent"):
        match = _FIELD.match(line, place)
        if match is None:
            break
        fields[name] = _present(_unescaped(match[1]))
        place = match.end()
        if not match["end"]:
            notes.repaired(TRUNCATED_TAIL)
            return
    if place < len(line):
        fields["tail"] = line[place:].strip() or None
    elif fields["user_agent"] is None and not line.endswith('"-"'):
        notes.repaired(TRUNCATED_TAIL)


def _present(value: str | None) -> str | None:
    return None if value in ("", "-") else value


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(_unescape, value) if "\\" in value else value


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _LETTERS.get(found[2], found[2])
