"""DeltaSource: a Feast data source that names a gold table and carries the view's declaration."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feast.data_source import DataSource
from feast.protos.feast.core.DataSource_pb2 import DataSource as DataSourceProto

from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.store.values import VALUE_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feast import RepoConfig, ValueType

    from riskloom.declare import FeatureView

_CLASS = "riskloom.store.source.DeltaSource"
TIMESTAMP_FIELD = "event_ts"


@lru_cache(maxsize=1024)
def _read(configuration: bytes) -> tuple[str, FeatureView]:
    data = json.loads(configuration)
    return data["table"], view_from_dict(data["view"])


def declared(configuration: bytes) -> FeatureView:
    """Read the declaration that a source carries."""
    return _read(configuration)[1]


class DeltaSource(DataSource):
    """The events of a windowed view, with all that is needed to evaluate it.

    The registry alone is enough to compute features: no project folder is needed.

    Args:
        name: Name of the source: that of the view.
        configuration: What ``of`` wrote.
        description: One line for people.
        tags: Tags.
        owner: Who answers for the view.

    Attributes:
        configuration: The table's path and the view's declaration, as JSON.
    """

    def __init__(
        self,
        *,
        name: str,
        configuration: bytes,
        description: str = "",
        tags: dict[str, str] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(name=name, timestamp_field=TIMESTAMP_FIELD, description=description, tags=tags, owner=owner)
        self.configuration = configuration

    @classmethod
    def of(cls, view: FeatureView, table: str) -> DeltaSource:
        """Build the source of a view.

        Args:
            view: The view.
            table: Path of its gold table, absolute or relative to the folder of ``feature_store.yaml``.
        """
        data = {"table": table, "view": view_to_dict(view)}
        configuration = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
        return cls(name=view.name, configuration=configuration, description=view.description, owner=view.owner)

    @property
    def view(self) -> FeatureView:
        """The view's declaration."""
        return _read(self.configuration)[1]

    def path(self, config: RepoConfig) -> Path:
        """Give the absolute path of the gold table."""
        return (Path(config.repo_path or ".") / _read(self.configuration)[0]).resolve()

    def __eq__(self, other: object) -> bool:
        """Compare the table and the declaration as well."""
        return isinstance(other, DeltaSource) and super().__eq__(other) and self.configuration == other.configuration

    def __hash__(self) -> int:
        """Hash as Feast does, by name."""
        return int(super().__hash__())

    @staticmethod
    def from_proto(data_source: DataSourceProto) -> DeltaSource:
        """Read what the registry holds."""
        return DeltaSource(
            name=data_source.name,
            configuration=data_source.custom_options.configuration,
            description=data_source.description,
            tags=dict(data_source.tags),
            owner=data_source.owner,
        )

    def _to_proto_impl(self) -> DataSourceProto:
        return DataSourceProto(
            name=self.name,
            type=DataSourceProto.CUSTOM_SOURCE,
            data_source_class_type=_CLASS,
            timestamp_field=self.timestamp_field,
            description=self.description,
            tags=self.tags,
            owner=self.owner,
            custom_options=DataSourceProto.CustomSourceOptions(configuration=self.configuration),
        )

    def validate(self, config: RepoConfig) -> None:
        """Accept the source: its table may be written after it is registered."""

    def get_table_column_names_and_types(self, config: RepoConfig) -> Iterable[tuple[str, str]]:
        """Give keys, features and the time column, with their types."""
        view = self.view
        features = ((feature.name, feature.dtype) for feature in view.features)
        return [*view.entity.keys, *features, (TIMESTAMP_FIELD, "timestamp")]

    @staticmethod
    def source_datatype_to_feast_value_type() -> Callable[[str], ValueType]:
        """Give the map from a declared type to Feast's."""
        return VALUE_TYPES.__getitem__

    def source_type(self) -> Any:  # noqa: ANN401 - an enum of generated code
        """Say that the source is not one of Feast's own."""
        return DataSourceProto.CUSTOM_SOURCE
