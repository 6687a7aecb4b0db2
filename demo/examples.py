"""What the demo shows of each service: a training set, and one online answer beside it."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from riskloom import OnlineFeatures, build_training_set
from riskloom.intervals import to_datetime
from riskloom.lake import ops, tables
from riskloom.lake.paths import Lake

if TYPE_CHECKING:
    from datetime import datetime

    from riskloom.project import Project

TRAINING_ROWS = 2_000
_CANDIDATES = 200
_READS = 200


@dataclass(frozen=True, kw_only=True)
class Example:
    """One service, shown.

    Attributes:
        service: Name of the service.
        training_rows: Rows of its training set.
        keys: The entity that is read online.
        online: Feature to value, read online.
        training: Feature to value at the same instant, from the training set.
        instants: Feature to the instant, its view's watermark.
        statuses: Feature to status.
        milliseconds: Times of single online reads.
    """

    service: str
    training_rows: int
    keys: dict[str, Any]
    online: dict[str, Any]
    training: dict[str, Any]
    instants: dict[str, str]
    statuses: dict[str, str]
    milliseconds: list[float]

    @property
    def differing(self) -> list[str]:
        """Features whose online value is not the training value."""
        return [name for name, value in self.online.items() if value != self.training[name]]

    @property
    def non_zero(self) -> int:
        """How many features are neither null nor zero."""
        return sum(value not in (None, 0) for value in self.online.values())


def show(project: Project, service: str) -> Example:
    """Build a service's training set and read one entity of it online.

    Args:
        project: The project, its tables built.
        service: Name of the service.

    Returns:
        What came out, online and training side by side.
    """
    spine = training_spine(project, service)
    training = build_training_set(service, spine, project=project.root, output="arrow")
    keys, expected, instants = _busiest(project, service, spine)
    client = OnlineFeatures.connect(project.settings.feature_repo)
    answer = client.get(service, keys)
    return Example(
        service=service,
        training_rows=training.num_rows,
        keys=keys,
        online=answer.values,
        training=expected,
        instants=instants,
        statuses=answer.statuses,
        milliseconds=[_timed(client, service, keys) for _ in range(_READS)],
    )


def training_spine(project: Project, service: str) -> pa.Table:
    """Take the newest events of a service's sources as rows to train on: its entity keys and the event's time."""
    views = [view for view, _ in project.service_features(service)]
    keys = list(dict.fromkeys(key for view in views for key in view.entity.key_columns))
    lake = Lake(project.settings.lake)
    events = tables.read(lake.silver(views[0].source.name), [*keys, "event_ts", "event_id"])
    for key in keys:
        events = events.filter(pc.is_valid(events[key]))
    newest = events.sort_by([("event_ts", "descending"), ("event_id", "ascending")]).slice(0, TRAINING_ROWS)
    return newest.select([*keys, "event_ts"]).rename_columns([*keys, "event_timestamp"])


def _busiest(project: Project, service: str, spine: pa.Table) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Choose the entity with the most non-zero features at the watermarks, among those seen last."""
    keys = [name for name in spine.column_names if name != "event_timestamp"]
    candidates = list(
        {tuple(row.values()): row for row in spine.select(keys).slice(0, _CANDIDATES).to_pylist()}.values()
    )
    values: list[dict[str, Any]] = [{} for _ in candidates]
    instants: dict[str, str] = {}
    named: dict[datetime, list[str]] = {}
    for view, features in project.service_features(service):
        at = to_datetime(ops.latest_view(Lake(project.settings.lake), view.name).watermark)
        names = [project.output_name(service, view.name, feature.name) for feature in features]
        instants.update(dict.fromkeys(names, at.isoformat()))
        named.setdefault(at, []).extend(names)
    for at, names in named.items():
        rows = pa.Table.from_pylist([{**row, "event_timestamp": at} for row in candidates])
        found = build_training_set(service, rows, project=project.root, output="arrow").to_pylist()
        for target, row in zip(values, found, strict=True):
            target.update({name: row[name] for name in names})
    best = max(
        range(len(candidates)), key=lambda place: sum(value not in (None, 0) for value in values[place].values())
    )
    return candidates[best], values[best], instants


def _timed(client: OnlineFeatures, service: str, keys: dict[str, Any]) -> float:
    begun = time.perf_counter()
    client.get(service, keys)
    return (time.perf_counter() - begun) * 1_000


def p50(examples: list[Example]) -> float:
    """Give the median time of a single online read, in milliseconds."""
    return round(statistics.median(ms for example in examples for ms in example.milliseconds), 3)
