"""The online store: one state an entity in any of Feast's online stores, evaluated at the instant of the read."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal

from feast import FeatureView, Field, utils
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.infra.online_stores.online_store import OnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import FeastConfigBaseModel, get_online_config_from_type
from feast.types import Bytes
from google.protobuf.message import DecodeError
from pydantic import field_validator

from riskloom.errors import StoreError, TimeError
from riskloom.intervals import to_datetime, to_micros
from riskloom.store import evaluate
from riskloom.store.evaluate import Answer, Plan, Row
from riskloom.store.packed import evaluate as packed
from riskloom.store.response import check_keys, fill, plain_row
from riskloom.store.source import DeltaSource
from riskloom.store.state import Mark, decode_mark, decode_state
from riskloom.store.values import from_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from feast import Entity, RepoConfig
    from feast.infra.infra_object import InfraObject
    from feast.protos.feast.core.Registry_pb2 import Registry
    from feast.protos.feast.serving.ServingService_pb2 import GetOnlineFeaturesResponse

STATE = "__state"
WALL, WATERMARK = "wall", "watermark"
MARK_KEY = EntityKey(join_keys=["__riskloom_mark"], entity_values=[Value(string_val="")])
# More keys than this are read in several requests: stores bound the parameters of one.
_KEYS_PER_READ = 5_000


class RiskloomOnlineStoreConfig(FeastConfigBaseModel):
    """What ``online_store`` may hold.

    Attributes:
        type: This store.
        inner: Feast's configuration of the store that keeps the states.
        clock: Instant of a read that names none: ``wall``, ``watermark`` (each view at its own), or a fixed one.
    """

    type: Literal["riskloom.store.online.RiskloomOnlineStore"] = "riskloom.store.online.RiskloomOnlineStore"
    inner: dict[str, Any]
    clock: str = WALL

    @field_validator("clock", mode="before")
    @classmethod
    def _check_clock(cls, clock: Any) -> str:  # noqa: ANN401 - YAML reads an instant as a datetime
        if clock in (WALL, WATERMARK):
            return str(clock)
        try:
            return to_datetime(to_micros(clock, "online_store.clock")).isoformat()
        except TimeError as error:
            raise StoreError.bad_clock(str(clock)) from error


def windowed(table: Any) -> bool:  # noqa: ANN401 - Feast has many kinds of view
    """Say whether a Feast view is one of Riskloom's."""
    return isinstance(getattr(table, "batch_source", None), DeltaSource)


class RiskloomOnlineStore(OnlineStore):
    """Keeps the events of each entity's longest window, and computes features from them when they are read."""

    def __init__(self) -> None:
        self._opened: tuple[RepoConfig, OnlineStore, RepoConfig] | None = None
        self._plans: dict[bytes, Plan] = {}
        self._tables: dict[bytes, FeatureView] = {}

    def _inner(self, config: RepoConfig) -> tuple[OnlineStore, RepoConfig]:
        """Give the store that keeps the states, and the configuration as it wants it."""
        if self._opened is None or self._opened[0] is not config:
            options = config.online_store.inner
            own = get_online_config_from_type(options["type"])(**options)
            inner_config = config.model_copy()
            inner_config.online_config = options
            inner_config._online_store = own  # noqa: SLF001 - Feast has no other way to say it
            self._opened = (config, get_online_store_from_config(own), inner_config)
        return self._opened[1], self._opened[2]

    def plan_of(self, table: FeatureView) -> Plan:
        """Give the view behind a Feast view, worked out once."""
        source: DeltaSource = table.batch_source
        plan = self._plans.get(source.configuration)
        if plan is None:
            plan = self._plans[source.configuration] = Plan(source.view)
        return plan

    def _kept(self, table: FeatureView) -> FeatureView:
        """Give the view as the inner store knows it: one value of bytes an entity."""
        if not windowed(table):
            return table
        configuration: bytes = table.batch_source.configuration
        kept = self._tables.get(configuration)
        if kept is None:
            kept = FeatureView(name=table.name, entities=[], schema=[Field(name=STATE, dtype=Bytes)], source=None)
            kept.entities, kept.entity_columns = table.entities, table.entity_columns
            self._tables[configuration] = kept
        return kept

    # --- states, for the compute engine ---

    def read_mark(self, config: RepoConfig, table: FeatureView) -> Mark | None:
        """Read how far a view has come, under whatever declaration; None where nothing is materialized."""
        data = self._read(config, table, [MARK_KEY])[0]
        return None if data is None else decode_mark(table.name, data)

    def write(
        self, config: RepoConfig, table: FeatureView, rows: Sequence[tuple[EntityKey, bytes]], written: datetime
    ) -> None:
        """Write states or a mark in one batch of the inner store."""
        inner, inner_config = self._inner(config)
        data = [(key, {STATE: Value(bytes_val=state)}, written, None) for key, state in rows]
        inner.online_write_batch(inner_config, self._kept(table), data, None)

    def _read(self, config: RepoConfig, table: FeatureView, keys: Sequence[EntityKey]) -> list[bytes | None]:
        inner, inner_config = self._inner(config)
        found: list[bytes | None] = []
        for start in range(0, len(keys), _KEYS_PER_READ):
            try:
                rows = inner.online_read(
                    inner_config, self._kept(table), list(keys[start : start + _KEYS_PER_READ]), [STATE]
                )
            except DecodeError as error:
                raise StoreError.corrupt(table.name, "a state", "it is no message") from error
            found.extend(_bytes(table.name, row) for _, row in rows)
        return found

    # --- reads ---

    def answer(
        self,
        config: RepoConfig,
        table: FeatureView,
        keys: Sequence[EntityKey],
        names: Sequence[str],
        at: int | None = None,
    ) -> Answer:
        """Give features of entities.

        Args:
            config: The repository's configuration.
            table: The Feast view.
            keys: The entities.
            names: Features wanted.
            at: Microseconds since the epoch; None for what ``clock`` says.

        Raises:
            StoreError: A state is damaged, or was written under another declaration.
        """
        plan = self.plan_of(table)
        # An entity that is asked for twice is read and evaluated once: its events must not count twice.
        asked = [from_key(key, plan.view.entity.keys) for key in keys]
        distinct = dict(zip(asked, keys, strict=True))
        *states, marked = self._read(config, table, [*distinct.values(), MARK_KEY])
        mark = None if marked is None else decode_mark(table.name, marked)
        if mark is not None and mark.generation == 0:
            mark = None
        if mark is not None and mark.declaration != plan.declaration:
            raise StoreError.other_declaration(table.name, "the watermark")
        instant = self._now(config, mark) if at is None else at
        reach = plan.view.reach
        if plan.packed:
            found = packed.evaluate(plan, mark, states, instant, names)
            return Answer(found.at, found.watermark, _spread(dict(zip(distinct, found.rows, strict=True)), asked))
        held = [decode_state(table.name, data, plan.schema, mark, reach) if data and mark else None for data in states]
        found = evaluate.evaluate(plan, mark, list(distinct), held, instant, names)
        return Answer(found.at, found.watermark, _spread(dict(zip(distinct, found.rows, strict=True)), asked))

    @staticmethod
    def _now(config: RepoConfig, mark: Mark | None) -> int | None:
        clock: str = config.online_store.clock
        if clock == WATERMARK:
            return None if mark is None else mark.watermark
        return time.time_ns() // 1000 if clock == WALL else to_micros(clock)

    def online_read(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[tuple[datetime | None, dict[str, Value] | None]]:
        """Read a view; an entity without state has no row."""
        if not windowed(table):
            inner, inner_config = self._inner(config)
            rows: list[tuple[datetime | None, dict[str, Value] | None]] = inner.online_read(
                inner_config, table, entity_keys, requested_features
            )
            return rows
        plan = self.plan_of(table)
        names = [name for name in requested_features or plan.features if name in plan.features]
        answer = self.answer(config, table, entity_keys, names)
        return [plain_row(plan, names, answer, row) for row in answer.rows]

    async def online_read_async(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[tuple[datetime | None, dict[str, Value] | None]]:
        """Read a view in a thread."""
        return await asyncio.to_thread(self.online_read, config, table, entity_keys, requested_features)

    def _read_features_per_fv(
        self,
        config: RepoConfig,
        grouped_refs: list[tuple[FeatureView, list[str]]],
        join_key_values: dict[str, list[Value]],
        entity_name_to_join_key_map: dict[str, str],
        online_features_response: GetOnlineFeaturesResponse,
        full_feature_names: bool,  # noqa: FBT001 - Feast's signature
        include_feature_view_version_metadata: bool,  # noqa: FBT001 - Feast's signature
    ) -> None:
        """Answer ``get_online_features``: the step of it that every one of Feast's callers goes through."""
        check_keys(join_key_values)
        for table, names in grouped_refs:
            if windowed(table):
                entities, places, length = utils._get_unique_entities(  # noqa: SLF001 - what Feast's own stores do
                    table, join_key_values, entity_name_to_join_key_map
                )
                keys = utils._get_entity_key_protos(entities)  # noqa: SLF001 - as above
                answer = self.answer(config, table, keys, names)
                prefix = f"{table.projection.name_to_use()}__" if full_feature_names else ""
                fill(online_features_response, prefix, self.plan_of(table), names, answer, places, length)
                continue
            super()._read_features_per_fv(
                config,
                [(table, names)],
                join_key_values,
                entity_name_to_join_key_map,
                online_features_response,
                full_feature_names,
                include_feature_view_version_metadata,
            )

    async def _read_features_per_fv_async(self, *args: Any) -> None:  # noqa: ANN401 - Feast's signature, passed on
        """Answer the asynchronous twin, in a thread: stores that read without blocking come later."""
        await asyncio.to_thread(self._read_features_per_fv, *args)

    # --- what else Feast asks of a store ---

    def online_write_batch(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: list[tuple[EntityKey, dict[str, Value], datetime, datetime | None]],
        progress: Callable[[int], Any] | None,
    ) -> None:
        """Write a plain view; a windowed one is computed, and refuses."""
        if windowed(table):
            raise StoreError.write_refused(table.name)
        inner, inner_config = self._inner(config)
        inner.online_write_batch(inner_config, table, data, progress)

    def update(
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],
        entities_to_delete: Sequence[Entity],
        entities_to_keep: Sequence[Entity],
        partial: bool,  # noqa: FBT001 - Feast's signature
    ) -> None:
        """Make and drop the inner store's tables."""
        inner, inner_config = self._inner(config)
        kept, dropped = (
            [self._kept(table) for table in tables_to_keep],
            [self._kept(table) for table in tables_to_delete],
        )
        inner.update(inner_config, dropped, kept, entities_to_delete, entities_to_keep, partial)

    def plan(self, config: RepoConfig, desired_registry_proto: Registry) -> list[InfraObject]:
        """Say what ``feast plan`` would make in the inner store."""
        inner, inner_config = self._inner(config)
        planned: list[InfraObject] = inner.plan(inner_config, desired_registry_proto)
        return planned

    def teardown(self, config: RepoConfig, tables: Sequence[FeatureView], entities: Sequence[Entity]) -> None:
        """Remove what the inner store keeps."""
        inner, inner_config = self._inner(config)
        inner.teardown(inner_config, [self._kept(table) for table in tables], entities)

    async def initialize(self, config: RepoConfig) -> None:
        """Open the inner store."""
        inner, inner_config = self._inner(config)
        await inner.initialize(inner_config)

    async def close(self) -> None:
        """Close the inner store."""
        if self._opened is not None:
            await self._opened[1].close()


def _spread(rows: dict[tuple[Any, ...], Row], asked: Sequence[tuple[Any, ...]]) -> list[Row]:
    return [rows[key] for key in asked]


def _bytes(view: str, row: dict[str, Value] | None) -> bytes | None:
    if row is None:
        return None
    value = row.get(STATE)
    if value is None or not value.HasField("bytes_val"):
        raise StoreError.corrupt(view, "a state", "it is no message")
    return bytes(value.bytes_val)
