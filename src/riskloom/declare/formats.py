"""Formats: how the lines of a source are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from riskloom.errors import DeclarationError


@dataclass(frozen=True)
class Format:
    """How a record is written; its subclasses are declared with a source, one or several.

    Attributes:
        times: Fields that hold the event's time, where the source names none; the first that is there is taken.
        spans: Whether a record of this format may go over several lines by its own signs.
    """

    times: ClassVar[tuple[str, ...]] = ("timestamp", "@timestamp", "time", "ts", "event_ts", "event_time")
    spans: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class AccessLog(Format):
    r"""Common or combined access log, as nginx and Apache write it, with quoted and escaped variants.

    Fields: client_address, ident, remote_user, time, request, method, path, query, protocol, status, bytes,
    referrer, user_agent, is_bot_ua, virtual_host, tail (whatever follows).

    Example:
        >>> AccessLog().times
        ('time',)
    """

    times: ClassVar[tuple[str, ...]] = ("time",)


@dataclass(frozen=True, kw_only=True)
class JsonLines(Format):
    r"""A JSON object a record; nested ones are reached by dotted paths.

    Attributes:
        prefix: A regular expression of what stands before the object; its named groups are fields.
        suffix: A regular expression of what may follow the object.
        multiline: Whether an object may be printed over several lines.

    Example:
        >>> JsonLines(prefix=r"\[(?P<time>[^\]]+)\] \S+: ", suffix=r"(?: \[\])?").multiline
        False
    """

    prefix: str | None = None
    suffix: str | None = None
    multiline: bool = False

    def __post_init__(self) -> None:
        """Check the patterns."""
        _compiled("JsonLines", prefix=self.prefix, suffix=self.suffix)

    @property
    def spans(self) -> bool:  # type: ignore[override]  # an instance decides it here
        """Whether an object may be printed over several lines."""
        return self.multiline


@dataclass(frozen=True, kw_only=True)
class KeyValue(Format):
    r"""``key=value`` pairs; values with spaces stand in quotes.

    Attributes:
        prefix: A regular expression of what stands before the pairs; its named groups are fields.
        words: Whether words may stand between the pairs, as in a packet filter's log; each is a field that is true.

    Example:
        >>> KeyValue(prefix=r"(?P<time>\S+) (?P<level>[A-Z]+) ").prefix is None
        False
    """

    prefix: str | None = None
    words: bool = False

    def __post_init__(self) -> None:
        """Check the pattern."""
        _compiled("KeyValue", prefix=self.prefix)


@dataclass(frozen=True, kw_only=True)
class Csv(Format):
    r"""Delimited values as in RFC 4180, and its dialects.

    Attributes:
        delimiter: One character between values; ``"\t"`` for TSV.
        quote: One character around values that hold delimiters or newlines.
        names: The columns, where files have no header line; else the source says ``header=True``.
        multiline: Whether a quoted value may hold newlines.
        nulls: Unquoted values that stand for none.

    Example:
        >>> Csv(delimiter=";", names=("user", "amount")).nulls
        ('',)
    """

    delimiter: str = ","
    quote: str = '"'
    names: tuple[str, ...] = ()
    multiline: bool = False
    nulls: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        """Check the dialect."""
        for name, sign in (("delimiter", self.delimiter), ("quote", self.quote)):
            if len(sign) != 1 or sign in "\r\n" or not sign.isascii():
                raise DeclarationError.invalid("Csv", f"{name}={sign!r} is not one ASCII character.")
        if self.delimiter == self.quote:
            raise DeclarationError.invalid("Csv", "delimiter and quote are the same.")
        if len(set(self.names)) != len(self.names):
            raise DeclarationError.invalid("Csv", "a name comes twice in names.")

    @property
    def spans(self) -> bool:  # type: ignore[override]  # an instance decides it here
        """Whether a quoted value may hold newlines."""
        return self.multiline


@dataclass(frozen=True, kw_only=True)
class Syslog(Format):
    """Syslog of RFC 3164 or RFC 5424; ``message repeated N times`` is N events.

    Fields: time, priority, host, program, pid, message.

    Example:
        >>> Syslog().times
        ('time',)
    """

    times: ClassVar[tuple[str, ...]] = ("time",)


@dataclass(frozen=True, kw_only=True)
class Sshd(Syslog):
    """What sshd writes to syslog.

    Fields: those of Syslog, and action, method, user_name, unknown_user, source_address, port.

    Example:
        >>> Sshd().times
        ('time',)
    """


@dataclass(frozen=True)
class LinePattern(Format):
    r"""Application text by regular expressions with named groups; each group is a field.

    A pattern must match the whole record. Where only the record's first line matches, the lines that continue
    it are kept as ``trace``. ``Unable to format event`` of Twisted's log is read as what would have been written.

    Attributes:
        patterns: One regular expression or several; the first that matches is taken.

    Example:
        >>> LinePattern(r"(?P<time>\S+) login of (?P<user_name>.*)").patterns
        ('(?P<time>\\S+) login of (?P<user_name>.*)',)
    """

    patterns: tuple[str, ...]

    def __init__(self, *patterns: str) -> None:
        """Take one pattern or several."""
        object.__setattr__(self, "patterns", patterns)
        if not patterns:
            raise DeclarationError.invalid("LinePattern", "give at least one regular expression.")
        for number, pattern in enumerate(patterns, start=1):
            found = _compiled("LinePattern", **{f"pattern_{number}": pattern})
            if not found[0].groupindex:
                raise DeclarationError.invalid("LinePattern", f"{pattern!r} has no named group (?P<name>...).")


def _compiled(place: str, **patterns: str | None) -> list[re.Pattern[str]]:
    found = []
    for name, pattern in patterns.items():
        if pattern is None:
            continue
        try:
            found.append(re.compile(pattern))
        except re.error as error:
            why = f"{name}={pattern!r} is no regular expression: {error}."
            raise DeclarationError.invalid(place, why) from error
    return found
