"""Fingerprints: what a declaration computes, apart from how it is described.

Two fingerprints differ exactly when the data may differ, so a changed description
rebuilds nothing and a changed window rebuilds everything that follows from it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from riskloom.declare.encode import view_to_dict

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.declare import EventSource, FeatureView

# Names are kept: a feature's name, and so what a model reads, follows from those of its filters.
_FOR_PEOPLE = frozenset({"description", "owner", "max_staleness", "risks"})
_FOR_PEOPLE_OF_SOURCE = _FOR_PEOPLE | {"units"}
_READ_OF_SOURCE = ("columns", "event_id", "available", "delay")
_LENGTH = 16


def view_fingerprint(view: FeatureView) -> str:
    """Fingerprint what decides a view's values.

    Returns:
        16 hexadecimal digits.

    Example:
        >>> from dataclasses import replace
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(name="logins", files="*.log", transform="l:f", columns={"user_name": "string"})
        >>> counts = (aggregate.count(),)
        >>> view = FeatureView(name="user_logins", entity=user, source=logins, windows=("5m",), aggregations=counts)
        >>> view_fingerprint(view) == view_fingerprint(replace(view, description="better said"))
        True
        >>> view_fingerprint(view) == view_fingerprint(replace(view, windows=("10m",)))
        False
    """
    data = view_to_dict(view)
    source = data.pop("source")
    used = {key: source[key] for key in _READ_OF_SOURCE}
    used["columns"] = {column: used["columns"][column] for column in view.event_columns}
    return _digest({**_without(data), "source": used})


def declaration_fingerprint(data: dict[str, Any]) -> str:
    """Fingerprint a declaration that was written as plain data, but for what is for people.

    Returns:
        16 hexadecimal digits.
    """
    return _digest(_without(data))


def source_fingerprint(source: EventSource, transform: Path | None) -> str:
    """Fingerprint what decides a source's events: its declaration and the text of its transform.

    Args:
        source: The source.
        transform: File that holds its transform; None for a source that has none.

    Returns:
        16 hexadecimal digits.
    """
    declared = {key: value for key, value in vars(source).items() if key not in _FOR_PEOPLE_OF_SOURCE}
    text = transform.read_text(encoding="utf-8") if transform else ""
    return _digest({**declared, "transform_text": text})


def _without(data: Any) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(data, dict):
        return {key: _without(value) for key, value in data.items() if key not in _FOR_PEOPLE}
    return [_without(item) for item in data] if isinstance(data, list | tuple) else data


def _digest(data: dict[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
