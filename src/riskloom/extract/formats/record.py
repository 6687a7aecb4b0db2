"""One record to its events: the reading that every faster one must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from riskloom.declare import formats as declared
from riskloom.extract.formats import access_log, delimited, json_lines, key_value, line_pattern, sshd, syslog
from riskloom.extract.formats.reading import Event, Notes, RefusedError
from riskloom.extract.formats.text import cleaned, decoded
from riskloom.extract.formats.typed import typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from riskloom.declare.formats import Format
    from riskloom.extract.formats.plan import Plan

# Whoever declares these formats knows their fields, and leaves out what no column takes; the rest is kept.
_KEPT: dict[type[Format], frozenset[str]] = {
    declared.AccessLog: frozenset({"tail"}),
    declared.Syslog: frozenset(),
    declared.Sshd: frozenset(),
    declared.LinePattern: frozenset({line_pattern.TRACE}),
}
NO_FORMAT, TOO_DEEP = "no_format_matches", "bad_json"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a record beside its text.

    Attributes:
        names: Columns of its file, for delimited values.
        arrived: When its line came into bronze, in microseconds; None where time is not checked.
        newest: Date of its file's newest line, for times without a year.
        joined: Whether its text is of several lines.
    """

    names: tuple[str, ...] = ()
    arrived: int | None = None
    newest: date | None = None


@dataclass(slots=True)
class Unit:
    """An event, or a reject.

    Attributes:
        ordinal: Its place among those of its record.
        reason: Why it is refused; None for an event.
        detail: Where or what.
        event_ts: Microseconds since the epoch.
        precision: Unit of the time's last digit.
        zone_source: How the zone of its time is known.
        notes: Repairs and flags.
        values: The columns' values, in their order.
        extras: Fields that no column took up, as text.
        drift: Counters of what is otherwise than declared, as ``drift`` names them.
    """

    ordinal: int = 0
    reason: str | None = None
    detail: str | None = None
    event_ts: int | None = None
    precision: str | None = None
    zone_source: str | None = None
    notes: Notes = field(default_factory=Notes)
    values: list[Any] = field(default_factory=list)
    extras: dict[str, str | None] = field(default_factory=dict)
    drift: list[str] = field(default_factory=list)


def units(raw: bytes | str, plan: Plan, context: Context) -> list[Unit]:
    """Read a record.

    Args:
        raw: Its bytes, or text that is decoded already.
        plan: What is wanted.
        context: What is known of it.

    Returns:
        At least one unit; nothing is ever raised for what a record holds.
    """
    notes = Notes()
    try:
        text = cleaned(decoded(raw, notes) if isinstance(raw, bytes) else raw, notes)
        format_ = chosen(text, plan, context)
        events = _by(format_, text, notes, plan, context)
    except RefusedError as refused:
        return [Unit(reason=refused.reason, detail=refused.detail)]
    except RecursionError:
        return [Unit(reason=TOO_DEEP, detail="nested too deeply")]
    return [_unit(number, event, plan, context, format_) for number, event in enumerate(events)]


def _unit(number: int, event: Event, plan: Plan, context: Context, format_: Format) -> Unit:
    fields, notes = event
    kept, tells_types = _KEPT.get(type(format_)), isinstance(format_, declared.JsonLines)
    try:
        return typed(Unit(ordinal=number, notes=notes), fields, plan, context, kept, tells_types=tells_types)
    except RefusedError as refused:
        return Unit(ordinal=number, reason=refused.reason, detail=refused.detail)
    except RecursionError:
        return Unit(ordinal=number, reason=TOO_DEEP, detail="nested too deeply")


def chosen(text: str, plan: Plan, context: Context) -> Format:
    """Give the first format whose signs a record bears.

    Raises:
        RefusedError: It bears those of none.
    """
    if len(plan.formats) == 1:
        return plan.formats[0]
    found = next((format_ for format_ in plan.formats if sniff(format_, text, context)), None)
    if found is None:
        raise RefusedError(NO_FORMAT)
    return found


def _by(format_: Format, text: str, notes: Notes, plan: Plan, context: Context) -> list[Event]:
    if isinstance(format_, declared.JsonLines):
        return json_lines.read(text, notes, format_, plan.decides)
    if isinstance(format_, declared.Csv):
        return delimited.read(text, notes, format_, context.names or format_.names)
    return _READERS[type(format_)](text, notes, format_)


_READERS: dict[type[Format], Callable[[str, Notes, Any], list[Event]]] = {
    declared.AccessLog: lambda text, notes, _: access_log.read(text, notes),
    declared.KeyValue: key_value.read,
    declared.Syslog: lambda text, notes, _: syslog.read(text, notes),
    declared.Sshd: lambda text, notes, _: sshd.read(text, notes),
    declared.LinePattern: line_pattern.read,
}


def header_names(heads: Mapping[str, str], plan: Plan) -> dict[str, tuple[str, ...]]:
    """Give the names of the columns of each file of delimited values: as declared, else from its first line.

    Args:
        heads: First lines by the hash of their file.
        plan: Whose formats; a file that begins like one of the others has no names.
    """
    csv = plan.csv
    if csv is None:
        return {}
    others = [one for one in plan.formats if one is not csv]
    named = {}
    for file_hash, head in heads.items():
        if any(sniff(one, head, Context()) for one in others):
            continue
        try:
            named[file_hash] = csv.names or tuple((name or "").strip() for name in delimited.values(head, csv, Notes()))
        except RefusedError:
            named[file_hash] = ()
    return named


def sniff(format_: Format, text: str, context: Context) -> bool:
    """Say whether a record bears the signs of a format; application text bears none, and is tried last."""
    match format_:
        case declared.JsonLines():
            return json_lines.sniff(text, format_)
        case declared.AccessLog():
            return access_log.sniff(text)
        case declared.KeyValue():
            return format_.prefix is not None or key_value.sniff(text)
        case declared.Syslog():
            return syslog.sniff(text)
        case declared.Csv():
            return bool(context.names or format_.names)
    return True
