"""Why a value that was read online is not what a training set has, where that can be told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.lake.paths import Lake
from riskloom.store.evaluate import BEFORE_STATE, OUTSIDE_MAX_AGE, SATURATED, UPDATING
from riskloom.store.inner.base import state_key
from riskloom.store.keyed import under_each_key
from riskloom.store.point_in_time import values
from riskloom.store.spine import AT
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.project import Project
    from riskloom.store.client import OnlineFeatures, OnlineRow, Part
    from riskloom.store.evaluate import Plan
    from riskloom.store.state import Mark

    Wrong = Sequence[tuple[Mapping[str, Any], OnlineRow]]

SLACK = 1e-9
NOT_YET, LATE, PUSHED, UNKNOWN = "not yet materialized", "late event", "pushed, not in the log", "unknown"
_OF_STATUS = {BEFORE_STATE: NOT_YET, OUTSIDE_MAX_AGE: "ttl", SATURATED: "saturated", UPDATING: "updating"}


def same(online: Any, trained: Any) -> bool:  # noqa: ANN401 - values of a feature
    """Say whether two values are equal: doubles within 1e-9 of the larger one, or of 1 where that is more.

    Example:
        >>> same(0.1 + 0.2, 0.3), same(1, 2), same(None, 0)
        (True, False, False)
    """
    if not (isinstance(online, float) and isinstance(trained, float)):
        return bool(online == trained)
    if math.isnan(online) or math.isnan(trained):
        return math.isnan(online) and math.isnan(trained)
    return online == trained or abs(online - trained) <= SLACK * max(1.0, abs(online), abs(trained))


class Causes:
    """Finds causes for one comparison.

    Args:
        project: The project.
        client: What was read with.
        at: Instant of the reads, microseconds since the epoch.
    """

    def __init__(self, project: Project, client: OnlineFeatures, at: int) -> None:
        self._lake, self._client, self._at = Lake(project.settings.lake), client, at

    def of(self, part: Part, output: str, name: str, wrong: Wrong) -> list[str]:
        """Give the cause of each of a feature's values that differ.

        Args:
            part: The feature's view.
            output: Its output name.
            name: Its own name.
            wrong: Keys, and what was read online.
        """
        found = [_OF_STATUS.get(row.statuses[output]) for _, row in wrong]
        unclear = [place for place, cause in enumerate(found) if cause is None]
        if unclear:
            mine = [tuple(wrong[place][0][column] for column, _ in part.keys) for place in unclear]
            read = [wrong[place][1].values[output] for place in unclear]
            causes = self._unclear(part.plan, name, mine, read) if part.plan else [NOT_YET] * len(mine)
            for place, cause in zip(unclear, causes, strict=True):
                found[place] = cause
        return [cause or UNKNOWN for cause in found]

    def _unclear(self, plan: Plan, name: str, keys: list[tuple[Any, ...]], read: list[Any]) -> list[str]:
        mark = self._client.views.read_mark(plan.view.name)
        if mark is None:
            return [NOT_YET] * len(keys)
        then = self._as_materialized(plan, name, keys, mark)
        pushed = self._pushed(plan, keys, mark)
        return [
            PUSHED if recent else LATE if same(online, value) else UNKNOWN
            for online, value, recent in zip(read, then, pushed, strict=True)
        ]

    def _as_materialized(self, plan: Plan, name: str, keys: list[tuple[Any, ...]], mark: Mark) -> list[Any]:
        """Compute the feature of the table as it was when it was materialized last."""
        columns = {
            column: pa.array([key[place] for key in keys], ARROW[dtype])
            for place, (column, dtype) in enumerate(plan.view.entity.keys)
        }
        spine = pa.table({**columns, AT: pa.array([self._at] * len(keys), pa.int64()).cast(INSTANT)})
        path = self._lake.gold(plan.view.name)
        computed: list[Any] = values(plan.view, path, spine, [name], mark.version).column(name).to_pylist()
        return computed

    def _pushed(self, plan: Plan, keys: list[tuple[Any, ...]], mark: Mark) -> list[bool]:
        found = [False] * len(keys)
        for form in under_each_key(plan.view, keys):
            stored = [state_key(mark.slot, plan.encode(key)) for key in form]
            for place, held in enumerate(self._client.views.states.look(plan.view.name, stored)):
                found[place] |= held is not None and bool(held.recent)
        return found
