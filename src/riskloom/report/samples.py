"""Samples of kept training sets: how features are spread, apart by label where a set has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.store.kept_files import DATA
from riskloom.store.manifest import FILE, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

ROWS, BINS, FEATURES = 20_000, 24, 8
_GROUPS = 10
# What lies beyond is drawn into the outer bins: one very large amount would leave all others in the first.
_INNER = (1.0, 99.0)
_LEAST = 10


@dataclass(frozen=True)
class Sample:
    """Some rows of a kept training set.

    Attributes:
        service: Its service.
        folder: Where it is kept.
        total: Rows that it has.
        rows: The rows that were read.
        features: Names of its features.
        labels: Names of its labels.
    """

    service: str
    folder: Path
    total: int
    rows: pa.Table
    features: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Spread:
    """How a feature is spread.

    Attributes:
        feature: Its name.
        edges: Edges of the bins.
        groups: For each group its name, how many of its rows have the feature, and their shares by bin.
        apart: Largest distance of the two groups' distribution functions (Kolmogorov and Smirnov); 0 for one group.
    """

    feature: str
    edges: Floats
    groups: tuple[tuple[str, int, Floats], ...]
    apart: float


def samples(folder: Path) -> list[Sample]:
    """Read a sample of the newest training set of each service.

    Args:
        folder: Folder below which training sets are kept in Parquet, each with its manifest.
    """
    newest: dict[str, Path] = {}
    for path in sorted(folder.rglob(FILE), key=lambda path: (path.stat().st_mtime, path)):
        if (path.parent / DATA["parquet"]).exists():
            newest[Manifest.read(path).data["service"]] = path.parent
    return [_sample(service, path) for service, path in sorted(newest.items())]


def _sample(service: str, folder: Path) -> Sample:
    parts = Manifest.read(folder).data["parts"]
    labels = tuple(part["name"] for part in parts if part["kind"] == "label")
    features = tuple(name for part in parts if part["kind"] != "label" for name in part["features"])
    data = folder / DATA["parquet"]
    files = [pq.ParquetFile(path) for path in (sorted(data.glob("*.parquet")) if data.is_dir() else [data])]
    batches = [batch for file in files for batch in _batches(file, ROWS // len(files))]
    rows = pa.Table.from_batches(batches, files[0].schema_arrow)
    return Sample(service, folder, sum(file.metadata.num_rows for file in files), rows, features, labels)


def _batches(file: pq.ParquetFile, most: int) -> Iterator[pa.RecordBatch]:
    """Read the beginnings of row groups that lie evenly over a file."""
    groups = np.unique(np.linspace(0, file.num_row_groups - 1, _GROUPS).astype(int)).tolist() if most else []
    for group in groups:
        yield from _first(file, group, max(most // len(groups), 1))


def _first(file: pq.ParquetFile, group: int, most: int) -> Iterator[pa.RecordBatch]:
    for batch in file.iter_batches(batch_size=most, row_groups=[group]):
        yield batch
        return


def spreads(sample: Sample) -> list[tuple[str, list[Spread]]]:
    """Give the features whose spread tells most: by each label those that set its groups apart.

    A training set without labels has one group, of all rows.
    """
    numbers = {name: _numbers(sample.rows[name]) for name in sample.features if _numeric(sample.rows[name].type)}
    parted = []
    for label in sample.labels:
        true = pc.fill_null(sample.rows[label].cast(pa.bool_()), False).to_numpy()
        if min(true.sum(), (~true).sum()) >= _LEAST:
            parted.append((label, {label: true, f"not known as {label}": ~true}))
    if not parted:
        parted = [("", {"all rows": np.ones(sample.rows.num_rows, np.bool_)})]
    found = []
    for label, groups in parted:
        made = [spread for name, values in numbers.items() if (spread := _spread(name, values, groups)) is not None]
        best = sorted(made, key=lambda spread: (-spread.apart, spread.feature))
        found.append((label, best[:FEATURES]))
    return found


def _spread(feature: str, values: Floats, groups: dict[str, npt.NDArray[np.bool_]]) -> Spread | None:
    known = values[np.isfinite(values)]
    if not len(known) or known.min() == known.max():
        return None
    low, high = np.percentile(known, _INNER)
    if low == high:
        low, high = known.min(), known.max()
    edges = np.linspace(low, high, BINS + 1)
    made = []
    for name, chosen in groups.items():
        mine = values[chosen & np.isfinite(values)]
        counts = np.histogram(np.clip(mine, low, high), edges)[0]
        made.append((name, len(mine), counts / max(len(mine), 1)))
    sums = [np.cumsum(shares) for _, count, shares in made if count >= _LEAST]
    apart = float(np.abs(sums[0] - sums[1]).max()) if len(sums) > 1 else 0.0
    return Spread(feature, edges, tuple(made), apart)


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _numbers(column: pa.ChunkedArray) -> Floats:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    values: Floats = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy()
    return values
