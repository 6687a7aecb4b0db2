"""The scorer's snippet: keys and an instant in, features and their statuses out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
from feast.errors import FeatureViewNotFoundException

from riskloom.errors import StoreError
from riskloom.intervals import to_datetime, to_micros
from riskloom.store import plain_online
from riskloom.store.compile import FULL_NAMES
from riskloom.store.evaluate import Answer
from riskloom.store.online import windowed
from riskloom.store.push import Outcome, push
from riskloom.store.pushed_events import Targets, check_redacted, records_of
from riskloom.store.repo import open_store
from riskloom.store.views import Asked
from riskloom.windows.tables import ARROW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt
    from feast import FeatureStore, FeatureView

    from riskloom.store.evaluate import Plan
    from riskloom.store.online import RiskloomOnlineStore

    Answers = list[tuple["Part", Answer]]

_NUMBERS = frozenset({"int64", "float64", "bool"})
_PYTHON_TYPES: dict[str, type] = {"string": str, "int64": int}
_INT64 = range(-(2**63), 2**63)


class OnlineRow:
    """The features of one request. All but the values is put together only where somebody asks for it.

    Attributes:
        values: Values by output name.
    """

    __slots__ = ("_answers", "_index", "values")

    def __init__(self, values: dict[str, Any], answers: Answers, index: int) -> None:
        self.values, self._answers, self._index = values, answers, index

    def __repr__(self) -> str:
        return f"OnlineRow({self.values!r})"

    @property
    def statuses(self) -> dict[str, str]:
        """Statuses by output name.

        ``present``, ``null``, ``not_found``, ``outside_max_age``, ``saturated``, ``updating`` or ``before_state``. A
        key that was never seen has the values of no events; the last three are null.
        """
        return {
            output: status
            for part, answer in self._answers
            for output, status in zip(part.outputs, answer.rows[self._index].statuses, strict=True)
        }

    @property
    def at(self) -> dict[str, datetime | None]:
        """Instant of the read, by view; None where the watermark is the clock and nothing is materialized."""
        return {part.name: _instant(answer.at) for part, answer in self._answers}

    @property
    def watermark(self) -> dict[str, datetime | None]:
        """Up to when the view's source is complete, by view; None where nothing is materialized."""
        return {part.name: _instant(answer.watermark) for part, answer in self._answers}


@dataclass(frozen=True, slots=True)
class Part:
    """One view of a service: its features, and their output names. A plain view has no plan."""

    name: str
    table: FeatureView
    plan: Plan | None
    keys: tuple[tuple[str, str], ...]
    features: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A feature service as it is read.

    Attributes:
        name: Its name.
        parts: Its views.
        keys: Type of each key.
        types: Pairs of key and Python type.
        expires: When it is read from the registry again, by the monotonic clock.
        settled: Whether that was done because a view is served by another declaration.
    """

    name: str
    parts: tuple[Part, ...]
    keys: dict[str, str]
    types: tuple[tuple[str, type], ...]
    expires: float
    settled: bool


class OnlineFeatures:
    """Reads features by entity key. Needs a feature repository, and neither a JVM nor the project's folders.

    Example:
        ::

            features = OnlineFeatures.connect("feature_repo")
            row = features.get("login_risk_v1", {"source_address": "203.0.113.9", "user_name": "root"})
            row.values["user_name_logins__failed_events_count_1h"]
    """

    def __init__(self, store: FeatureStore) -> None:
        self._store = store
        self._online: RiskloomOnlineStore = store.provider.online_store
        self.views = self._online.views(store.config)
        self._services: dict[str, Service] = {}
        self._targets = Targets(store)

    @classmethod
    def connect(cls, repo_path: Path | str) -> Self:
        """Open a feature repository.

        Args:
            repo_path: Folder that holds ``feature_store.yaml``.

        Raises:
            StoreError: There is no such file.
        """
        return cls(open_store(repo_path))

    def get(self, service: str, keys: Mapping[str, Any], at: datetime | str | None = None) -> OnlineRow:
        """Give the features of one request.

        Args:
            service: Name of the feature service.
            keys: A value for each key of the service's views.
            at: Instant of the read: that of the scored event; None for what ``online_store.clock`` says.

        Raises:
            StoreError: The service or a key is unknown, missing or of another type, or a state is damaged.
            TimeError: The instant has no time zone.
        """
        return self.get_many(service, [keys], at)[0]

    def get_many(
        self, service: str, rows: Sequence[Mapping[str, Any]], at: datetime | str | None = None
    ) -> list[OnlineRow]:
        """Give the features of several requests at one instant, in their order.

        Args:
            service: Name of the feature service.
            rows: The keys of each request.
            at: Instant of the reads; None for what ``online_store.clock`` says.

        Raises:
            StoreError: As ``get``.
            TimeError: As ``get``.
        """
        instant = None if at is None else to_micros(at, "at")
        known = self.service(service)
        for row in rows:
            _check(known, row)
        answers = self._answers(known, rows, instant)
        if not known.settled and any(part.plan and self.views.outdated(part.plan) for part in known.parts):
            # A view is served by another declaration than the registry's as it was read: read that again, once.
            self._store.refresh_registry()
            known = self.service(service, settled=True)
            answers = self._answers(known, rows, instant)
        return _rows(answers, len(rows))

    async def aget(self, service: str, keys: Mapping[str, Any], at: datetime | str | None = None) -> OnlineRow:
        """Give the features of one request, as ``get``, and let other tasks go on meanwhile.

        The stores read by blocking, each thread on a connection of its own.
        """
        return await asyncio.to_thread(self.get, service, keys, at)

    async def aget_many(
        self, service: str, rows: Sequence[Mapping[str, Any]], at: datetime | str | None = None
    ) -> list[OnlineRow]:
        """Give the features of several requests, as ``get_many``, and let other tasks go on meanwhile."""
        return await asyncio.to_thread(self.get_many, service, rows, at)

    async def apush(self, name: str, events: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Let events count in later reads, as ``push``, and let other tasks go on meanwhile."""
        return await asyncio.to_thread(self.push, name, events)

    def columns(self, service: str) -> dict[str, str]:
        """Give the output names of a service in their declared order, with the type of each.

        Raises:
            StoreError: There is no such service.
        """
        return {
            output: _dtype(part, name)
            for part in self.service(service).parts
            for output, name in zip(part.outputs, part.features, strict=True)
        }

    def to_arrow(self, service: str, rows: Sequence[OnlineRow]) -> pa.Table:
        """Give what was read of a service as a table: one column a feature, in the declared order and of its type.

        Raises:
            StoreError: There is no such service.
        """
        columns = self.columns(service)
        return pa.table(
            {name: pa.array([row.values[name] for row in rows], ARROW[dtype]) for name, dtype in columns.items()}
        )

    def to_numpy(self, service: str, rows: Sequence[OnlineRow]) -> npt.NDArray[np.float64]:
        """Give what was read of a service as a model takes it: doubles, a null as NaN, features in the declared order.

        Returns:
            An array of shape (rows, features).

        Raises:
            StoreError: There is no such service, or a feature is no number or boolean.
        """
        columns = self.columns(service)
        for name, dtype in columns.items():
            if dtype not in _NUMBERS:
                raise StoreError.not_a_number(service, name, dtype)
        cells = [[row.values[name] for name in columns] for row in rows]
        return np.array(cells, np.float64).reshape(len(rows), len(columns))

    def push(self, name: str, events: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Let events count in every read whose instant is later than they are, before their log has brought them.

        Each event id counts once, in whatever order pushes, retries and batches come: push an event again after any
        error. All events are checked before the first is stored.

        Args:
            name: An event source, for all of its views, or one view.
            events: ``event_ts`` and the source's columns, identifiers as callers know them; see
                ``riskloom.store.pushed_events``.

        Returns:
            What became of each event in each view.

        Raises:
            StoreError: There is no such source or view, an event is not what its source declares, or the store can't be
                reached.
            PrivacyError: The keys for tokens are not there.
        """
        plans = self._targets.find(name)
        records = records_of(plans[0].view.source, events)
        for plan in plans:
            check_redacted(plan.view)
        return [
            Outcome(place, plan.view.name, status)
            for plan in plans
            for place, status in enumerate(push(self.views, plan, records))
        ]

    def _answers(self, service: Service, rows: Sequence[Mapping[str, Any]], at: int | None) -> Answers:
        asked = [
            Asked(part.plan, _keys_of(part, rows), part.features) for part in service.parts if part.plan is not None
        ]
        found = self.views.answers(asked, at)
        if len(found) == len(service.parts):
            return list(zip(service.parts, found, strict=True))
        windowed_ones = iter(found)
        return [
            (part, self._plain(part, rows, at) if part.plan is None else next(windowed_ones)) for part in service.parts
        ]

    def _plain(self, part: Part, rows: Sequence[Mapping[str, Any]], at: int | None) -> Answer:
        """Read a plain view from Feast's own store."""
        keys = _keys_of(part, rows)
        distinct = list(dict.fromkeys(keys))
        messages = plain_online.entity_keys(part.table, distinct)
        read = self._online.online_read(self._store.config, part.table, messages, list(part.features))
        found = plain_online.answer(part.table, read, part.features, self.views.now() if at is None else at)
        by_key = dict(zip(distinct, found.rows, strict=True))
        return Answer(found.at, None, [by_key[key] for key in keys])

    def service(self, name: str, *, settled: bool = False) -> Service:
        """Give a service, read from the registry again once its cache is old.

        Raises:
            StoreError: There is no such service.
        """
        known = self._services.get(name)
        now = time.monotonic()
        if known is not None and now < known.expires and known.settled >= settled:
            return known
        store = self._store
        registered = {found.name: found for found in store.list_feature_services()}
        if name not in registered:
            raise StoreError.unknown_service(name, registered)
        service = registered[name]
        full = service.tags.get(FULL_NAMES) == "true"
        parts = tuple(self._part(projection, full=full) for projection in service.feature_view_projections)
        keys = {column: dtype for part in parts for column, dtype in part.keys}
        types = tuple((key, _PYTHON_TYPES[dtype]) for key, dtype in keys.items())
        expires = now + store.config.registry.cache_ttl_seconds
        made = self._services[name] = Service(name, parts, keys, types, expires, settled)
        return made

    def _part(self, projection: Any, *, full: bool) -> Part:  # noqa: ANN401 - Feast's projection
        try:
            table = self._store.get_feature_view(projection.name)
        except FeatureViewNotFoundException as error:
            raise StoreError.computed_view(projection.name) from error
        plan = self._online.plan_of(table) if windowed(table) else None
        names = tuple(feature.name for feature in projection.features)
        outputs = tuple(f"{projection.name_to_use()}__{name}" if full else name for name in names)
        keys = plain_online.key_columns(table) if plan is None else plan.view.entity.keys
        return Part(table.name, table, plan, keys, names, outputs)


def _keys_of(part: Part, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    if len(part.keys) == 1:
        ((column, _),) = part.keys
        return [(row[column],) for row in rows]
    return [tuple([row[column] for column, _ in part.keys]) for row in rows]


def _dtype(part: Part, name: str) -> str:
    if part.plan is not None:
        return part.plan.features[name].dtype
    (field,) = (field for field in part.table.features if field.name == name)
    return plain_online.declared(part.name, name, field.dtype)


def _check(service: Service, row: Mapping[str, Any]) -> None:
    if len(row) == len(service.types):
        for key, kind in service.types:
            value = row.get(key)
            # Most are of the very type: what else fits is found out by a call.
            same = type(value) is kind and (kind is str or value in _INT64)
            if not same and not _fits(value, kind):
                break
        else:
            return
    for key in row:
        if key not in service.keys:
            raise StoreError.unknown_key(service.name, key, service.keys)
    for key, dtype in service.keys.items():
        value = row.get(key)
        if value is None:
            raise StoreError.missing_key(service.name, key)
        if not _fits(value, _PYTHON_TYPES[dtype]):
            raise StoreError.wrong_key_type(service.name, key, _kind(value), dtype)


def _fits(value: object, kind: type) -> bool:
    if type(value) is kind:
        return kind is str or value in _INT64
    return isinstance(value, kind) and not isinstance(value, bool) and (kind is str or value in _INT64)


def _kind(value: object) -> str:
    """Say of what type a key is, and nothing of its value, which may be somebody's name."""
    return "an int of more than 64 bits" if type(value) is int and value not in _INT64 else type(value).__name__


def _rows(answers: Answers, size: int) -> list[OnlineRow]:
    if len(answers) == 1:
        ((part, answer),) = answers
        outputs = part.outputs
        return [OnlineRow(dict(zip(outputs, row.values, strict=True)), answers, i) for i, row in enumerate(answer.rows)]
    rows = []
    for index in range(size):
        values: dict[str, Any] = {}
        for part, answer in answers:
            values.update(zip(part.outputs, answer.rows[index].values, strict=True))
        rows.append(OnlineRow(values, answers, index))
    return rows


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else to_datetime(micros)
