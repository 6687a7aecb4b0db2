"""Fields to columns: names, types, the event's time, and what is left over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from riskloom.extract.formats import addresses, numbers, paths, times
from riskloom.extract.formats.reading import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskloom.declare.profile import Profile
    from riskloom.extract.formats.plan import Column, Plan
    from riskloom.extract.formats.reading import Fields, Notes
    from riskloom.extract.formats.record import Context, Unit

REFUND, HOMOGLYPH = "refund", "homoglyph"
BAD_TIME, MISSING, TRUNCATED = "bad_timestamp", "missing_required", "truncated_json"
CLOSED = "closed_brackets"
RAW_TIME = "event_ts_raw"
_PLAIN: dict[str, Callable[[Any, Profile], Any]] = {
    "int64": numbers.whole,
    "float64": numbers.fraction,
    "bool": lambda value, _: numbers.truth(value),
}
_LATIN, _LIKE_LATIN = re.compile("[A-Za-z]"), re.compile("[\u0370-\u03ff\u0400-\u04ff\uff21-\uff5a]")
# What formats derive from other fields, which extras need not say again.
_DERIVED = frozenset({"request", "is_bot_ua", "unknown_user", "action", "ident", "priority"})


def typed(unit: Unit, fields: Fields, plan: Plan, context: Context) -> Unit:
    """Fill a unit from the fields of an event.

    Raises:
        RefusedError: A required field is missing, a value does not fit its column, or the time is no time.
    """
    notes = unit.notes
    taken: set[str] = set()
    currency: dict[str, str | None] = {}
    for column in plan.columns:
        value = _value(column, fields, taken, notes)
        if column.required and (value is None or value == ""):
            raise RefusedError(TRUNCATED if CLOSED in notes.repairs else f"{MISSING}:{column.name}", column.name)
        unit.values.append(_fit(column, value, plan, context, notes, currency))
    for number, column in enumerate(plan.columns):
        if unit.values[number] is None and column.name in currency:
            unit.values[number] = currency[column.name]
    _time(unit, fields, taken, plan, context)
    unit.extras |= {
        str(paths.written(key)): paths.written(value)
        for key, value in fields.items()
        if key not in taken and value is not None and key not in _DERIVED
    }
    return unit


def _value(column: Column, fields: Fields, taken: set[str], notes: Notes) -> Any:
    value = None
    for path in column.paths:
        found, there = paths.find(fields, path, notes)
        if found:
            taken.add(path if path in fields else paths.split(path)[0])
            if value is None:
                value = there
    return value


def _fit(
    column: Column,
    value: Any,
    plan: Plan,
    context: Context,
    notes: Notes,
    currency: dict[str, str | None],
) -> Any:
    try:
        if column.meaning == "money":
            return _money(column, value, plan, notes, currency)
        if column.meaning == "ip":
            return addresses.address(value, notes)
        if column.dtype == "timestamp":
            return _moment(value, plan, context, notes)
        if column.dtype != "string":
            return _PLAIN[column.dtype](value, plan.profile)
    except RefusedError as refused:
        raise RefusedError(refused.reason, refused.detail or column.name) from None
    text = paths.written(value)
    if column.meaning == "handle" and text and _LATIN.search(text) and _LIKE_LATIN.search(text):
        notes.flag(HOMOGLYPH)
    return text


def _money(
    column: Column,
    value: Any,
    plan: Plan,
    notes: Notes,
    currency: dict[str, str | None],
) -> int | float | str | None:
    found = numbers.amount(value, plan.profile)
    if found is None:
        return None
    if found.value < 0:
        notes.flag(REFUND)
    currency[f"{column.name}_currency"] = found.currency
    if column.dtype == "int64":
        return found.minor()
    return float(found.value) if column.dtype == "float64" else str(found.value)


def _moment(value: Any, plan: Plan, context: Context, notes: Notes) -> int | None:
    if value is None or value == "":
        return None
    try:
        return times.instant(value, plan.profile, plan.newest or context.newest, notes).micros
    except RefusedError as refused:
        raise RefusedError(BAD_TIME if refused.reason == times.NO_TIMESTAMP else refused.reason) from None


def _time(unit: Unit, fields: Fields, taken: set[str], plan: Plan, context: Context) -> None:
    for path in plan.times or _default_times(plan):
        found, value = paths.find(fields, path, unit.notes)
        if not found or value is None or value == "":
            continue
        taken.add(path if path in fields else paths.split(path)[0])
        instant = times.instant(value, plan.profile, plan.newest or context.newest, unit.notes)
        unit.event_ts = times.against_arrival(instant.micros, context.arrived, unit.notes)
        if unit.event_ts != instant.micros:
            unit.extras[RAW_TIME] = paths.written(value)
        unit.precision, unit.zone_source = instant.precision, instant.zone_source
        return
    raise RefusedError(times.NO_TIMESTAMP)


def _default_times(plan: Plan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for format_ in plan.formats for name in format_.times))
