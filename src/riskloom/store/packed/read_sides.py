"""Reads features off states with sides: from the wider entity's rows, and from those of the party that is asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from riskloom.store.packed.combine import combiner
from riskloom.store.packed.head import CUT, FINGERPRINT
from riskloom.store.packed.pushed import PushedEvents
from riskloom.store.packed.read import Reader
from riskloom.store.packed.sides import Directory, party_key, read_leaves
from riskloom.store.recent import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare import Feature, FeatureView
    from riskloom.store.packed.pushed import PushedEvent
    from riskloom.store.packed.sides import Side

    Key = tuple[Any, ...]

_KEPT = 65_536


class SidesReader:
    """Some features of one view, as they are read off its states.

    Args:
        view: The view.
        declaration: Its fingerprint.
        sides: Its sides.
        features: The features wanted.

    Attributes:
        missing: The values of no events.
    """

    def __init__(
        self, view: FeatureView, declaration: bytes, sides: Sequence[Side], features: Sequence[Feature]
    ) -> None:
        self._view, self._declaration, self._sides = view, declaration[:FINGERPRINT], sides
        own = view.entity.key_columns
        leaves = [read_leaves(features, side.keys, own) for side in sides]
        self._readers = [
            Reader(view.name, declaration, side.shape, mine) for side, mine in zip(sides, leaves, strict=True)
        ]
        self._combine = combiner(features, [leaf for mine in leaves for leaf in mine])
        self._places = [[own.index(key) for key in side.rest] for side in sides]
        self._pushed = [PushedEvents(view, side.shape) for side in sides]
        self._features = features
        self.missing = tuple(feature.default for feature in features)

    def open(self, data: bytes) -> Directory:
        """Check a state's directory.

        Raises:
            StoreError: It is damaged, or of another declaration.
        """
        return Directory(self._view.name, data, self._declaration)

    def listed(self, directory: Directory) -> tuple[int, frozenset[int]]:
        """Give from when on a state lists the ids of its events, and their hashes."""
        body = directory.find(0, b"") or self._readers[0].empty
        return self._readers[0].listed(body, self._readers[0].head(body))

    def values(
        self, directory: Directory | None, key: Key, at: int, records: Sequence[bytes]
    ) -> tuple[list[Any], list[bool] | None] | None:
        """Give the features of one entity, as ``Reader.values`` does; None where the state can't be read yet.

        Args:
            directory: The state's directory; None where nothing but pushed events is there.
            key: Values of the entity's key columns.
            at: Microseconds since the epoch.
            records: Pushed events of the state, as ``Record.encode`` wrote them.
        """
        found: list[Any] = []
        lacking: set[int] = set()
        for side, reader in enumerate(self._readers):
            party = party_key([key[place] for place in self._places[side]])
            body = None if directory is None else directory.find(side, party)
            head = reader.head(body := body or reader.empty)
            if at < head[CUT]:
                return None
            pushed = self._pushed_to(side, party, records)
            values, lacks = reader.values(body, head, at, reader.edges(at), pushed)
            if directory is not None and directory.cut_short and body is reader.empty:
                lacks = [True] * len(values)
            lacking |= {len(found) + place for place, one in enumerate(lacks or ()) if one}
            found += values
        return self._combine(found, lacking)

    def _pushed_to(self, side: int, party: bytes, records: Sequence[bytes]) -> Sequence[PushedEvent]:
        rest = self._sides[side].rest
        return self._pushed[side].of([record for record in records if _party_of(record, rest) == party])

    def starts(self, at: int) -> list[int]:
        """Give from when on each feature reads events at an instant, microseconds since the epoch."""
        return [feature.start(at) for feature in self._features]


@lru_cache(maxsize=_KEPT)
def _party_of(record: bytes, rest: tuple[str, ...]) -> bytes | None:
    """Give the key of the party whose event was pushed; None for nobody's."""
    columns = Record.decode(record).columns
    values = [columns.get(name) for name in rest]
    return None if None in values else party_key(values)
