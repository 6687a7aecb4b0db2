"""Oracle: what training sets hold of sampled entities, beside the slow oracle's values of the clean events.

``python -m demo.oracle`` does so for the platform that ``make demo SCALE=S`` has left. Entities of which a damaged line
lost something are left out, and those with so many events that a slow oracle would take all day.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from demo.catalogue.derived import with_derived
from demo.parity import at_watermarks
from riskloom.intervals import to_micros
from riskloom.project import Project
from riskloom.testing import naive
from riskloom.testing.rows import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.declare import EventSource, FeatureView

Row = dict[str, Any]
Key = tuple[Any, ...]
ENTITIES = 200
MOST_EVENTS = 3_000
_SHOWN = 3


@dataclass(frozen=True)
class Checked:
    """What was compared.

    Attributes:
        entities: How many keys of services.
        values: How many features of them.
        faults: What differs, a sentence each.
    """

    entities: int
    values: int
    faults: list[str]


class Truth:
    """A simulation's clean events, by source and by entity.

    Args:
        project: The project that reads its logs.
        folder: The simulation's.
    """

    def __init__(self, project: Project, folder: Path) -> None:
        self._project, self._folder = project, folder
        self._events: dict[str, list[Row]] = {}
        self._by_key: dict[str, dict[Key, list[Row]]] = {}
        listed = pc_csv.read_csv(folder / "truth" / "mess.csv").to_pylist()
        self._lost = {row["event_id"] for row in listed if row["loses"]}

    def events(self, source: EventSource) -> list[Row]:
        """Give the events of a source; none where it had none."""
        if source.name not in self._events:
            read = self._cases() if source.name == "cases" else self._happened(source)
            self._events[source.name] = read
        return self._events[source.name]

    def of(self, view: FeatureView, key: Key) -> list[Row]:
        """Give the events that a view reads of an entity."""
        if view.name not in self._by_key:
            by_key = self._by_key[view.name] = defaultdict(list)
            for row in self.events(view.source):
                by_key[tuple(row[name] for name in view.entity.key_columns)].append(row)
        return self._by_key[view.name].get(key, [])

    def whole(self, view: FeatureView, row: Row) -> bool:
        """Say whether nothing of an entity was lost, and a slow oracle ends within the day."""
        events = self.of(view, tuple(row[name] for name in view.entity.key_columns))
        return len(events) <= MOST_EVENTS and not any(row["event_id"] in self._lost for row in events)

    def _happened(self, source: EventSource) -> list[Row]:
        folder = self._folder / "truth" / "events" / source.name
        if not folder.is_dir():
            return []
        parts = pa.concat_tables([pq.read_table(part) for part in sorted(folder.iterdir())])
        rows: list[Row] = with_derived(source, parts).to_pylist()
        return [row | {"event_ts": to_micros(row["event_ts"])} for row in rows]

    def _cases(self) -> list[Row]:
        """Read what the case desk noted, in whose files nothing is damaged."""
        rows: list[Row] = []
        for path in sorted((self._folder / "raw" / "cases").rglob("*.csv")):
            with path.open(newline="", encoding="utf-8") as file:
                rows += [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]
        return [
            row | {"event_id": row["case_id"], "event_ts": to_micros(row["time"]), "fraud": row["fraud"] == "true"}
            for row in rows
        ]


def check(project: Project, folder: Path, entities: int = ENTITIES, seed: int = 7) -> Checked:
    """Compare training sets at the views' watermarks with the slow oracle's values.

    Args:
        project: The project, its tables built.
        folder: The simulation's.
        entities: How many to sample, spread over the services.
        seed: Of the sample.
    """
    truth, random = Truth(project, folder), Random(seed)  # noqa: S311 - no secret
    faults: list[str] = []
    asked = values = 0
    each = -(-entities // len(project.services))
    for service in project.services:
        keys = _sampled(project, service, truth, random, each)
        if not keys:
            continue
        found, instants = at_watermarks(project, service, keys)
        asked += len(keys)
        for view, features in project.service_features(service):
            names = {project.output_name(service, view.name, feature.name): feature for feature in features}
            for row, key in zip(found, keys, strict=True):
                if truth.whole(view, key):
                    values += len(names)
                    faults += _differing(view, names, row, key, truth, instants)
    return Checked(asked, values, faults)


def _sampled(project: Project, service: str, truth: Truth, random: Random, number: int) -> list[Row]:
    """Choose the keys of events of a service's first source, half of whose entities at least are whole."""
    views = [view for view, _ in project.service_features(service)]
    names = list(project.service_keys(service))
    if not all(truth.events(view.source) for view in views):
        return []
    rows = [row for row in truth.events(views[0].source) if all(row[name] is not None for name in names)]
    random.shuffle(rows)
    found: dict[Key, Row] = {}
    for row in rows:
        if len(found) == number:
            break
        if 2 * sum(truth.whole(view, row) for view in views) >= len(views):
            found[tuple(row[name] for name in names)] = {name: row[name] for name in names}
    return list(found.values())


def _differing(
    view: FeatureView, names: dict[str, Any], found: Row, key: Row, truth: Truth, instants: dict[str, str]
) -> Iterator[str]:
    own = {name: key[name] for name in view.entity.key_columns}
    events = normalise(view, truth.of(view, tuple(own.values())))
    for output, feature in names.items():
        at = to_micros(instants[output])
        wanted = naive.feature_value(feature, events, own, at)
        tolerance = partial(naive.tolerance, feature, events, own, at)
        if not naive.agree(found[output], wanted, tolerance):
            yield f"{output} of {own} is {found[output]!r}, and by the oracle {wanted!r}"


def main() -> int:
    """Check the platform that the demo has left, and say what differs."""
    project = Project.load(Path(__file__).resolve().parents[1] / "demo" / "platform")
    checked = check(project, project.settings.data.parent)
    for fault in checked.faults[:_SHOWN]:
        sys.stdout.write(f"FAILED: {fault}\n")
    sys.stdout.write(
        f"{checked.entities} entities, {checked.values:,} values: {len(checked.faults):,} differ from the oracle's\n"
    )
    return 1 if checked.faults else 0


if __name__ == "__main__":
    sys.exit(main())
