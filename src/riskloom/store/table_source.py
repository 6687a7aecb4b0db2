"""DeltaTableSource: a Feast data source that names a Delta table of feature values, and where wanted a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feast.data_format import DeltaFormat
from feast.data_source import DataSource
from feast.feature_logging import LoggingDestination
from feast.infra.offline_stores.file_source import FileSource
from feast.protos.feast.core.DataSource_pb2 import DataSource as DataSourceProto
from feast.protos.feast.core.FeatureService_pb2 import LoggingConfig as LoggingConfigProto
from feast.saved_dataset import SavedDatasetStorage
from feast.type_map import pa_to_feast_value_type

from riskloom.lake import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feast import RepoConfig, ValueType
    from feast.protos.feast.core.SavedDataset_pb2 import SavedDatasetStorage as SavedDatasetStorageProto

_CLASS = "riskloom.store.table_source.DeltaTableSource"
_KIND = "riskloom_delta"


class DeltaTableSource(DataSource):
    """A Delta table that holds feature values, for Feast's own feature views.

    Args:
        path: Folder of the table, absolute or relative to the folder of ``feature_store.yaml``.
        timestamp_field: Column of the time from which a row counts.
        name: Name of the source; the path where none is given.
        version: Version to read; None for the newest.
        created_timestamp_column: Column that settles which of two rows of one time counts.
        field_mapping: Names of features by column, where they differ.
        description: One line for people.
        tags: Tags.
        owner: Who answers for the table.
    """

    # Whether the path is of Parquet files without a log: one of Feast's own file sources.
    parquet = False

    def __init__(  # noqa: PLR0913 - Feast's own sources take as many
        self,
        *,
        path: str,
        timestamp_field: str,
        name: str = "",
        version: int | None = None,
        created_timestamp_column: str | None = None,
        field_mapping: dict[str, str] | None = None,
        description: str = "",
        tags: dict[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(
            name=name or path,
            timestamp_field=timestamp_field,
            created_timestamp_column=created_timestamp_column or "",
            field_mapping=field_mapping,
            description=description,
            tags=tags,
            owner=owner,
        )
        self.folder, self.version = path, version

    def path(self, config: RepoConfig) -> Path:
        """Give the absolute path of the table."""
        return (Path(config.repo_path or ".") / self.folder).resolve()

    def column_of(self, name: str) -> str:
        """Give the table's column for a name that Feast uses."""
        columns: dict[str, str] = {feature: column for column, feature in self.field_mapping.items()}
        return columns.get(name, name)

    def __eq__(self, other: object) -> bool:
        """Compare the table and its version as well."""
        return (
            isinstance(other, DeltaTableSource)
            and super().__eq__(other)
            and (self.folder, self.version) == (other.folder, other.version)
        )

    def __hash__(self) -> int:
        """Hash as Feast does, by name."""
        return int(super().__hash__())

    @staticmethod
    def from_proto(data_source: DataSourceProto) -> DeltaTableSource:
        """Read what the registry holds."""
        own = json.loads(data_source.custom_options.configuration)
        return DeltaTableSource(
            name=data_source.name,
            path=own["table"],
            version=own["version"],
            timestamp_field=data_source.timestamp_field,
            created_timestamp_column=data_source.created_timestamp_column,
            field_mapping=dict(data_source.field_mapping),
            description=data_source.description,
            tags=dict(data_source.tags),
            owner=data_source.owner,
        )

    def _to_proto_impl(self) -> DataSourceProto:
        own = json.dumps({"table": self.folder, "version": self.version}, sort_keys=True)
        return DataSourceProto(
            name=self.name,
            type=DataSourceProto.CUSTOM_SOURCE,
            data_source_class_type=_CLASS,
            timestamp_field=self.timestamp_field,
            created_timestamp_column=self.created_timestamp_column,
            field_mapping=self.field_mapping,
            description=self.description,
            tags=self.tags,
            owner=self.owner,
            custom_options=DataSourceProto.CustomSourceOptions(configuration=own.encode()),
        )

    def validate(self, config: RepoConfig) -> None:
        """Accept the source: its table may be written after it is registered."""

    def get_table_column_names_and_types(self, config: RepoConfig) -> Iterable[tuple[str, str]]:
        """Give the table's columns and their Arrow types."""
        return [(field.name, str(field.type)) for field in tables.schema(self.path(config), self.version)]

    def get_table_query_string(self) -> str:
        """Name the table; there is no SQL behind it."""
        return self.folder

    @staticmethod
    def source_datatype_to_feast_value_type() -> Callable[[str], ValueType]:
        """Give the map from an Arrow type's name to Feast's type."""
        found: Callable[[str], ValueType] = pa_to_feast_value_type
        return found

    def source_type(self) -> Any:  # noqa: ANN401 - an enum of generated code
        """Say that the source is not one of Feast's own."""
        return DataSourceProto.CUSTOM_SOURCE


class _ParquetSource(DeltaTableSource):
    parquet = True


def readable(source: DataSource) -> DeltaTableSource | None:
    """Give a source of plain feature values as one of ours; None for one that is neither ours nor a ``FileSource``."""
    if isinstance(source, DeltaTableSource):
        return source
    if not isinstance(source, FileSource):
        return None
    kind = DeltaTableSource if isinstance(source.file_format, DeltaFormat) else _ParquetSource
    return kind(
        name=source.name,
        path=source.path,
        timestamp_field=source.timestamp_field,
        created_timestamp_column=source.created_timestamp_column,
        field_mapping=dict(source.field_mapping),
    )


class DeltaSavedDatasetStorage(SavedDatasetStorage):
    """A Delta table that a retrieval is kept in.

    Args:
        path: Folder of the table, absolute or relative to the folder of ``feature_store.yaml``.
    """

    _proto_attr_name = "custom_storage"

    def __init__(self, path: str) -> None:
        self.path = path

    @staticmethod
    def from_proto(storage_proto: SavedDatasetStorageProto) -> DeltaSavedDatasetStorage:
        """Read what the registry holds."""
        return DeltaSavedDatasetStorage(json.loads(storage_proto.custom_storage.configuration)["path"])

    def to_proto(self) -> SavedDatasetStorageProto:
        """Write it for the registry."""
        own = DataSourceProto.CustomSourceOptions(configuration=json.dumps({"path": self.path}).encode())
        return self._custom_storage_proto(own)

    def to_data_source(self) -> DataSource:
        """Give a source that reads the table."""
        return DeltaTableSource(path=self.path, timestamp_field="event_timestamp")


class DeltaLoggingDestination(LoggingDestination):
    """A Delta table that served features are logged to.

    Args:
        path: Folder of the table, absolute or relative to the folder of ``feature_store.yaml``.
    """

    _proto_kind = _KIND

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def from_proto(cls, config_proto: LoggingConfigProto) -> DeltaLoggingDestination:
        """Read what the registry holds."""
        return cls(config_proto.custom_destination.config["path"])

    def to_proto(self) -> LoggingConfigProto:
        """Write it for the registry."""
        destination = LoggingConfigProto.CustomDestination(kind=_KIND, config={"path": self.path})
        return LoggingConfigProto(custom_destination=destination)

    def to_data_source(self) -> DataSource:
        """Give a source that reads the log."""
        return DeltaTableSource(path=self.path, timestamp_field="__log_timestamp")
