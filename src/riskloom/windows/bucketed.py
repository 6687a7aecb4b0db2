"""Questions about bucketed tables: a spine is cut by bucket, and one task answers what falls into its bucket.

Only the spine moves. Each task reads its bucket's files by itself, and gives its answer as an Arrow stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.errors import LakeError
from riskloom.lake.bucketed.build import by_bucket, packed, unpacked
from riskloom.lake.bucketed.files import File, read_files
from riskloom.lake.bucketed.order import in_order
from riskloom.lake.bucketed.read import overlaps
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.paths import shown
from riskloom.windows.gold import gold_layout
from riskloom.windows.in_process import choose_features, compute

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

    import numpy.typing as npt

    from riskloom.declare import FeatureView
    from riskloom.lake.bucketed.table import Layout, Snapshot
    from riskloom.lake.tasks import Tasks

    Ints = npt.NDArray[np.int64]

AT = "at"
# A task holds so many rows of a spine at most, and what it answers to them.
SPINE_ROWS = 500_000


@dataclass(frozen=True, slots=True)
class Windowed:
    """The features of a windowed view.

    Attributes:
        declaration: The view, as data.
        features: Names of the features wanted.
    """

    declaration: dict[str, Any]
    features: tuple[str, ...]

    @classmethod
    def of(cls, view: FeatureView, features: Sequence[str] | None = None) -> Self:
        """Ask for features of a view; for all of them where None."""
        return cls(view_to_dict(view), tuple(feature.name for feature in choose_features(view, features)))

    @property
    def layout(self) -> Layout:
        """How the table that can answer it is laid out: as the view's gold table."""
        return gold_layout(view_from_dict(self.declaration))

    @property
    def columns(self) -> Sequence[str]:
        """Columns of the table that are read: all of them."""
        return tuple(self.layout.schema.names)

    @property
    def reach(self) -> int:
        """Microseconds before an instant from which rows matter: as far as its longest window reaches."""
        return view_from_dict(self.declaration).reach

    def answer(self, rows: pa.Table, spine: pa.Table) -> pa.Table:
        """Give one row for each spine row, in its order.

        Args:
            rows: All rows of the spine's keys within reach, in the table's order.
            spine: Key columns and ``at``.
        """
        return compute(view_from_dict(self.declaration), rows, spine, self.features)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question about one table.

    Attributes:
        path: Folder of the table.
        question: What is asked.
        spine: Key columns, typed as the table's, and ``at``.
        version: Version of the table; None for the newest.
    """

    path: Path
    question: Windowed
    spine: pa.Table
    version: int | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of a spine that fall into one bucket, as an Arrow stream; who asks with them, and the files to look in."""

    spine: bytes
    asked: tuple[tuple[int, tuple[File, ...]], ...]


def bucketed(path: Path, question: Windowed, version: int | None = None) -> bool:
    """Say whether a table is laid out so that a question about it can be answered bucket by bucket."""
    seen = snapshot(path, version)
    return seen is not None and seen.has(question.layout)


def answers(tasks: Tasks, requests: Sequence[Request]) -> list[pa.Table]:
    """Answer questions, all of them by tasks of one job.

    Args:
        tasks: Where the tasks run.
        requests: The questions.

    Returns:
        For each request one row for each row of its spine, in its order.

    Raises:
        LakeError: A table is missing, or is not laid out as its question needs.
        WindowError: A table can't answer; see ``compute`` and ``as_of``.
    """
    seen = [_looked_at(request) for request in requests]
    pieces: list[_Piece] = []
    backs: list[Ints] = [np.zeros(0, np.int64)] * len(requests)
    for numbers in _alike(requests, seen):
        back = _cut(numbers, requests, seen, pieces)
        for number in numbers:
            backs[number] = back
    found = tasks.map(partial(_answer, [(request.path, request.question) for request in requests]), pieces)
    parts: list[list[pa.Table]] = [[] for _ in requests]
    for piece, values in zip(pieces, found, strict=True):
        for (number, _), value in zip(piece.asked, values, strict=True):
            parts[number].append(unpacked([value]))
    return [_in_place(request, back, part) for request, back, part in zip(requests, backs, parts, strict=True)]


def _looked_at(request: Request) -> Snapshot:
    seen = snapshot(request.path, request.version)
    if seen is None:
        raise LakeError.missing(shown(request.path), request.path)
    if not seen.has(request.question.layout):
        raise LakeError.other_layout(shown(request.path), request.path)
    return seen


def _alike(requests: Sequence[Request], seen: Sequence[Snapshot]) -> list[list[int]]:
    """Put requests together whose spines are cut alike, so that each is cut and sent once."""
    groups: list[list[int]] = []
    for number, request in enumerate(requests):
        for group in groups:
            first = requests[group[0]]
            if (
                request.question.layout.keys == first.question.layout.keys
                and seen[number].buckets == seen[group[0]].buckets
                and request.spine.equals(first.spine)
            ):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _cut(numbers: Sequence[int], requests: Sequence[Request], seen: Sequence[Snapshot], pieces: list[_Piece]) -> Ints:
    """Add the pieces of requests that are cut alike, and give where each row of the spine stands among the answers."""
    first, buckets = requests[numbers[0]], seen[numbers[0]].buckets
    files: dict[str, dict[int, list[File]]] = {}
    for number in numbers:
        for file in seen[number].files:
            files.setdefault(file.bucket, {}).setdefault(number, []).append(file)
    back, begin = np.empty(first.spine.num_rows, np.int64), 0
    numbered = first.spine.append_column("__row", pa.array(np.arange(first.spine.num_rows)))
    for place, part in by_bucket(first.question.layout.keys, buckets, numbered):
        there = files.get(buckets.names[place], {})
        asked = tuple((number, tuple(there.get(number, ()))) for number in numbers)
        back[part.column("__row").to_numpy()] = np.arange(begin, begin + part.num_rows)
        begin += part.num_rows
        rows = part.drop_columns(["__row"])
        pieces += [_Piece(packed(rows.slice(at, SPINE_ROWS)), asked) for at in range(0, rows.num_rows, SPINE_ROWS)]
    return back


def _in_place(request: Request, back: Ints, parts: list[pa.Table]) -> pa.Table:
    if not parts:
        return answer_from(request.path, request.question, (), request.spine)
    return pa.concat_tables(parts).take(pa.array(back))


def _answer(asked: Sequence[tuple[Path, Windowed]], piece: _Piece) -> list[bytes]:
    spine = unpacked([piece.spine])
    return [packed(answer_from(*asked[number], files, spine)) for number, files in piece.asked]


def answer_from(path: Path, question: Windowed, files: Sequence[File], spine: pa.Table) -> pa.Table:
    """Answer a question from one bucket.

    Args:
        path: Folder of the table.
        question: What is asked.
        files: Files of the bucket; those whose time is out of reach are not read.
        spine: Rows whose keys lie in the bucket, or have no rows at all.
    """
    layout, names = question.layout, list(question.columns)
    span = pc.min_max(spine.column(AT).cast(pa.int64())).as_py()
    since = None if span["min"] is None else span["min"] - question.reach
    until = None if span["max"] is None else span["max"] + 1
    here = [file for file in files if overlaps(file, since, until)]
    if not here:
        return question.answer(pa.schema([layout.schema.field(name) for name in names]).empty_table(), spine)
    rows = read_files(path, here, names)
    ties = [name for name in layout.ties if name in names]
    return question.answer(in_order(rows, layout.keys, (layout.time, *ties)) if len(here) > 1 else rows, spine)
