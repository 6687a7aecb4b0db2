"""The work of one materialization: states written piece by piece, by this process or by tasks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from riskloom.errors import StoreError
from riskloom.lake.bucketed.hashing import key_hashes
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.commits import committed
from riskloom.store.absorb import Absorbed, absorb
from riskloom.store.changed import of_keys
from riskloom.store.evaluate import Plan
from riskloom.store.inner.base import Batch, state_key
from riskloom.store.inner.open import open_at
from riskloom.store.packed.head import Stamp
from riskloom.store.point_in_time import read_events
from riskloom.store.slices import Slices, constant, joined
from riskloom.store.source import declared
from riskloom.store.states import encode_states
from riskloom.store.views import WALL, Views
from riskloom.windows.tables import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from riskloom.store.inner.open import Place
    from riskloom.store.state import Mark

ROWS_AT_ONCE = 500_000


class Span(NamedTuple):
    """What is to be written: the table's version and identity, and how far."""

    version: int
    origin: int
    end: int
    watermark: int


class Piece(NamedTuple):
    """What is read and written at once.

    Attributes:
        buckets: Names of the table's buckets; None for a table without.
        keys: Whose states are written; None for all in the buckets.
    """

    buckets: frozenset[str] | None
    keys: pa.Table | None


@dataclass(frozen=True)
class Work:
    """States to be written to one build of one view; what a task is given.

    Attributes:
        place: Where the store is.
        configuration: The view's declaration, as its source carries it.
        path: Its gold table.
        begun: The mark that says that the materialization has begun.
        slot: The build that is written.
        span: What is to be written.
        cut: From when on the states are read: a build that serves already must go on serving its mark.
    """

    place: Place
    configuration: bytes
    path: Path
    begun: Mark
    slot: int
    span: Span
    cut: int

    @cached_property
    def plan(self) -> Plan:
        """The view."""
        return Plan(declared(self.configuration))

    @property
    def since(self) -> int:
        """Microseconds since the epoch from which on states hold events."""
        return self.cut - self.plan.view.reach

    def __getstate__(self) -> dict[str, object]:
        """Give what a task gets: it works the view out by itself."""
        return {name: value for name, value in self.__dict__.items() if name != "plan"}


def in_pieces(path: Path, version: int, keys: pa.Table | None) -> list[Piece]:
    """Cut a table into pieces between its buckets, so that memory does not grow with it.

    Args:
        path: The gold table.
        version: Its version.
        keys: The view's partition keys, of the entities wanted; None for all.
    """
    seen = snapshot(path, version)
    if seen is None or not seen.bucketed:
        return [Piece(None, keys)]
    groups: list[set[str]] = [set()]
    rows = 0
    for file in sorted(seen.files, key=lambda file: file.bucket):
        if rows >= ROWS_AT_ONCE and file.bucket not in groups[-1]:
            groups.append(set())
            rows = 0
        groups[-1].add(file.bucket)
        rows += file.rows
    if keys is None:
        return [Piece(frozenset(group), None) for group in groups]
    # A bucket that has no file any more is in no group; the tombstones of its keys go with the first.
    group_of = {bucket: place for place, group in enumerate(groups) for bucket in group}
    names = [group_of.get(name, 0) for name in seen.buckets.names]
    owners = np.array(names)[seen.buckets.of(key_hashes(keys, keys.column_names))]
    found = ((group, keys.filter(pa.array(owners == place))) for place, group in enumerate(groups))
    return [Piece(frozenset(group), mine) for group, mine in found if mine.num_rows]


def write_piece(work: Work, piece: Piece) -> int:
    """Write the states of a piece from a process that has nothing open yet, and give how many there are."""
    return send(work, Views(open_at(work.place), WALL), [piece])


def send(work: Work, views: Views, pieces: Sequence[Piece]) -> int:
    """Write the states of pieces, and give how many there are.

    While a batch is on its way, the next one is encoded, and the next piece read.

    Raises:
        StoreError: The store can't be reached or has no room, or a later materialization has begun.
    """
    writer, entities = _Writer(work, views), 0
    stamp = Stamp(work.span.version, work.begun.attempt, work.cut)
    with ThreadPoolExecutor(1) as sender:
        try:
            sent = sender.submit(writer.check)
            for piece, events in _read(work, pieces):
                there: set[bytes] = set()
                for batch in encode_states(work.plan, events, stamp):
                    sent.result()
                    sent = sender.submit(writer.write, batch.keys, batch.states, batch.ids)
                    entities += len(batch.keys.begins)
                    if piece.keys is not None:
                        there.update(batch.keys.parts())
                sent.result()
                if gone := _gone(work.plan, piece.keys, there):
                    sent = sender.submit(writer.write, Slices.of(gone), constant(b"", len(gone)), _no_ids)
            sent.result()
        finally:
            sender.submit(views.states.close).result()
    return entities


def check(views: Views, name: str, begun: Mark) -> None:
    """Stop where a later materialization has begun."""
    mark = views.read_mark(name)
    if mark is None or (mark.attempt, mark.owner) != (begun.attempt, begun.owner):
        raise StoreError.overtaken(name)


@dataclass(frozen=True, slots=True)
class _Writer:
    work: Work
    views: Views

    def check(self) -> None:
        check(self.views, self.work.plan.view.name, self.work.begun)

    def write(self, keys: Slices, states: Slices, ids: Callable[[int], set[str]]) -> None:
        """Write states; empty ones are tombstones.

        Args:
            keys: Their keys, as the codec writes them.
            states: The states.
            ids: Gives the ids of the events of the state at a place among them.
        """
        self.check()
        work, name = self.work, self.work.plan.view.name
        placed = joined([constant(state_key(work.slot, b""), len(keys.begins)), keys])
        batch = Batch(work.span.version, work.begun.attempt, placed, states)
        if left := set(self.views.states.write_batch(name, batch)):
            wanted = {row.key: Absorbed(row, ids(place)) for place, row in enumerate(batch.rows()) if row.key in left}
            absorb(self.views.states, work.plan, work.span.watermark, wanted)
        committed(f"online.{name}", batch.revision)


def _read(work: Work, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, pa.Table]]:
    """Read the events of each piece while the one before it is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = [reader.submit(_events, work, piece) for piece in pieces[:1]]
        for place, piece in enumerate(pieces, 1):
            events = coming.pop().result()
            coming = [reader.submit(_events, work, after) for after in pieces[place : place + 1]]
            yield piece, events


def _events(work: Work, piece: Piece) -> pa.Table:
    """Read the events that the states of a piece are made of."""
    view, span = work.plan.view, work.span
    events = read_events(view, work.path, work.since, span.end, span.version, piece.keys, piece.buckets)
    return events if piece.keys is None else of_keys(events, piece.keys)


def _no_ids(_: int) -> set[str]:
    return set()


def _gone(plan: Plan, keys: pa.Table | None, there: set[bytes]) -> list[bytes]:
    """Give the keys of entities that have no event in reach any more."""
    if keys is None or not keys.num_rows:
        return []
    written = plan.codec.encode_all([whole(column) for column in keys.columns])
    return [key for key in written.parts() if key not in there]
