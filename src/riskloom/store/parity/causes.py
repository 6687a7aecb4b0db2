"""Why a value that was read online is not what a training set has, where that can be told."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.store.evaluate import BEFORE_STATE, OUTSIDE_MAX_AGE, SATURATED, UPDATING
from riskloom.store.inner.base import state_key
from riskloom.store.keyed import under_each_key
from riskloom.store.parity.changes import NOT_YET, Changes, spine_of
from riskloom.store.point_in_time import values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from riskloom.project import Project
    from riskloom.store.client import OnlineFeatures
    from riskloom.store.evaluate import Plan
    from riskloom.store.state import Mark

SLACK = 1e-9
PUSHED, UNKNOWN = "pushed, not in the log", "unknown"
_OF_STATUS = {BEFORE_STATE: NOT_YET, OUTSIDE_MAX_AGE: "ttl", SATURATED: "saturated", UPDATING: "updating"}


class Read(NamedTuple):
    """A value that was read online.

    Attributes:
        key: Values of the view's key columns.
        at: Instant of the read, microseconds since the epoch.
        value: The value.
        status: Its status.
        mark: How far the view had come; None where nothing was materialized.
    """

    key: tuple[Any, ...]
    at: int
    value: Any
    status: str
    mark: Mark | None


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
        client: Reads what was pushed.
    """

    def __init__(self, project: Project, client: OnlineFeatures) -> None:
        self._lake, self._client = Lake(project.settings.lake), client

    def of(self, plan: Plan | None, wrong: Mapping[str, Sequence[Read]]) -> dict[str, list[str]]:
        """Give the causes of a view's values that differ.

        Args:
            plan: The view; None for a plain one.
            wrong: What was read, by feature.

        Returns:
            A cause a read, by feature.
        """
        unclear = [read for reads in wrong.values() for read in reads if read.status not in _OF_STATUS]
        looked = {
            mark: self._look(plan, mark, [read for read in unclear if read.mark == mark], list(wrong))
            for mark in dict.fromkeys(read.mark for read in unclear)
            if plan is not None and mark is not None
        }

        def cause(name: str, read: Read) -> str:
            known = _OF_STATUS.get(read.status)
            if known is not None:
                return known
            there = looked.get(read.mark) if read.mark is not None else None
            return NOT_YET if there is None else there.cause(name, read)

        return {name: [cause(name, read) for read in reads] for name, reads in wrong.items()}

    def _look(self, plan: Plan, mark: Mark, reads: Sequence[Read], names: Sequence[str]) -> _Looked:
        wanted = list(dict.fromkeys((read.key, read.at) for read in reads))
        path = self._lake.gold(plan.view.name)
        pushed = self._pushed(plan, list(dict.fromkeys(key for key, _ in wanted)))
        # A table that was made anew has other versions; of one that was cleaned up, some are gone.
        same_table = zlib.crc32(tables.identity(path).encode()) == mark.origin
        if not same_table or tables.first_readable(path, mark.version) != mark.version:
            return _Looked(plan, {}, None, pushed)
        then = values(plan.view, path, spine_of(plan.view, wanted), names, mark.version).to_pylist()
        return _Looked(plan, dict(zip(wanted, then, strict=True)), Changes(plan.view, path, mark, wanted), pushed)

    def _pushed(self, plan: Plan, keys: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Give those of some keys of which something is pushed and in no log yet."""
        mark = self._client.views.read_mark(plan.view.name)
        found = set()
        for form in under_each_key(plan.view, keys) if mark is not None else ():
            stored = [state_key(mark.slot, plan.encode(key)) for key in form]
            held = self._client.views.states.look(plan.view.name, stored)
            found |= {key for key, one in zip(keys, held, strict=True) if one is not None and one.recent}
        return found


class _Looked(NamedTuple):
    """What was found out about reads of one state of a view."""

    plan: Plan
    then: Mapping[tuple[tuple[Any, ...], int], Mapping[str, Any]]
    changes: Changes | None
    pushed: AbstractSet[tuple[Any, ...]]

    def cause(self, name: str, read: Read) -> str:
        place = (read.key, read.at)
        if self.changes is not None and same(read.value, self.then[place][name]):
            changed = self.changes.kind(self.plan.features[name], *place)
            if changed:
                return changed
        return PUSHED if read.key in self.pushed else UNKNOWN
