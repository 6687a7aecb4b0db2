"""Fields to columns: names, types, the event's time, and what is left over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from riskloom.extract import drift
from riskloom.extract.formats import addresses, numbers, paths, strict_json, times
from riskloom.extract.formats.reading import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from riskloom.declare.profile import Profile
    from riskloom.extract.formats.plan import Column, Plan, Tree
    from riskloom.extract.formats.reading import Fields, Notes
    from riskloom.extract.formats.record import Context, Unit

REFUND, HOMOGLYPH = "refund", "homoglyph"
BAD_TIME, TRUNCATED = "bad_timestamp", "truncated_json"
CLOSED = "closed_brackets"
RAW_TIME = "event_ts_raw"
_PLAIN: dict[str, Callable[[Any, Profile], Any]] = {
    "int64": numbers.whole,
    "float64": numbers.fraction,
    "bool": lambda value, _: numbers.truth(value),
}
_LATIN, _LIKE_LATIN = re.compile("[A-Za-z]"), re.compile("[\u0370-\u03ff\u0400-\u04ff\uff21-\uff5a]")


def typed(
    unit: Unit,
    fields: Fields,
    plan: Plan,
    context: Context,
    kept: frozenset[str] | None = None,
    *,
    tells_types: bool = False,
) -> Unit:
    """Fill a unit from the fields of an event.

    Args:
        unit: With the notes so far.
        fields: Names and values.
        plan: The columns.
        context: What is known of the record.
        kept: Fields that are worth keeping where no column takes them; None for all.
        tells_types: Whether the format writes text, numbers and truths each in its own way, as JSON does.

    Raises:
        RefusedError: A required field is missing, a value does not fit its column, or the time is no time.
    """
    notes = unit.notes
    currency: dict[str, str | None] = {}
    for column in plan.columns:
        value = _value(column, fields, unit)
        if (
            tells_types
            and value is not None
            and _written_as(value) != drift.WRITTEN_AS.get(column.dtype, _written_as(value))
        ):
            unit.drift.append(f"{drift.RETYPED}:{column.name}")
        if column.required and (value is None or value == ""):
            raise RefusedError(
                TRUNCATED if CLOSED in notes.repairs else f"{drift.MISSING_REQUIRED}:{column.name}", column.name
            )
        unit.values.append(_fit(column, value, plan, context, notes, currency))
    for number, column in enumerate(plan.columns):
        if unit.values[number] is None and column.name in currency:
            unit.values[number] = currency[column.name]
    used = _time(unit, fields, plan, context)
    rest = fields if kept is None else {name: value for name, value in fields.items() if name in kept}
    unit.extras |= {name: text for name, text in _rest(rest, plan.tree, "") if name != used and name not in plan.paths}
    return unit


def _rest(fields: Fields, tree: Tree, prefix: str) -> Iterator[tuple[str, str | None]]:
    """Give what no column takes; of an object that columns are read from, what they leave of it."""
    for key, value in fields.items():
        below = tree.get(key)
        if value is None or (below is not None and not below):
            continue
        if below is not None and isinstance(value, dict):
            yield from _rest(value, below, f"{prefix}{key}.")
        else:
            yield str(paths.written(f"{prefix}{key}")), paths.written(value)


def _value(column: Column, fields: Fields, unit: Unit) -> Any:
    value = None
    for path in column.paths:
        found, there = paths.find(fields, path, unit.notes)
        if found and value is None and there is not None:
            value = there
            if path != column.paths[0]:
                unit.drift.append(f"{drift.ALIAS}:{path}")
    return value


def _written_as(value: Any) -> str:
    if isinstance(value, bool):
        return drift.TRUTH
    if isinstance(value, strict_json.Number | int | float):
        return drift.NUMBER
    return drift.TEXT if isinstance(value, str) else drift.NESTED


def _fit(
    column: Column,
    value: Any,
    plan: Plan,
    context: Context,
    notes: Notes,
    currency: dict[str, str | None],
) -> Any:
    if value is None:
        return None
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


def _time(unit: Unit, fields: Fields, plan: Plan, context: Context) -> str:
    """Set the event's time, and say which field holds it."""
    for path in plan.all_times:
        found, value = paths.find(fields, path, unit.notes)
        if not found or value is None or value == "":
            continue
        instant = times.instant(value, plan.profile, plan.newest or context.newest, unit.notes)
        unit.event_ts = times.against_arrival(instant.micros, context.arrived, unit.notes)
        if unit.event_ts != instant.micros:
            unit.extras[RAW_TIME] = paths.written(value)
        unit.precision, unit.zone_source = instant.precision, instant.zone_source
        if path in plan.times[1:]:
            unit.drift.append(f"{drift.ALIAS}:{path}")
        return path
    raise RefusedError(times.NO_TIMESTAMP)
