"""Data sources of ours for Feast's universal suites, which are run from a fetched copy; see ``docs/feast.md``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import write_deltalake

from riskloom.store.offline import RiskloomOfflineStoreConfig
from riskloom.store.table_source import DeltaLoggingDestination, DeltaSavedDatasetStorage, DeltaTableSource

if TYPE_CHECKING:
    import pandas as pd


class DeltaDataSourceCreator:
    """Writes the suites' frames to Delta tables, as Feast's ``DataSourceCreator`` does for its own stores.

    Args:
        project_name: Feast's project.
        **_: What the suites pass to creators that start servers.
    """

    def __init__(self, project_name: str, *_: Any, **__: Any) -> None:  # noqa: ANN401 - the suites' own arguments
        self.project_name = project_name
        self._folder = Path(tempfile.mkdtemp(prefix=f"{project_name}_"))

    def create_data_source(
        self,
        df: pd.DataFrame,
        destination_name: str,
        created_timestamp_column: str | None = "created_ts",
        field_mapping: dict[str, str] | None = None,
        timestamp_field: str | None = "ts",
    ) -> DeltaTableSource:
        """Write a frame to a Delta table, and give its source."""
        # Two sources of one test may share a name.
        path = Path(tempfile.mkdtemp(prefix=self.get_prefixed_table_name(destination_name), dir=self._folder))
        table = pa.Table.from_pandas(df, preserve_index=False).replace_schema_metadata(None)
        write_deltalake(str(path), _in_micros(table), mode="overwrite", schema_mode="overwrite")
        return DeltaTableSource(
            path=str(path),
            timestamp_field=timestamp_field or "ts",
            created_timestamp_column=created_timestamp_column,
            field_mapping=field_mapping or {"ts_1": "ts"},
        )

    def create_saved_dataset_destination(self) -> DeltaSavedDatasetStorage:
        """Give a place for a saved dataset."""
        return DeltaSavedDatasetStorage(str(Path(tempfile.mkdtemp(dir=self._folder)) / "saved"))

    def create_logged_features_destination(self) -> DeltaLoggingDestination:
        """Give a place for logged features."""
        return DeltaLoggingDestination(str(Path(tempfile.mkdtemp(dir=self._folder)) / "logged"))

    def create_offline_store_config(self) -> RiskloomOfflineStoreConfig:
        """Configure our offline store."""
        return RiskloomOfflineStoreConfig()

    def get_prefixed_table_name(self, suffix: str) -> str:
        """Name a table of the project."""
        return f"{self.project_name}.{suffix}"

    def setup(self, registry: Any) -> None:  # noqa: ANN401 - Feast's configuration of a registry
        """Need nothing prepared."""

    def teardown(self) -> None:
        """Remove the tables."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def xdist_groups() -> list[str]:
        """Run beside any other test."""
        return []

    @staticmethod
    def test_markers() -> list[Any]:
        """Add no marker to a test."""
        return []


def _in_micros(table: pa.Table) -> pa.Table:
    """Give times in microseconds, those inside lists too: Delta knows no nanoseconds."""
    fields = [pa.field(field.name, _micros(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields), safe=False)


def _micros(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC")
    return pa.list_(_micros(kind.value_type)) if pa.types.is_list(kind) else kind
