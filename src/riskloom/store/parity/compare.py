"""Compares features that were read online with those of a training set, and says why they differ where it can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.errors import StoreError
from riskloom.intervals import to_datetime
from riskloom.store import spine as spines
from riskloom.store.client import OnlineFeatures
from riskloom.store.parity.causes import Causes, Read
from riskloom.store.parity.compared import Compared, Parity
from riskloom.store.parity.sample import sample_keys
from riskloom.store.repo import open_store
from riskloom.store.training import build_training_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from riskloom.project import Project
    from riskloom.store.client import OnlineRow, Part
    from riskloom.store.parity.sample import Keys

_KEYS_AT_ONCE = 500


def parity(
    project: Project, service: str, *, sample: int = 1_000, at: int | None = None, keys: Keys | None = None
) -> Parity:
    """Read a service online, compute the same offline at the same instant, and compare.

    Args:
        project: The project.
        service: Name of the service.
        sample: How many keys to take from the tables.
        at: Microseconds since the epoch; None for what ``online_store.clock`` says, and by the clock ``watermark`` for
            the latest one of the service's views.
        keys: The keys to compare, instead of a sample.

    Raises:
        ProjectError: There is no such service.
        StoreError: A table is missing, nothing is materialized, or the store can't be read.
    """
    chosen = sample_keys(project, service, sample) if keys is None else keys
    client = OnlineFeatures(open_store(project.settings.feature_repo))
    parts = client.service(service).parts
    instant = _instant(client, service, parts) if at is None else at
    rows: list[OnlineRow] = []
    for start in range(0, len(chosen), _KEYS_AT_ONCE):
        rows += client.get_many(service, chosen[start : start + _KEYS_AT_ONCE], to_datetime(instant))
    spine = [{**key, spines.TIME: to_datetime(instant)} for key in chosen]
    trained = build_training_set(service, spine, project=project, output="arrow", runner="in_process")
    causes = Causes(project, client)
    found: list[Compared] = []
    for part in parts:
        read = _Reads(client, part, chosen, rows, instant)
        compared = {name: Compared(output) for output, name in zip(part.outputs, part.features, strict=True)}
        wrong: dict[str, list[Read]] = {}
        for name, one in compared.items():
            trained_ones = zip(read.of(one.feature), trained.column(one.feature).to_pylist(), strict=True)
            wrong[name] = [online for online, value in trained_ones if not one.add(online.value, value)]
        for name, told in causes.of(part.plan, wrong).items():
            compared[name].causes.update(told)
        found += compared.values()
    return Parity(service, (instant, instant), tuple(found))


class _Reads:
    """What was read of one view."""

    def __init__(
        self,
        client: OnlineFeatures,
        part: Part,
        keys: Sequence[Mapping[str, Any]],
        rows: Sequence[OnlineRow],
        at: int,
    ) -> None:
        columns = [column for column, _ in part.keys]
        self._keys = [tuple(key[column] for column in columns) for key in keys]
        self._rows, self._statuses = rows, [row.statuses for row in rows]
        self._at, self._mark = at, client.views.read_mark(part.name) if part.plan else None

    def of(self, output: str) -> list[Read]:
        """Give the reads of a feature."""
        return [
            Read(key, self._at, row.values[output], statuses[output], self._mark)
            for key, row, statuses in zip(self._keys, self._rows, self._statuses, strict=True)
        ]


def _instant(client: OnlineFeatures, service: str, parts: Sequence[Part]) -> int:
    marks = [mark for part in parts if part.plan is not None and (mark := client.views.read_mark(part.name))]
    latest = max(marks, key=lambda mark: mark.watermark, default=None)
    now: int | None = client.views.now(latest)
    if now is None:
        raise StoreError.nothing_to_compare(service)
    return now
