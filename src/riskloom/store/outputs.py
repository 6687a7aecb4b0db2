"""A training set as the kind of frame that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError
from riskloom.store.point_in_time import to_pandas

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from riskloom.declare import Feature, TableColumn
    from riskloom.project import Project
    from riskloom.store.parts import Part

FRAMES = ("pandas", "arrow", "polars", "spark")
FILES = ("parquet", "delta")


def check(output: str, out: Path | str | None) -> None:
    """Refuse an output that does not exist, or that has nowhere to go.

    Raises:
        StoreError: It is so.
    """
    if output not in (*FRAMES, *FILES):
        raise StoreError.unknown_option("output", output, (*FRAMES, *FILES))
    if output in FILES and out is None:
        raise StoreError.no_folder(output)


def of_arrow(project: Project, table: pa.Table, parts: Sequence[Part], output: str) -> Any:  # noqa: ANN401 - as asked for
    """Turn a training set into a frame of another kind."""
    if output == "arrow":
        return table
    if output == "pandas":
        return to_pandas(table, features_of(parts))
    if output == "polars":
        import polars as pl

        return pl.from_arrow(table)
    from riskloom.store.spark import to_spark

    return to_spark(project, table)


def of_spark(project: Project, frame: DataFrame, parts: Sequence[Part], output: str) -> Any:  # noqa: ANN401 - as asked for
    """Turn a Spark frame into one of another kind."""
    if output == "spark":
        return frame
    from riskloom.store.spark import to_arrow

    return of_arrow(project, to_arrow(frame), parts, output)


def features_of(parts: Sequence[Part]) -> dict[str, Feature | TableColumn]:
    """Give the features of all parts by output column."""
    return {output: found for part in parts for output, found in part.features.items()}
