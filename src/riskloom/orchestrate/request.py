"""What a DAG run is asked to do: from its configuration, its asset events or its data interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset

from riskloom.errors import OrchestrationError, TimeError
from riskloom.intervals import Interval, covering
from riskloom.orchestrate.assets import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

SOURCES = "sources"
REPLAY = "replay"
ALL = "all"


def asked_interval(dag: str, params: Mapping[str, Any]) -> Interval | None:
    """Read the interval of a run's configuration.

    Args:
        dag: Name of the DAG, for the error.
        params: The run's configuration over the DAG's defaults.

    Returns:
        The interval, or None where the configuration names none.

    Raises:
        OrchestrationError: A key is unknown, or the interval is none.
    """
    for name in params:
        if name not in (INTERVAL, SOURCES, REPLAY):
            raise OrchestrationError.unknown_setting(dag, name, (INTERVAL, SOURCES, REPLAY))
    text = params.get(INTERVAL)
    if text is None:
        return None
    try:
        return _parse(text)
    except TimeError as error:
        raise OrchestrationError.bad_setting(dag, INTERVAL, str(error)) from error


def asked_sources(dag: str, params: Mapping[str, Any]) -> list[str] | None:
    """Read the names of sources of a run's configuration; None for all.

    Raises:
        OrchestrationError: It is no list of names.
    """
    names = params.get(SOURCES)
    if names is None:
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise OrchestrationError.bad_setting(
            dag, SOURCES, f'{names!r} is no list of sources. Write one, such as ["orders"].'
        )
    return names


def asked_replay(dag: str, params: Mapping[str, Any]) -> str | None:
    """Read the reason whose quarantined lines a run's configuration wants loaded again, or ``all``; None for none.

    Raises:
        OrchestrationError: It is no text.
    """
    reason = params.get(REPLAY)
    if reason is not None and not (isinstance(reason, str) and reason):
        why = f'{reason!r} is no reason. Write one as `riskloom status` shows it, or "{ALL}".'
        raise OrchestrationError.bad_setting(dag, REPLAY, why)
    return reason


def data_interval(context: Context) -> Interval | None:
    """Give the stretch of data that a run stands for; None for one that was started by hand without a date."""
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        return None
    # As text: Airflow's own datetimes do not divide as those of the standard library.
    return Interval.parse(f"{start.isoformat()}/{end.isoformat()}")


def triggering(context: Context) -> dict[str, Interval]:
    """Give what the asset events that started a run say.

    Returns:
        By the name of each asset, the interval that covers all of its events.

    Raises:
        OrchestrationError: An event carries no interval, or something else in its place.
    """
    events = context["triggering_asset_events"]
    # An alias repeats the events of its assets.
    assets = [key for key in events if isinstance(key, Asset)]
    return {key.name: covering(event_interval(key.name, event.extra) for event in events[key]) for key in assets}


def event_interval(asset: str, extra: Mapping[str, Any] | None) -> Interval:
    """Read the interval that an asset event carries.

    Raises:
        OrchestrationError: It carries none, or something else in its place.
    """
    text = (extra or {}).get(INTERVAL)
    if text is None:
        raise OrchestrationError.bad_event(asset, "it carries no interval.")
    try:
        return _parse(text)
    except TimeError as error:
        raise OrchestrationError.bad_event(asset, str(error)) from error


def _parse(text: object) -> Interval:
    if not isinstance(text, str):
        raise TimeError.bad_interval(text)
    return Interval.parse(text)
