"""Training sets: a service's features at each event of its source, the labels known by an instant, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.models.decisions import NAMED
from demo.models.tables import CASES, TRUTH, events_of
from riskloom import build_training_set
from riskloom.intervals import to_datetime
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.run.training_sets import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from demo.models.decisions import Decision
    from riskloom.project import Project

TIME = "event_timestamp"
OWN = "own."
KEPT = "models"


@dataclass(frozen=True)
class Set:
    """A service's training set over the whole period.

    Attributes:
        rows: Its rows, by time: keys, features, labels known by the cut, the event's own fields (named ``own.``), and
            the truth, which judges alone.
        keys: Names of the service's keys.
        features: Names of its features.
        of_source: Those of them that are of the events' own source.
        fields: Names of the event's own fields.
        first_known: For each label, from when on the first attack is known, in microseconds; None for never.
    """

    rows: pa.Table
    keys: tuple[str, ...]
    features: tuple[str, ...]
    of_source: tuple[str, ...]
    fields: tuple[str, ...]
    first_known: Mapping[str, int | None]


def training_set(project: Project, world: Path, decisions: Sequence[Decision], cut: int) -> Set:
    """Build the training set of a service, and keep it: a row for each event of its source that is judged.

    Args:
        project: The platform's project, its tables there.
        world: Folder of the simulation.
        decisions: The service's.
        cut: Instant by which labels must have been known, in microseconds.
    """
    source, service = project.source(decisions[0].source), decisions[0].service
    events = events_of(source, world).sort_by([("event_ts", "ascending"), ("event_id", "ascending")])
    judged = [decision.judged(events).to_numpy() for decision in decisions]
    events = events.filter(pa.array(np.logical_or.reduce(judged)))
    for name, column in NAMED.get(source.name, {}).items():
        events = events.append_column(name, events[column])
    labels = [decision.label for decision in decisions]
    keys = project.service_keys(service)
    named = dict.fromkeys((*keys, *(key for label in labels for key in project.labels[label].entity.key_columns)))
    spine = events.select(["event_id", *named, "event_ts"]).rename_columns(["event_id", *named, TIME])
    rows = build_training_set(
        service,
        spine,
        project=project,
        labels=labels,
        label_as_of=to_datetime(cut),
        output="arrow",
        out=project.settings.state / FOLDER / service / KEPT,
    )
    sources = {
        project.output_name(service, view.name, feature.name): view.source.name
        for view, some in project.service_features(service)
        for feature in some
    }
    fields = tuple(f"{OWN}{name}" for name in source.columns)
    added = [*zip(fields, source.columns, strict=True), *((name, name) for name in TRUTH)]
    for name, column in added:
        rows = rows.append_column(name, events[column])
    return Set(
        rows=rows,
        keys=tuple(keys),
        features=tuple(sources),
        of_source=tuple(name for name, of in sources.items() if of == source.name),
        fields=fields,
        first_known={one.label: _first_known(project, one) for one in decisions},
    )


def _first_known(project: Project, decision: Decision) -> int | None:
    known = tables.read(
        Lake(project.settings.lake).silver(CASES), ["available_ts"], filters=pc.field(decision.risk) == pa.scalar(True)
    )
    first: int | None = pc.min(known["available_ts"]).cast(pa.int64()).as_py()
    return first
