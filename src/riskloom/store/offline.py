"""The offline store: windowed views exactly at each spine row, computed from their events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn

import pyarrow as pa
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel

from riskloom.errors import SpineError, StoreError
from riskloom.store import point_in_time, spine
from riskloom.store.source import DeltaSource

if TYPE_CHECKING:
    import pandas as pd
    from feast import FeatureView, RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry

    from riskloom.declare import Feature


class RiskloomOfflineStoreConfig(FeastConfigBaseModel):
    """What ``offline_store`` may hold: its type alone."""

    type: Literal["riskloom.store.offline.RiskloomOfflineStore"] = "riskloom.store.offline.RiskloomOfflineStore"


class RiskloomRetrievalJob(RetrievalJob):
    """Features that are computed when they are asked for.

    Args:
        rows: The spine, all its columns.
        views: Each view with the features wanted of it, in order.
        config: The repository's configuration.
        full_feature_names: Name the columns ``view__feature``.
        on_demand: On-demand views that go on top.
        feature_refs: The request.
    """

    def __init__(
        self,
        rows: pa.Table,
        views: list[tuple[FeatureView, list[str]]],
        config: RepoConfig,
        *,
        full_feature_names: bool,
        on_demand: list[OnDemandFeatureView],
        feature_refs: list[str],
    ) -> None:
        self._rows, self._config = rows, config
        self._full, self._on_demand, self._refs = full_feature_names, on_demand, feature_refs
        self._parts = [(view, names, _keys(rows, view)) for view, names in views]

    def _name(self, view: FeatureView, feature: str) -> str:
        return f"{view.projection.name_to_use()}__{feature}" if self._full else feature

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        table = self._rows
        for view, names, keys in self._parts:
            source: DeltaSource = view.batch_source
            values = point_in_time.values(source.view, source.path(self._config), keys, names)
            columns = {self._name(view, name): values.column(name) for name in names}
            table = point_in_time.append_features(table, columns)
        return table

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return point_in_time.to_pandas(self._to_arrow_internal(timeout), self._features())

    def _features(self) -> dict[str, Feature]:
        declared = (
            (view, {found.name: found for found in view.batch_source.view.features}) for view, _, _ in self._parts
        )
        by_view = {view.name: features for view, features in declared}
        return {self._name(view, name): by_view[view.name][name] for view, names, _ in self._parts for name in names}

    def to_df(self, validation_reference: Any = None, timeout: int | None = None) -> pd.DataFrame:  # noqa: ANN401 - Feast's
        """Compute the features as a pandas frame, in the order of the spine."""
        table = self.to_arrow(validation_reference=validation_reference, timeout=timeout)
        return point_in_time.to_pandas(table, self._features())

    @property
    def full_feature_names(self) -> bool:
        """Whether columns are named ``view__feature``."""
        return self._full

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """On-demand views that Feast computes from the result."""
        return self._on_demand

    @property
    def metadata(self) -> RetrievalMetadata:
        """What was asked for, and the span of the spine."""
        span = pa.compute.min_max(spine.instants(self._rows)).as_py()
        keys = [name for name in self._rows.column_names if name != spine.TIME]
        return RetrievalMetadata(
            features=self._refs, keys=keys, min_event_timestamp=span["min"], max_event_timestamp=span["max"]
        )

    def persist(self, storage: Any, allow_overwrite: bool = False, timeout: int | None = None) -> NoReturn:  # noqa: ANN401, FBT001, FBT002 - Feast's
        """Refuse: Feast's ways of persisting lose a table's log."""
        raise StoreError.persist_refused()


def _keys(rows: pa.Table, view: FeatureView) -> pa.Table:
    return spine.keys_and_instants(rows, view.batch_source.view, view.projection.join_key_map)


class RiskloomOfflineStore(OfflineStore):
    """Computes windowed views from their gold tables, in this process."""

    @staticmethod
    def get_historical_features(
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: Any,  # noqa: ANN401 - a frame of one of three libraries
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002 - Feast's signature
        **kwargs: Any,  # noqa: ANN401 - Feast's signature
    ) -> RiskloomRetrievalJob:
        """Give each spine row the features that could be known at its instant.

        Args:
            config: The repository's configuration.
            feature_views: The views asked for.
            feature_refs: ``view:feature`` for each feature asked for.
            entity_df: A pandas, Arrow or Spark frame with the keys and an aware ``event_timestamp``.
            registry: The registry.
            project: Feast's project.
            full_feature_names: Name the columns ``view__feature``.
            **kwargs: A time range instead of a spine, which is refused.

        Returns:
            A job whose result has the spine's rows, in the spine's order.

        Raises:
            SpineError: The spine lacks a key or an aware time.
            StoreError: A view is not one of Riskloom's.
        """
        if entity_df is None:
            raise SpineError.range()
        for view in feature_views:
            if not isinstance(view.batch_source, DeltaSource):
                raise StoreError.plain_view(view.name, "retrieved")
        rows = spine.to_arrow(entity_df)
        spine.instants(rows)
        return RiskloomRetrievalJob(
            rows,
            [(view, _wanted(view, feature_refs)) for view in feature_views],
            config,
            full_feature_names=full_feature_names,
            on_demand=OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry),
            feature_refs=feature_refs,
        )

    @staticmethod
    def pull_latest_from_table_or_query(**kwargs: Any) -> NoReturn:  # noqa: ANN401 - Feast's
        """Refuse: a window's value at one instant is not its newest event."""
        raise StoreError.offline_only("pull_latest_from_table_or_query")

    @staticmethod
    def pull_all_from_table_or_query(**kwargs: Any) -> NoReturn:  # noqa: ANN401 - Feast's
        """Refuse: events are not feature values."""
        raise StoreError.offline_only("pull_all_from_table_or_query")


def _wanted(view: FeatureView, feature_refs: list[str]) -> list[str]:
    prefix = f"{view.projection.name_to_use()}:"
    return list(dict.fromkeys(ref.removeprefix(prefix) for ref in feature_refs if ref.startswith(prefix)))
