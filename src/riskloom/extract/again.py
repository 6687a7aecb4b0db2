"""Lines that are loaded again: those of quarantined records, and nothing else of their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

    from riskloom.extract.classify import Row

Place = tuple[str, int]
PLACE = ("file_hash", "byte_offset")
OTHER = "other"


@dataclass(frozen=True)
class Chosen:
    """Places of lines, ready to be sent to workers.

    Attributes:
        offsets: Ascending offsets of lines by the hash of their content.
    """

    offsets: Mapping[str, npt.NDArray[np.int64]]

    @classmethod
    def of(cls, places: Iterable[Place]) -> Chosen:
        """Sort places.

        Example:
            >>> Chosen.of([("b", 7), ("b", 0)]).offsets["b"].tolist()
            [0, 7]
        """
        by_hash: dict[str, list[int]] = {}
        for file_hash, offset in places:
            by_hash.setdefault(file_hash, []).append(offset)
        return cls({file_hash: np.unique(np.array(found, np.int64)) for file_hash, found in by_hash.items()})

    def lines(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Keep the lines of a batch that stand at one of the places; for sources whose records are single lines."""
        hashes = batch.column("file_hash")
        kept = np.zeros(batch.num_rows, np.bool_)
        offsets = batch.column("byte_offset").to_numpy()
        for file_hash in hashes.unique().to_pylist():
            mine = pc.equal(hashes, file_hash).to_numpy(zero_copy_only=False)
            kept |= mine & np.isin(offsets, self.offsets.get(file_hash, ()))
        return batch.filter(pa.array(kept))

    def records(self, found: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """Keep records of which any line stands at one of the places, with all of their lines.

        Args:
            found: Rows of classified lines: those that continue a record come before the record's own.
        """
        held: list[Row] = []
        for rows in found:
            kept: list[Row] = []
            for row in rows:
                if row["kind"] == "continuation":
                    held.append(row)
                    continue
                whole = [*held, row] if row["kind"] == "record" else [row]
                kept += whole if any(self._holds(one) for one in whole) else []
                held = [] if row["kind"] == "record" else held
            yield kept

    def _holds(self, row: Row) -> bool:
        offsets = self.offsets.get(row["file_hash"])
        if offsets is None:
            return False
        place = int(np.searchsorted(offsets, row["byte_offset"]))
        return place < len(offsets) and int(offsets[place]) == row["byte_offset"]


@dataclass(frozen=True)
class Again:
    """What is loaded again, and what it stands for.

    Attributes:
        places: Where the lines begin.
        others: The same lines in contents that a later one continues; what is quarantined there leaves with them.
    """

    places: tuple[Place, ...]
    others: tuple[Place, ...] = ()

    def table(self) -> pa.Table:
        """Give all places, and whether each is of another content."""
        rows: list[dict[str, Any]] = [
            {"file_hash": file_hash, "byte_offset": offset, OTHER: other}
            for places, other in ((self.places, False), (self.others, True))
            for file_hash, offset in places
        ]
        schema = pa.schema([("file_hash", pa.string()), ("byte_offset", pa.int64()), (OTHER, pa.bool_())])
        return pa.Table.from_pylist(rows, schema)
