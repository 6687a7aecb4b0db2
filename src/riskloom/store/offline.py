"""The offline store: windowed views exactly at each spine row, and Feast's own views by the as-of rule."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from feast.infra.offline_stores.offline_store import OfflineStore
from feast.on_demand_feature_view import OnDemandFeatureView
from feast.repo_config import FeastConfigBaseModel

from riskloom.errors import SpineError, StoreError
from riskloom.lake import tables
from riskloom.store import plain_views, point_in_time, spine
from riskloom.store.retrieval import RiskloomRetrievalJob, TableJob, ViewPart
from riskloom.store.source import DeltaSource
from riskloom.store.table_source import DeltaLoggingDestination, DeltaTableSource, readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from feast import FeatureView, RepoConfig
    from feast.data_source import DataSource
    from feast.feature_logging import LoggingConfig, LoggingSource
    from feast.infra.registry.base_registry import BaseRegistry


class RiskloomOfflineStoreConfig(FeastConfigBaseModel):
    """What ``offline_store`` may hold: its type alone."""

    type: Literal["riskloom.store.offline.RiskloomOfflineStore"] = "riskloom.store.offline.RiskloomOfflineStore"


class RiskloomOfflineStore(OfflineStore):
    """Computes windowed views from their gold tables, and looks plain ones up in theirs, in this process."""

    supports_filter_by_created_timestamp = True

    @staticmethod
    def get_historical_features(
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: Any,  # noqa: ANN401 - a frame of one of four libraries
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
            entity_df: A pandas, Arrow, Polars or Spark frame with the keys and an aware ``event_timestamp``, or
                another single column of times.
            registry: The registry.
            project: Feast's project.
            full_feature_names: Name the columns ``view__feature``.
            **kwargs: ``filter_by_created_timestamp``; a time range instead of a spine is refused.

        Returns:
            A job whose result has the spine's rows, in the spine's order.

        Raises:
            SpineError: The spine lacks a key or an aware time.
            StoreError: A view's source is not one of Riskloom's.
        """
        if entity_df is None:
            raise SpineError.range()
        rows = spine.to_arrow(entity_df)
        time = spine.time_column(rows)
        spine.instants(rows, time)
        by_created = bool(kwargs.get("filter_by_created_timestamp"))
        parts = [
            _part(
                config, view, _wanted(view, feature_refs), (rows, time), full=full_feature_names, by_created=by_created
            )
            for view in feature_views
        ]
        return RiskloomRetrievalJob(
            rows,
            time,
            parts,
            config,
            full_feature_names=full_feature_names,
            on_demand=OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry),
            feature_refs=feature_refs,
        )

    @staticmethod
    def pull_latest_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> TableJob:
        """Give the latest row of each key between two instants, both included.

        Raises:
            StoreError: The source is that of a windowed view, whose value at one instant is not its newest event.
        """
        source = _table_of(data_source, "pull_latest_from_table_or_query")
        times = (timestamp_field, created_timestamp_column or None)
        pulled = plain_views.Pull(
            source,
            source.path(config),
            tuple(join_key_columns),
            tuple(feature_name_columns),
            times,
            (start_date, end_date),
        )
        return TableJob(pulled.latest, config)

    @staticmethod
    def pull_all_from_table_or_query(
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> TableJob:
        """Give the rows between two instants, both included.

        Raises:
            StoreError: The source is that of a windowed view, whose events are no feature values.
        """
        source = _table_of(data_source, "pull_all_from_table_or_query")
        times = (timestamp_field, created_timestamp_column or None)
        pulled = plain_views.Pull(
            source,
            source.path(config),
            tuple(join_key_columns),
            tuple(feature_name_columns),
            times,
            (start_date, end_date),
        )
        return TableJob(pulled.all, config)

    @staticmethod
    def offline_write_batch(
        config: RepoConfig, feature_view: FeatureView, table: pa.Table, progress: Callable[[int], Any] | None
    ) -> None:
        """Append rows to the table of a plain view, in one commit.

        Raises:
            StoreError: The view is windowed, or the rows have other columns than the table.
        """
        source = feature_view.batch_source
        if isinstance(source, DeltaSource):
            raise StoreError.write_refused(feature_view.name)
        if not isinstance(source, DeltaTableSource):
            raise StoreError.plain_view(feature_view.name, "written")
        path = source.path(config)
        tables.append(path, plain_views.as_the_table(feature_view.name, table, path))
        if progress:
            progress(table.num_rows)

    @staticmethod
    def write_logged_features(
        config: RepoConfig,
        data: pa.Table | Path,
        source: LoggingSource,
        logging_config: LoggingConfig,
        registry: BaseRegistry,
    ) -> None:
        """Append served features to the table of their logging destination, in one commit.

        Raises:
            StoreError: The destination is not a ``DeltaLoggingDestination``.
        """
        destination = logging_config.destination
        if not isinstance(destination, DeltaLoggingDestination):
            raise StoreError.log_refused(type(destination).__name__)
        rows = pq.read_table(data) if isinstance(data, Path) else data
        tables.append((Path(config.repo_path or ".") / destination.path).resolve(), rows)


def _part(
    config: RepoConfig,
    view: FeatureView,
    names: list[str],
    asked: tuple[pa.Table, str],
    *,
    full: bool,
    by_created: bool,
) -> ViewPart:
    source = view.batch_source
    outputs = {f"{view.projection.name_to_use()}__{name}" if full else name: name for name in names}
    plain = readable(source)
    if plain is not None:
        return plain_views.part(config, view, plain, outputs, asked, by_created=by_created)
    if not isinstance(source, DeltaSource):
        raise StoreError.plain_view(view.name, "retrieved")
    rows, time = asked
    declared, path = source.view, source.path(config)
    keys = spine.keys_and_instants(rows, declared.name, declared.entity.keys, view.projection.join_key_map, time)
    features = {feature.name: feature for feature in declared.features}
    compute = partial(_windowed, declared, path, keys, outputs)
    return ViewPart(compute, {output: features[name] for output, name in outputs.items()})


def _windowed(declared: Any, path: Path, keys: pa.Table, outputs: dict[str, str]) -> dict[str, pa.ChunkedArray]:  # noqa: ANN401 - a FeatureView of ours
    found = point_in_time.values(declared, path, keys, list(outputs.values()))
    return {output: found.column(name) for output, name in outputs.items()}


def _wanted(view: FeatureView, feature_refs: list[str]) -> list[str]:
    prefix = f"{view.projection.name_to_use()}:"
    return list(dict.fromkeys(ref.removeprefix(prefix) for ref in feature_refs if ref.startswith(prefix)))


def _table_of(source: DataSource, action: str) -> DeltaTableSource:
    found = readable(source)
    if found is None:
        raise StoreError.offline_only(action)
    return found
