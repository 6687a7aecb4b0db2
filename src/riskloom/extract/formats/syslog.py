"""Syslog lines of RFC 3164 and RFC 5424."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskloom.extract.formats.reading import Event, RefusedError

if TYPE_CHECKING:
    from riskloom.extract.formats.reading import Fields, Notes

REASON, BAD_REPEAT = "not_syslog", "bad_repeat_count"
NAMES = ("time", "priority", "host", "program", "pid", "message")
_PRIORITY = r"(?:<(?P<priority>\d{1,3})>)?"
_WHEN = r"(?P<time>[A-Z][a-z]{2} [ 0-9]?[0-9](?: \d{4})? \d{2}:\d{2}:\d{2}(?:\.\d+)?|\d{4}-\d{2}-\d{2}T[0-9:.,]+(?:Z|[+-]\d{2}:?\d{2})?)"
_TAG = r"(?P<program>[^\s\[:]+)(?:\[(?P<pid>\d+)\])?:(?: (?P<message>[\s\S]*))?"
_RFC3164 = re.compile(rf"{_PRIORITY}{_WHEN} (?P<host>\S+) {_TAG}")
_RFC5424 = re.compile(
    rf"{_PRIORITY}1 {_WHEN} (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) \S+ (?:-|(?:\[[^\]]*\])+)(?: (?P<message>[\s\S]*))?"
)
_REPEATED = re.compile(r"message repeated (\d+) times: \[ ?([\s\S]*)\]")
_MOST_REPEATED = 100_000


def sniff(text: str) -> bool:
    """Say whether a record looks like a syslog line."""
    return (_RFC3164.match(text) or _RFC5424.match(text)) is not None


def read(text: str, notes: Notes) -> list[Event]:
    """Read a line; a repeated message is as many events.

    Raises:
        RefusedError: It is no syslog line, or says that it was repeated no or too many times.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> events = read("Mar 27 13:06:56 web sshd[7]: message repeated 2 times: [ hello]", Notes())
        >>> [(fields["program"], fields["pid"], fields["message"]) for fields, _ in events]
        [('sshd', '7', 'hello'), ('sshd', '7', 'hello')]
    """
    match = _RFC5424.fullmatch(text) or _RFC3164.fullmatch(text)
    if match is None:
        raise RefusedError(REASON)
    fields: Fields = {name: None if part == "-" else part for name, part in match.groupdict().items()}
    fields["message"] = fields["message"] or ""
    repeated = _REPEATED.fullmatch(fields["message"])
    if repeated is None:
        return [(fields, notes)]
    times = int(repeated[1]) if len(repeated[1]) <= 6 else 0  # noqa: PLR2004
    if not 1 <= times <= _MOST_REPEATED:
        raise RefusedError(BAD_REPEAT)
    return [({**fields, "message": repeated[2]}, notes.copy()) for _ in range(times)]
