"""Declared types and Python values as Feast's types and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feast import ValueType
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import BoolList, DoubleList, Int64List, StringList, Value
from feast.types import Array, Bool, Float64, Int64, String, UnixTimestamp

from riskloom.declare.functions import list_of

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUE_TYPES = {
    "string": ValueType.STRING,
    "int64": ValueType.INT64,
    "float64": ValueType.DOUBLE,
    "bool": ValueType.BOOL,
    "timestamp": ValueType.UNIX_TIMESTAMP,
    list_of("string"): ValueType.STRING_LIST,
    list_of("int64"): ValueType.INT64_LIST,
    list_of("float64"): ValueType.DOUBLE_LIST,
    list_of("bool"): ValueType.BOOL_LIST,
    list_of("timestamp"): ValueType.UNIX_TIMESTAMP_LIST,
}
_SCALARS = {"string": String, "int64": Int64, "float64": Float64, "bool": Bool, "timestamp": UnixTimestamp}
FIELD_TYPES = {**_SCALARS, **{list_of(name): Array(kind) for name, kind in _SCALARS.items()}}
_FIELDS = {"string": "string", "int64": "int64", "float64": "double", "bool": "bool", "timestamp": "unix_timestamp"}
_LISTS = {
    list_of("string"): StringList,
    list_of("int64"): Int64List,
    list_of("float64"): DoubleList,
    list_of("bool"): BoolList,
    list_of("timestamp"): Int64List,
}
DTYPES = {kind: name for name, kind in FIELD_TYPES.items()}
# Feast encodes no bool in a key, and a timestamp in whole seconds, so that two keys would become one.
KEY_TYPES = ("string", "int64")
NULL = Value()


def to_value(value: Any, dtype: str) -> Value:  # noqa: ANN401 - a feature's value is of any declared type
    """Write a feature's value as Feast's message; null is the empty one.

    Feast knows a timestamp in whole seconds; our own client gives it whole.
    """
    if value is None:
        return NULL
    if dtype in _LISTS:
        inner = dtype.removeprefix("list[").removesuffix("]")
        items = [_plain(item, inner) for item in value]
        return Value(**{f"{_FIELDS[inner]}_list_val": _LISTS[dtype](val=items)})
    return Value(**{f"{_FIELDS[dtype]}_val": _plain(value, dtype)})


def _plain(value: Any, dtype: str) -> Any:  # noqa: ANN401 - a feature's value is of any declared type
    return int(value.timestamp() // 1) if dtype == "timestamp" else value


def to_key(columns: Sequence[tuple[str, str]], values: Sequence[Any]) -> EntityKey:
    """Write an entity's key.

    Args:
        columns: Pairs of key column and type.
        values: One value a column, none of them null.
    """
    messages = [to_value(value, dtype) for (_, dtype), value in zip(columns, values, strict=True)]
    return EntityKey(join_keys=[column for column, _ in columns], entity_values=messages)


def from_key(key: EntityKey, columns: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
    """Read an entity's key, in the order of the columns."""
    found = dict(zip(key.join_keys, key.entity_values, strict=True))
    return tuple(getattr(found[column], found[column].WhichOneof("val")) for column, _ in columns)
