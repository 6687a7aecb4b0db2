"""Parity: a service's online answers beside its training rows at the same instants, and what each costs."""

from __future__ import annotations

import math
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from riskloom import BatchFeatureView, build_training_set
from riskloom.intervals import to_datetime
from riskloom.lake import ops, tables
from riskloom.lake.paths import Lake
from riskloom.store.repo import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from riskloom import FeatureView, OnlineFeatures
    from riskloom.project import Project

KEYS = 1_000
_READS = 200
_CLOSE = 1e-9
# Bytes of an entity, in the tables of states and in those of Feast's own store.
_STATE = "avg(length(body))"
_PLAIN = "sum(length(value) + length(feature_name) + length(entity_key)) / count(DISTINCT entity_key)"
_ANSWERED = {"present", "null", "not_found"}
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parity:
    """A service read twice for the same keys at the same instants.

    Attributes:
        service: Its name.
        keys: The keys of each request.
        online: Values read online, by request.
        training: Values of the training set, by request.
        statuses: Statuses of the online values, by request.
        instants: At which each feature was read: its view's watermark.
        milliseconds: Times of single online reads.
        state_bytes: Bytes of the states that one request reads, on average; None for a store that does not say.
    """

    service: str
    keys: list[Row]
    online: list[Row]
    training: list[Row]
    statuses: list[dict[str, str]]
    instants: dict[str, str]
    milliseconds: list[float]
    state_bytes: int | None

    @property
    def differing(self) -> list[tuple[Row, str]]:
        """Requests and features whose online value is not the training value."""
        return [
            (keys, name)
            for keys, online, training, statuses in zip(
                self.keys, self.online, self.training, self.statuses, strict=True
            )
            for name, value in online.items()
            if statuses[name] not in _ANSWERED or not _same(value, training[name])
        ]

    @property
    def best(self) -> int:
        """The request with the most values that are neither null nor zero."""
        return max(range(len(self.keys)), key=lambda place: filled(self.training[place]))

    @property
    def p50(self) -> float:
        """Median time of a single online read, in milliseconds."""
        return statistics.median(self.milliseconds)


def filled(values: Row) -> int:
    """Count the values that are neither null nor zero."""
    return sum(value not in (None, 0) for value in values.values())


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return one == other


def parity(project: Project, service: str, client: OnlineFeatures, candidates: Sequence[Row]) -> Parity:
    """Read a service's features online and from a training set.

    Args:
        project: The project, its states materialized.
        service: Name of the service.
        client: Reads online.
        candidates: Keys, of which the first thousand different ones are read.

    Returns:
        Both readings.
    """
    keys = list({tuple(row.values()): row for row in candidates}.values())[:KEYS]
    training, instants = at_watermarks(project, service, keys)
    answers = client.get_many(service, keys)
    first = keys[: min(len(keys), _READS)]
    return Parity(
        service=service,
        keys=keys,
        online=[answer.values for answer in answers],
        training=training,
        statuses=[answer.statuses for answer in answers],
        instants=instants,
        milliseconds=[_timed(client, service, row) for row in first],
        state_bytes=_state_bytes(project, service),
    )


def at_watermarks(project: Project, service: str, keys: Sequence[Row]) -> tuple[list[Row], dict[str, str]]:
    """Give the training values of keys, each feature's at its view's watermark, and those instants."""
    values: list[Row] = [{} for _ in keys]
    instants: dict[str, str] = {}
    named: dict[datetime, list[str]] = {}
    for view, features in (*project.service_features(service), *project.service_columns(service)):
        at = _watermark(project, view)
        names = [project.output_name(service, view.name, feature.name) for feature in features]
        instants.update(dict.fromkeys(names, at.isoformat()))
        named.setdefault(at, []).extend(names)
    for at, names in named.items():
        rows = pa.Table.from_pylist([{**row, "event_timestamp": at} for row in keys])
        found = build_training_set(service, rows, project=project.root, output="arrow").to_pylist()
        for target, row in zip(values, found, strict=True):
            target.update({name: row[name] for name in names})
    return values, instants


def _watermark(project: Project, view: FeatureView | BatchFeatureView) -> datetime:
    """Give the instant up to which a view's source is complete; of a batch view, that of its newest rows."""
    if isinstance(view, BatchFeatureView):
        newest: datetime = pc.max(tables.read(project.batch_table(view), [view.timestamp])[view.timestamp]).as_py()
        return newest
    return to_datetime(ops.latest_view(Lake(project.settings.lake), view.name).watermark)


def _timed(client: OnlineFeatures, service: str, keys: Row) -> float:
    begun = time.perf_counter()
    client.get(service, keys)
    return (time.perf_counter() - begun) * 1_000


def _state_bytes(project: Project, service: str) -> int | None:
    """Add up the average size of a state, or of a batch view's row, of each view, where they are in SQLite."""
    config = open_store(project.settings.feature_repo).config
    inner = config.online_store.inner
    if inner["type"] != "sqlite":
        return None
    path = (Path(config.repo_path or ".") / inner["path"]).resolve()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        states = {f"riskloom_{config.project}_{view.name}": _STATE for view, _ in project.service_features(service)}
        rows = {f"{config.project}_{view.name}": _PLAIN for view, _ in project.service_columns(service)}
        sizes = [
            connection.execute(f'SELECT coalesce({size}, 0) FROM "{table}"').fetchone()[0]
            for table, size in {**states, **rows}.items()
            if table in known
        ]
    return round(sum(sizes))
