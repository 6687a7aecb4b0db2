"""Retrieval jobs: what Feast's callers get of the offline store, computed when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from feast.errors import SavedDatasetLocationAlreadyExists
from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata

from riskloom.errors import StoreError
from riskloom.lake import tables
from riskloom.store import point_in_time, spine
from riskloom.store.table_source import DeltaSavedDatasetStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from feast import RepoConfig
    from feast.on_demand_feature_view import OnDemandFeatureView

    from riskloom.declare import Feature, TableColumn


@dataclass(frozen=True)
class ViewPart:
    """One view of a retrieval.

    Attributes:
        compute: Gives its features by output column.
        features: Its declared features by output column; empty for Feast's own views.
    """

    compute: Callable[[], dict[str, pa.ChunkedArray]]
    features: Mapping[str, Feature | TableColumn]


class TableJob(RetrievalJob):
    """A table that is computed when it is asked for.

    Args:
        evaluate: Gives the table.
        config: The repository's configuration.
    """

    def __init__(self, evaluate: Callable[[], pa.Table], config: RepoConfig) -> None:
        self._evaluate, self._config = evaluate, config

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return self._evaluate()

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        frame: pd.DataFrame = self._evaluate().to_pandas()
        return frame

    @property
    def full_feature_names(self) -> bool:
        """Whether columns are named ``view__feature``."""
        return False

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """On-demand views that Feast computes from the result."""
        return []

    @property
    def metadata(self) -> RetrievalMetadata | None:
        """What was asked for, where it was by spine."""
        return None

    def persist(self, storage: Any, allow_overwrite: bool = False, timeout: int | None = None) -> None:  # noqa: ANN401, FBT001, FBT002 - Feast's
        """Write the result to a Delta table.

        Args:
            storage: A ``DeltaSavedDatasetStorage``.
            allow_overwrite: Write over a table that is there.
            timeout: Not used.

        Raises:
            StoreError: The storage is one of Feast's own, which would lose a table's log.
        """
        if not isinstance(storage, DeltaSavedDatasetStorage):
            raise StoreError.persist_refused()
        path = (Path(self._config.repo_path or ".") / storage.path).resolve()
        if tables.exists(path) and not allow_overwrite:
            raise SavedDatasetLocationAlreadyExists(location=str(path))
        tables.overwrite(path, self.to_arrow())


class RiskloomRetrievalJob(TableJob):
    """Features of the rows of a spine.

    Args:
        rows: The spine, all its columns.
        time: Its column of instants.
        parts: The views.
        config: The repository's configuration.
        full_feature_names: Name the columns ``view__feature``.
        on_demand: On-demand views that go on top.
        feature_refs: The request.
    """

    def __init__(
        self,
        rows: pa.Table,
        time: str,
        parts: Sequence[ViewPart],
        config: RepoConfig,
        *,
        full_feature_names: bool,
        on_demand: list[OnDemandFeatureView],
        feature_refs: list[str],
    ) -> None:
        super().__init__(self._table, config)
        self._rows, self._time, self._parts = rows, time, parts
        self._full, self._on_demand, self._refs = full_feature_names, on_demand, feature_refs

    def _table(self) -> pa.Table:
        table = self._rows
        for part in self._parts:
            table = point_in_time.append_features(table, part.compute())
        return table

    def _features(self) -> dict[str, Feature | TableColumn]:
        return {output: found for part in self._parts for output, found in part.features.items()}

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return point_in_time.to_pandas(self._table(), self._features())

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
        span = pc.min_max(spine.instants(self._rows, self._time)).as_py()
        keys = [name for name in self._rows.column_names if name != self._time]
        return RetrievalMetadata(
            features=self._refs, keys=keys, min_event_timestamp=span["min"], max_event_timestamp=span["max"]
        )
