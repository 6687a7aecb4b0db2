"""The online store: one state an entity in any of Feast's online stores, evaluated at the instant of the read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from feast import metrics, utils
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.infra.online_stores.online_store import OnlineStore
from feast.repo_config import FeastConfigBaseModel, get_online_config_from_type
from pydantic import field_validator

from riskloom.errors import StoreError, TimeError
from riskloom.intervals import to_datetime, to_micros
from riskloom.store.evaluate import Plan
from riskloom.store.inner.open import open_states, reachable
from riskloom.store.plain_online import enforce
from riskloom.store.requests import Requests
from riskloom.store.response import check_keys, fill, plain_row
from riskloom.store.source import DeltaSource
from riskloom.store.values import from_key
from riskloom.store.views import WALL, WATERMARK, Asked, Views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from feast import Entity, FeatureService, FeatureView, RepoConfig
    from feast.infra.infra_object import InfraObject
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.online_response import OnlineResponse
    from feast.protos.feast.core.Registry_pb2 import Registry
    from feast.protos.feast.serving.ServingService_pb2 import GetOnlineFeaturesResponse
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value


class RiskloomOnlineStoreConfig(FeastConfigBaseModel):
    """What ``online_store`` may hold.

    Attributes:
        type: This store.
        inner: Feast's configuration of the store that keeps the states: ``sqlite``, ``redis`` or ``postgres``.
        clock: Instant of a read that names none: ``wall``, ``watermark`` (each view at its own), or a fixed one.
        enforce_ttl: Whether Feast's calls get null for a plain view's row that is older than its ``ttl``, as offline.
            Feast's own stores give the row, however old it is.
        key_ttl_seconds: Feast's setting for Redis, passed on to the inner store: for how long after its last write
            it keeps the plain views' rows of an entity.
    """

    type: Literal["riskloom.store.online.RiskloomOnlineStore"] = "riskloom.store.online.RiskloomOnlineStore"
    inner: dict[str, Any]
    clock: str = WALL
    enforce_ttl: bool = True
    key_ttl_seconds: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The inner store's configuration, with what is passed on to it."""
        return self.inner if self.key_ttl_seconds is None else {**self.inner, "key_ttl_seconds": self.key_ttl_seconds}

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
    """Keeps one state an entity and windowed view, and computes features from it when they are read."""

    def __init__(self) -> None:
        self._opened: tuple[RepoConfig, dict[str, Any], OnlineStore, RepoConfig] | None = None
        self._plans: dict[bytes, Plan] = {}
        self._views: tuple[RepoConfig, Views] | None = None
        self._requests = Requests(lambda table: self.plan_of(table) if windowed(table) else None)

    def _inner(self, config: RepoConfig) -> tuple[OnlineStore, RepoConfig]:
        """Give the store that keeps the states, and the configuration as it wants it."""
        options = config.online_store.options
        if self._opened is None or self._opened[0] is not config or self._opened[1] != options:
            own = get_online_config_from_type(options["type"])(**options)
            inner_config = config.model_copy()
            inner_config.online_config = options
            inner_config._online_store = own  # noqa: SLF001 - Feast has no other way to say it
            self._opened = (config, options, get_online_store_from_config(own), inner_config)
        return self._opened[2], self._opened[3]

    def plan_of(self, table: FeatureView) -> Plan:
        """Give the view behind a Feast view, worked out once."""
        source: DeltaSource = table.batch_source
        plan = self._plans.get(source.configuration)
        if plan is None:
            plan = self._plans[source.configuration] = Plan(source.view)
        return plan

    def views(self, config: RepoConfig) -> Views:
        """Give the windowed views that the configured store keeps, opened once."""
        if self._views is None or self._views[0] is not config:
            self._views = (config, Views(open_states(config), config.online_store.clock))
        return self._views[1]

    def asked(self, table: FeatureView, keys: Sequence[EntityKey], names: Sequence[str]) -> Asked:
        """Say what Feast asks of a view."""
        plan = self.plan_of(table)
        return Asked(plan, [from_key(key, plan.view.entity.keys) for key in keys], tuple(names))

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
            with reachable(config.online_store.inner["type"]):
                rows: list[tuple[datetime | None, dict[str, Value] | None]] = inner.online_read(
                    inner_config, table, entity_keys, requested_features
                )
            return rows
        plan = self.plan_of(table)
        names = [name for name in requested_features or plan.features if name in plan.features]
        (answer,) = self.views(config).answers([self.asked(table, entity_keys, names)], None)
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

    def get_online_features(
        self,
        config: RepoConfig,
        features: list[str] | FeatureService,
        entity_rows: Any,  # noqa: ANN401 - rows or columns of whatever
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002 - Feast's signature
        include_feature_view_version_metadata: bool = False,  # noqa: FBT001, FBT002 - Feast's signature
    ) -> OnlineResponse:
        """Answer a request; one for windowed views alone takes the short way."""
        if not include_feature_view_version_metadata and not metrics._config.online_features:  # noqa: SLF001 - as Feast's own does
            request = self._requests.find(registry, project, features, full=full_feature_names)
            answer = None if request is None else request.answer(self.views(config), entity_rows)
            if answer is not None:
                return answer
        return super().get_online_features(
            config, features, entity_rows, registry, project, full_feature_names, include_feature_view_version_metadata
        )

    async def get_online_features_async(self, *args: Any, **kwargs: Any) -> OnlineResponse:  # noqa: ANN401 - Feast's
        """Answer a request in a thread: the stores of states read by blocking."""
        return await asyncio.to_thread(self.get_online_features, *args, **kwargs)

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
        # Feast groups references without an order; the declaration has one.
        grouped_refs = [
            (table, [name for name in self.plan_of(table).features if name in names] if windowed(table) else names)
            for table, names in grouped_refs
        ]
        ours = [(table, names) for table, names in grouped_refs if windowed(table)]
        entities = [
            utils._get_unique_entities(table, join_key_values, entity_name_to_join_key_map)  # noqa: SLF001 - what Feast's own stores do
            for table, _ in ours
        ]
        asked = [
            self.asked(table, utils._get_entity_key_protos(found[0]), names)  # noqa: SLF001 - as above
            for (table, names), found in zip(ours, entities, strict=True)
        ]
        answers = iter(zip(asked, entities, self.views(config).answers(asked, None), strict=True) if ours else ())
        for table, names in grouped_refs:
            if windowed(table):
                part, (_, places, length), answer = next(answers)
                prefix = f"{table.projection.name_to_use()}__" if full_feature_names else ""
                fill(online_features_response, prefix, part.plan, names, answer, places, length)
                continue
            first = len(online_features_response.results)
            super()._read_features_per_fv(
                config,
                [(table, names)],
                join_key_values,
                entity_name_to_join_key_map,
                online_features_response,
                full_feature_names,
                include_feature_view_version_metadata,
            )
            if config.online_store.enforce_ttl:
                enforce(online_features_response, first, table, self.views(config).now())

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
        for table in tables_to_delete:
            if windowed(table):
                self.views(config).states.drop(table.name)
        inner, inner_config = self._inner(config)
        kept, dropped = _plain(tables_to_keep), _plain(tables_to_delete)
        inner.update(inner_config, dropped, kept, entities_to_delete, entities_to_keep, partial)

    def plan(self, config: RepoConfig, desired_registry_proto: Registry) -> list[InfraObject]:
        """Say what ``feast plan`` would make in the inner store."""
        inner, inner_config = self._inner(config)
        planned: list[InfraObject] = inner.plan(inner_config, desired_registry_proto)
        return planned

    def teardown(self, config: RepoConfig, tables: Sequence[FeatureView], entities: Sequence[Entity]) -> None:
        """Remove what the inner store keeps."""
        states = self.views(config).states
        for table in tables:
            if windowed(table):
                states.drop(table.name)
        states.close()
        inner, inner_config = self._inner(config)
        inner.teardown(inner_config, _plain(tables), entities)

    async def initialize(self, config: RepoConfig) -> None:
        """Open the inner store."""
        inner, inner_config = self._inner(config)
        await inner.initialize(inner_config)

    async def close(self) -> None:
        """Close the inner store and the store of states."""
        if self._views is not None:
            self._views[1].states.close()
        if self._opened is not None:
            await self._opened[2].close()


def _plain(tables: Sequence[FeatureView]) -> list[FeatureView]:
    return [table for table in tables if not windowed(table)]
