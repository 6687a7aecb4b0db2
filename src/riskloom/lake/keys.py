"""An index of ids: when the rows of each id came in, found without reading a table of them.

Sorted runs of hashes, put together as they grow (a log-structured merge tree: O'Neil and others, 1996). It is made of
the tables and is never asked what is true, only where to look: two ids with one hash, or a row that is there no more,
cost a look. Where it is missing, or the process that wrote it was killed, it is brought up to date from the tables.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskloom.lake import tables
from riskloom.lake.bucketed.hashing import key_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Run = tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]

_STATE = "state.json"
_KEYS, _ARRIVALS = "keys.npy", "arrivals.npy"
_BATCH_ROWS = 262_144
_INSTANT = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class KeyIndex:
    """The index of one source's ids.

    Attributes:
        folder: Where its runs are.
        key: The column of ids.
        arrival: The column of instants.
    """

    folder: Path
    key: str = "event_id"
    arrival: str = "ingest_ts"

    def catch_up(self, paths: Iterable[Path]) -> int:
        """Take in the data files of tables that it has not seen yet; callers see to it that one does at a time.

        Args:
            paths: Folders of Delta tables, which need not be there.

        Returns:
            How many rows were read.
        """
        there = {tables.identity(path): path for path in paths if tables.exists(path)}
        state = self._state()
        seen: dict[str, list[str]] = state["tables"] if set(state["tables"]) <= set(there) else {}
        runs: list[str] = state["runs"] if seen else []
        now = {name: tables.added_files(path)["path"].to_pylist() for name, path in there.items()}
        if now == seen:
            return 0
        new = [
            there[name] / unquote(file)
            for name, files in now.items()
            for file in sorted(set(files) - set(seen.get(name, ())))
        ]
        found = _merged([self._of_file(file) for file in new])
        kept = self._with(runs, found) if len(found[0]) else runs
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_state({"tables": now, "runs": kept})
        self._sweep(kept)
        return len(found[0])

    def arrivals(self, files: Iterable[Path], ids: Iterable[str] = ()) -> set[int]:
        """Say when rows came in that have one of the ids.

        Args:
            files: Parquet files whose column of ids is read.
            ids: Further ids.

        Returns:
            Microseconds since the epoch, among them those of ids with an equal hash.
        """
        runs = [self._run(name) for name in self._state()["runs"]]
        found: set[int] = set()
        for asked in self._asked(files, ids) if runs else ():
            wanted = np.sort(key_hashes(asked, [self.key]))
            for run in runs:
                found.update(_found(run, wanted).tolist())
        return found

    def _asked(self, files: Iterable[Path], ids: Iterable[str]) -> Iterator[pa.Table]:
        yield pa.table({self.key: pa.array(ids, pa.string())})
        for file in files:
            with pq.ParquetFile(file, memory_map=True) as opened:
                for batch in opened.iter_batches(_BATCH_ROWS, columns=[self.key], use_threads=False):
                    yield pa.Table.from_batches([batch])

    def _of_file(self, path: Path) -> Run:
        with pq.ParquetFile(path, memory_map=True) as file:
            rows = file.read(columns=[self.key, self.arrival], use_threads=False)
        arrivals = rows[self.arrival].cast(_INSTANT).cast(pa.int64()).to_numpy()
        return key_hashes(rows.select([self.key]), [self.key]), arrivals

    def _with(self, runs: Sequence[str], run: Run) -> list[str]:
        """Add a run, put together with those before it that are not much larger."""
        kept, merging = list(runs), [run]
        size = len(run[0])
        while kept and len(self._run(kept[-1])[0]) < 2 * size:
            merging.append(self._run(kept.pop()))
            size += len(merging[-1][0])
        name = uuid.uuid4().hex
        (self.folder / name).mkdir(parents=True)
        keys, arrivals = _merged(merging)
        np.save(self.folder / name / _KEYS, keys)
        np.save(self.folder / name / _ARRIVALS, arrivals)
        return [*kept, name]

    def _run(self, name: str) -> Run:
        keys, arrivals = (np.load(self.folder / name / part, mmap_mode="r") for part in (_KEYS, _ARRIVALS))
        return keys, arrivals

    def _state(self) -> dict[str, Any]:
        path = self.folder / _STATE
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"tables": {}, "runs": []}
        return found

    def _write_state(self, state: dict[str, Any]) -> None:
        unfinished = self.folder / f".{_STATE}.{os.getpid()}"
        unfinished.write_text(json.dumps(state))
        unfinished.replace(self.folder / _STATE)

    def _sweep(self, kept: Sequence[str]) -> None:
        """Remove runs that were put together, and those that a killed process left."""
        for run in self.folder.iterdir():
            if run.is_dir() and run.name not in kept:
                for part in run.iterdir():
                    part.unlink()
                run.rmdir()


def _merged(runs: Sequence[Run]) -> Run:
    """Sort runs into one, each pair of hash and instant once."""
    if not runs:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    keys, arrivals = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    order = np.lexsort((arrivals, keys))
    keys, arrivals = keys[order], arrivals[order]
    first = np.ones(len(keys), np.bool_)
    first[1:] = (keys[1:] != keys[:-1]) | (arrivals[1:] != arrivals[:-1])
    return keys[first], arrivals[first]


def _found(run: Run, wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Give the instants of the rows of a run that have one of the hashes, each once."""
    keys, arrivals = run
    begins, ends = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
    hits = ends > begins
    begins, counts = begins[hits], (ends - begins)[hits]
    # The places of each hit, one stretch after the other.
    places = np.repeat(begins - np.append(0, np.cumsum(counts)[:-1]), counts) + np.arange(counts.sum())
    return np.unique(arrivals[places])
