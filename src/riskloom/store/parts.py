"""The parts of a training set: windowed views, batch views and labels, each over one version of one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.errors import StoreError
from riskloom.intervals import parse_duration, to_micros
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.store import point_in_time
from riskloom.store import spine as spines
from riskloom.store.lookup import Lookup
from riskloom.store.point_in_time import AVAILABLE_TS, EVENT_ID, EVENT_TS
from riskloom.store.spine import AT
from riskloom.windows import as_of
from riskloom.windows.tables import INSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from riskloom.declare import BatchFeatureView, Entity, Feature, FeatureView, LabelSource, TableColumn
    from riskloom.project import Project

_EVENT, _SEEN = "__event", "__seen"


@dataclass(frozen=True, kw_only=True)
class WindowPart:
    """Features of a windowed view.

    Attributes:
        view: The view.
        path: Its gold table.
        version: Version of that table; None for the newest.
        features: Features by output column.
    """

    view: FeatureView
    path: Path
    version: int | None
    features: Mapping[str, Feature]

    @property
    def name(self) -> str:
        """Name of the view."""
        return self.view.name

    @property
    def entity(self) -> Entity:
        """Whose features they are."""
        return self.view.entity

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that are read."""
        return point_in_time.event_columns(self.view)

    def values(self, spine: pa.Table) -> dict[str, pa.ChunkedArray]:
        """Give the features of each spine row, by output column."""
        keys = spines.keys_and_instants(spine, self.name, self.entity.keys)
        names = [feature.name for feature in self.features.values()]
        found = point_in_time.values(self.view, self.path, keys, names, self.version)
        return {output: found.column(feature.name) for output, feature in self.features.items()}


@dataclass(frozen=True, kw_only=True)
class BatchPart:
    """Features of a batch view.

    Attributes:
        view: The view.
        path: Its table.
        version: Version of that table; None for the newest.
        features: Features by output column.
    """

    view: BatchFeatureView
    path: Path
    version: int | None
    features: Mapping[str, TableColumn]

    @property
    def name(self) -> str:
        """Name of the view."""
        return self.view.name

    @property
    def entity(self) -> Entity:
        """Whose features they are."""
        return self.view.entity

    @property
    def lookup(self) -> Lookup:
        """How its table is joined."""
        return Lookup(
            view=self.name,
            path=self.path,
            version=self.version,
            keys=dict(self.entity.keys),
            timestamp=self.view.timestamp,
            created=self.view.created,
            ttl=self.view.lifetime,
            columns={feature.name: feature.dtype for feature in self.features.values()},
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that are read."""
        return self.lookup.read

    def values(self, spine: pa.Table) -> dict[str, pa.ChunkedArray]:
        """Give the features of each spine row, by output column."""
        asked = spines.keys_and_instants(spine, self.name, self.entity.keys)
        return self._named(self.lookup.values(asked))

    def join(self, asked: pa.Table, rows: pa.Table) -> dict[str, pa.ChunkedArray]:
        """Join keys and instants with rows of the table."""
        return self._named(self.lookup.join(asked, rows))

    def _named(self, found: pa.Table) -> dict[str, pa.ChunkedArray]:
        return {output: found.column(feature.name) for output, feature in self.features.items()}


@dataclass(frozen=True, kw_only=True)
class LabelPart:
    """The label of each spine row, as it was known by an instant.

    A label belongs to the row whose keys and instant are those of the labelled event. Of several that were available
    by then the one that became available last counts, so a revocation goes before what it revokes.

    Attributes:
        label: The label.
        path: Silver table of its source.
        version: Version of that table; None for the newest.
        known_at: Instant by which labels must have been available, in microseconds since the epoch; or else None.
        maturity: Microseconds after a row's own instant by which its label must have been available; or else None.
    """

    label: LabelSource
    path: Path
    version: int | None
    known_at: int | None = None
    maturity: int | None = None

    @property
    def name(self) -> str:
        """Name of the label, and of its column."""
        return self.label.name

    @property
    def entity(self) -> Entity:
        """Whose event is labelled."""
        return self.label.entity

    @property
    def features(self) -> dict[str, TableColumn]:
        """The label, by output column."""
        from riskloom.declare import TableColumn

        return {self.name: TableColumn(self.name, self.label.source.columns[self.label.value])}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that are read."""
        own = [self.label.available] if self.label.available else []
        read = [*self.entity.key_columns, self.label.value, EVENT_ID, EVENT_TS, AVAILABLE_TS, *own]
        return tuple(dict.fromkeys(read))

    def values(self, spine: pa.Table) -> dict[str, pa.ChunkedArray]:
        """Give the label of each spine row; null where none was known."""
        asked = spines.keys_and_instants(spine, self.name, self.entity.keys)
        return self.join(asked, tables.read(self.path, columns=self.columns, version=self.version))

    def join(self, asked: pa.Table, rows: pa.Table) -> dict[str, pa.ChunkedArray]:
        """Join keys and instants with labels."""
        times = asked.column(AT).cast(pa.int64())
        known = pc.add(times, self.maturity) if self.known_at is None else pa.repeat(self.known_at, len(times))
        asked = asked.drop_columns([AT]).append_column(_EVENT, times).append_column(AT, known.cast(INSTANT))
        events = rows.column(EVENT_TS).cast(INSTANT).cast(pa.int64())
        rows = self._seen(rows.append_column(_EVENT, events))
        keys = [*self.entity.key_columns, _EVENT]
        found = as_of(asked, rows, keys=keys, at=AT, event_ts=_SEEN, columns=[EVENT_ID, self.label.value])
        return {self.name: found.column(self.label.value)}

    def _seen(self, rows: pa.Table) -> pa.Table:
        """Say when each label was available; one of which nobody knows is never seen."""
        seen = rows.column(AVAILABLE_TS).cast(INSTANT).cast(pa.int64())
        if self.label.available:
            own = rows.column(self.label.available).cast(INSTANT).cast(pa.int64())
            seen = pc.if_else(pc.is_valid(own), pc.max_element_wise(seen, own), pa.scalar(None, pa.int64()))
        if self.label.delay:
            seen = pc.max_element_wise(seen, pc.add(rows.column(_EVENT), parse_duration(self.label.delay)))
        return rows.append_column(_SEEN, seen.cast(INSTANT)).filter(pc.is_valid(seen))


Part = WindowPart | BatchPart | LabelPart


def parts_of(
    project: Project,
    service: str,
    *,
    labels: Sequence[str] = (),
    label_as_of: Any = None,  # noqa: ANN401 - an instant of any kind
    label_maturity: str | None = None,
) -> tuple[Part, ...]:
    """Work out what a training set of a service is made of, pinned to the tables' newest versions.

    Args:
        project: The project.
        service: Name of the service.
        labels: Names of the labels wanted.
        label_as_of: Instant by which labels must have been available.
        label_maturity: How long after a row's own instant its label must have been available.

    Raises:
        ProjectError: There is no such service or label.
        StoreError: A table is missing, or nothing or too much says when labels must be known.
    """
    lake = Lake(project.settings.lake)
    parts: list[Part] = []
    for view, features in project.service_features(service):
        path = lake.gold(view.name)
        if not tables.exists(path):
            raise StoreError.no_table(view.name, path)
        outputs = {project.output_name(service, view.name, feature.name): feature for feature in features}
        parts.append(WindowPart(view=view, path=path, version=tables.version(path), features=outputs))
    for batch, columns in project.service_columns(service):
        path = project.batch_table(batch)
        if not tables.exists(path):
            raise StoreError.no_batch_table(batch.name, path)
        named = {project.output_name(service, batch.name, column.name): column for column in columns}
        parts.append(BatchPart(view=batch, path=path, version=tables.version(path), features=named))
    return (*parts, *_labels(project, lake, labels, label_as_of, label_maturity))


def _labels(
    project: Project,
    lake: Lake,
    labels: Sequence[str],
    as_of_instant: Any,  # noqa: ANN401 - an instant of any kind
    maturity: str | None,
) -> list[LabelPart]:
    if bool(labels) != (as_of_instant is not None or maturity is not None) or None not in (as_of_instant, maturity):
        raise StoreError.label_instant()
    known_at = None if as_of_instant is None else to_micros(as_of_instant, "label_as_of")
    matured = None if maturity is None else parse_duration(maturity)
    found = []
    for name in labels:
        label = project.label(name)
        path = lake.silver(label.source.name)
        if not tables.exists(path):
            raise StoreError.no_label_table(name, label.source.name, path)
        version = tables.version(path)
        found.append(LabelPart(label=label, path=path, version=version, known_at=known_at, maturity=matured))
    return found
