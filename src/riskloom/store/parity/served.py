"""Computes a sample of what was served once more, offline and at the instants of then, and compares."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.compute as pc

from riskloom.errors import StoreError
from riskloom.intervals import to_micros
from riskloom.lake import served, tables
from riskloom.lake.paths import Lake
from riskloom.store.client import OnlineFeatures
from riskloom.store.evaluate import NULL, PRESENT, Plan
from riskloom.store.parity.causes import Causes, Read
from riskloom.store.parity.changes import spine_of
from riskloom.store.parity.compared import Compared, Parity
from riskloom.store.point_in_time import values
from riskloom.store.repo import open_store
from riskloom.store.state import NEVER, Mark
from riskloom.tokens import Ring

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from riskloom.declare import FeatureView
    from riskloom.project import Project

    Rows = list[dict[str, Any]]

_TIMES = ("timestamp", "list[timestamp]")


class _Served(NamedTuple):
    """One row of the sample."""

    key: tuple[Any, ...]
    at: int
    values: dict[str, Any]
    statuses: dict[str, str]
    mark: Mark | None

    def read(self, name: str, dtype: str) -> Read:
        value = self.values[name]
        status = self.statuses.get(name, NULL if value is None else PRESENT)
        return Read(self.key, self.at, _typed(value, dtype), status, self.mark)


def parity_served(project: Project, service: str, *, sample: int = 1_000) -> Parity:
    """Compare what a server kept of its answers with the same values computed now, at the instants of the answers.

    Args:
        project: The project.
        service: Name of the service, whose views and features are compared, by whatever request they were served.
        sample: How many rows of each view, the newest first.

    Raises:
        ProjectError: There is no such service.
        PrivacyError: The keys for tokens are not there.
        StoreError: Nothing was kept of the service's windowed views, a table is missing, or the store can't be read.
    """
    lake = Lake(project.settings.lake)
    served.tidy(lake)
    client = OnlineFeatures(open_store(project.settings.feature_repo))
    causes, found, left_out, instants = Causes(project, client), [], 0, []
    for view, features in project.service_features(service):
        plan = Plan(view)
        rows = served.newest(lake, view.name, sample).to_pylist()
        kept = _of_now(plan, rows)
        left_out += len(rows) - len(kept)
        mine = _decoded(plan, kept, lake.gold(view.name))
        instants += [row.at for row in mine]
        found += _compared(plan, lake.gold(view.name), mine, [feature.name for feature in features], causes)
    if not instants:
        raise StoreError.nothing_served(service, left_out)
    return Parity(service, (min(instants), max(instants)), tuple(found), left_out)


def _of_now(plan: Plan, rows: Rows) -> Rows:
    """Give the rows that were made by the view as it is declared now, at an instant."""
    mine = plan.declaration.hex()
    return [row for row in rows if row["declaration"] == mine and row["at"] is not None]


def _compared(plan: Plan, path: Path, rows: Sequence[_Served], names: Sequence[str], causes: Causes) -> list[Compared]:
    compared = {name: Compared(f"{plan.view.name}:{name}") for name in names}
    if not rows:
        return list(compared.values())
    trained = values(plan.view, path, spine_of(plan.view, [(row.key, row.at) for row in rows]), names)
    wrong: dict[str, list[Read]] = {name: [] for name in names}
    for name, one in compared.items():
        dtype = plan.features[name].dtype
        for row, value in zip(rows, trained.column(name).to_pylist(), strict=True):
            if name in row.values:
                online = row.read(name, dtype)
                if not one.add(online.value, value):
                    wrong[name].append(online)
    for name, told in causes.of(plan, wrong).items():
        compared[name].causes.update(told)
    return list(compared.values())


def _decoded(plan: Plan, rows: Rows, path: Path) -> list[_Served]:
    if not rows:
        return []
    tokens = [json.loads(row["keys"]) for row in rows]
    known = _known(plan.view, path, tokens)
    return [
        _Served(
            tuple(known[column][named[column]] for column in plan.view.entity.key_columns),
            to_micros(row["at"], "at"),
            json.loads(row["values"]),
            json.loads(row["statuses"]),
            _mark(plan, row),
        )
        for row, named in zip(rows, tokens, strict=True)
    ]


def _known(view: FeatureView, path: Path, named: Sequence[Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    """Give for each key column the key that each token stands for.

    They are looked for among the keys of the table. A key that the table does not have stays unknown: any other that it
    does not have has the same values.
    """
    if not tables.exists(path):
        raise StoreError.no_table(view.name, path)
    ring = Ring.required("the sample of what was served")
    found: dict[str, dict[str, Any]] = {}
    for column, dtype in view.entity.keys:
        there = tables.read(path, [column]).drop_null().group_by(column).aggregate([]).column(column)
        wanted = {token: ring.token(token) for token in dict.fromkeys(row[column] for row in named)}
        keys = _told(there, set(wanted.values()), ring)
        strangers = _strangers(dtype, there)
        found[column] = {token: keys[newest] if newest in keys else next(strangers) for token, newest in wanted.items()}
    return found


def _told(there: pa.ChunkedArray, wanted: set[str], ring: Ring) -> dict[str, Any]:
    """Give those of a table's keys whose tokens are wanted, by token."""
    keys: dict[str, Any] = {}
    for key in there:
        value = key.as_py()
        token = ring.token(str(value))
        if token in wanted:
            keys[token] = value
            if len(keys) == len(wanted):
                break
    return keys


def _strangers(dtype: str, there: pa.ChunkedArray) -> Iterator[Any]:
    """Give keys that a table does not have."""
    number = 0
    while True:
        number -= 1
        key = number if dtype == "int64" else f"stranger {number}"
        if not pc.any(pc.equal(there, key)).as_py():
            yield key


def _mark(plan: Plan, row: Mapping[str, Any]) -> Mark | None:
    if row["gold_version"] is None:
        return None
    return Mark(
        declaration=plan.declaration,
        generation=row["revision"],
        watermark=NEVER if row["watermark"] is None else to_micros(row["watermark"], "watermark"),
        version=row["gold_version"],
        origin=row["origin"],
    )


def _typed(value: Any, dtype: str) -> Any:  # noqa: ANN401 - a feature's value
    """Give a value of JSON as the one that was written."""
    if dtype not in _TIMES or value is None:
        return value
    return [datetime.fromisoformat(one) for one in value] if isinstance(value, list) else datetime.fromisoformat(value)
