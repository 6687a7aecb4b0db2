"""Declarations as plain data: for the registry, for fingerprints, and back again."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date
from typing import Any

from riskloom.declare import formats
from riskloom.declare.aggregation import Aggregation
from riskloom.declare.batch_view import BatchFeatureView
from riskloom.declare.entity import Entity
from riskloom.declare.filter import Filter
from riskloom.declare.label import LabelSource
from riskloom.declare.profile import Profile
from riskloom.declare.source import EventSource
from riskloom.declare.view import FeatureView


def view_to_dict(view: FeatureView) -> dict[str, Any]:
    """Write a view, its entity and its source as JSON-ready data.

    Example:
        >>> from riskloom import Entity, EventSource, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(name="logins", files="*.log", transform="l:f", columns={"user_name": "string"})
        >>> counts = (aggregate.count(),)
        >>> view = FeatureView(name="user_logins", entity=user, source=logins, windows=("5m",), aggregations=counts)
        >>> view_from_dict(view_to_dict(view)) == view
        True
    """
    data: dict[str, Any] = _plain(asdict(view))
    data["source"]["format"] = [_format_to_dict(one) for one in view.source.formats]
    return data


def view_from_dict(data: dict[str, Any]) -> FeatureView:
    """Read what ``view_to_dict`` wrote, JSON's lists included."""
    arguments = _tuples(data)
    arguments["entity"] = Entity(**arguments["entity"])
    arguments["source"] = source_from_dict(arguments["source"])
    arguments["aggregations"] = tuple(_aggregation(part) for part in arguments["aggregations"])
    return FeatureView(**arguments)


def batch_view_to_dict(view: BatchFeatureView) -> dict[str, Any]:
    """Write a batch view and its entity as JSON-ready data."""
    data: dict[str, Any] = _plain(asdict(view))
    return data


def batch_view_from_dict(data: dict[str, Any]) -> BatchFeatureView:
    """Read what ``batch_view_to_dict`` wrote, JSON's lists included."""
    arguments = _tuples(data)
    arguments["entity"] = Entity(**arguments["entity"])
    return BatchFeatureView(**arguments)


def label_to_dict(label: LabelSource) -> dict[str, Any]:
    """Write a label, its entity and its source as JSON-ready data."""
    data: dict[str, Any] = _plain(asdict(label))
    data["source"]["format"] = [_format_to_dict(one) for one in label.source.formats]
    return data


def label_from_dict(data: dict[str, Any]) -> LabelSource:
    """Read what ``label_to_dict`` wrote, JSON's lists included."""
    arguments = _tuples(data)
    arguments["entity"] = Entity(**arguments["entity"])
    arguments["source"] = source_from_dict(arguments["source"])
    return LabelSource(**arguments)


def source_from_dict(data: dict[str, Any]) -> EventSource:
    """Read a source from plain data."""
    arguments = _tuples(data)
    if arguments["reference_date"] is not None:
        arguments["reference_date"] = date.fromisoformat(arguments["reference_date"])
    arguments["format"] = tuple(_format(part) for part in arguments["format"])
    arguments["profile"] = Profile(**arguments["profile"])
    return EventSource(**arguments)


def _format_to_dict(one: formats.Format) -> dict[str, Any]:
    return {"kind": type(one).__name__, **_plain(asdict(one))}


def _format(data: dict[str, Any]) -> formats.Format:
    arguments = dict(data)
    kind: type[formats.Format] = getattr(formats, arguments.pop("kind"))
    return kind(*arguments["patterns"]) if kind is formats.LinePattern else kind(**arguments)


def _aggregation(data: dict[str, Any]) -> Aggregation:
    arguments = {item.name: data[item.name] for item in fields(Aggregation)}
    arguments["where"] = Filter(**data["where"]) if data["where"] else None
    arguments["parts"] = tuple(_aggregation(part) for part in data["parts"])
    return Aggregation(**arguments)


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _tuples(value: Any) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
