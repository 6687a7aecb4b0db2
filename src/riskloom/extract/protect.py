"""What leaves bronze: identifiers as tokens, free text and unknown fields without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract.formats.kernels.signs import holding
from riskloom.extract.formats.spans import bounds
from riskloom.extract.redact import redact_column
from riskloom.lake.erasures import gone_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from riskloom.declare import EventSource
    from riskloom.lake.erasures import Erasure
    from riskloom.tokens import Ring

FLAGS, EXTRAS, REASON = "flags", "extras", "reason"
IDENTIFIER = "<ID>"
PII_IDENTIFIER = "pii_identifier"
# Unknown fields that are text or time by what they are: they are redacted, where others become tokens.
_TEXTS = ("trace", "event_ts_raw")
# Shorter identifiers stand in any text by chance.
LEAST_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Protection:
    """What is done to the columns of a source, ready to be sent to workers.

    Attributes:
        redact: Columns of free text.
        tokens: Columns of identifiers.
        ring: Keys of the tokens; None where no column holds any.
        erasures: What was erased: an event of it becomes a reject.
    """

    redact: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    ring: Ring | None = None
    erasures: tuple[Erasure, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether columns of its own are named; unknown fields are protected wherever there are any."""
        return bool(self.redact or self.tokens or self.erasures)

    @classmethod
    def of(cls, source: EventSource, ring: Ring | None, erasures: tuple[Erasure, ...] = ()) -> Protection:
        """Give what a source declares."""
        return cls(source.redact, source.tokens, ring, erasures)

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Protect batches that have the columns and, with them or not, ``flags`` and ``extras``."""
        for batch in batches:
            yield self._batch(batch)

    def table(self, table: pa.Table) -> pa.Table:
        """Protect a table."""
        return pa.Table.from_batches(self.batches(table.to_batches()), table.schema)

    def _batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        flags: dict[int, set[str]] = {}
        identifiers = self._identifiers(columns)
        for name in self.redact:
            columns[name], found = redact_column(_hidden(columns[name], identifiers, flags))
            _add(flags, found)
        if EXTRAS in columns:
            columns[EXTRAS] = self._extras(columns[EXTRAS], identifiers, flags)
        for name in self.tokens:
            columns[name] = self._tokens(columns[name])
        if flags and FLAGS in columns:
            columns[FLAGS] = _flagged(columns[FLAGS], flags)
        done = pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)
        return self._without_erased(done) if self.erasures else done

    def _without_erased(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Give events that were erased the reason why they are none."""
        place = batch.schema.get_field_index(REASON)
        column = batch.column(place)
        for reason, rows in gone_rows(self.erasures, pa.Table.from_batches([batch]), self.ring).items():
            column = pc.if_else(rows, pa.scalar(reason, column.type), column)
        return batch.set_column(place, batch.schema.field(place), column)

    def _identifiers(self, columns: dict[str, pa.Array]) -> list[pa.Array]:
        """Give the columns whose values are looked for in the text of the same row."""
        return [columns[name] for name in self.tokens]

    def _tokens(self, column: pa.Array) -> pa.Array:
        assert self.ring is not None, "a source with tokens has a ring"  # noqa: S101 - held by load
        return self.ring.column(column).combine_chunks().cast(column.type)

    def _extras(self, column: pa.Array, identifiers: list[pa.Array], flags: dict[int, set[str]]) -> pa.Array:
        """Protect unknown fields: nobody said what they hold, so that beside identifiers all may be some."""
        offsets = column.offsets.to_numpy()
        first, last = int(offsets[0]), int(offsets[-1])
        if first == last:
            return column
        keys, items = column.keys.slice(first, last - first), column.items.slice(first, last - first)
        rows = np.repeat(np.arange(len(column)), np.diff(offsets))
        names, in_names = redact_column(keys)
        texts, found = redact_column(_hidden(items, [values.take(pa.array(rows)) for values in identifiers], {}))
        for place, kinds in (*in_names.items(), *found.items()):
            flags.setdefault(int(rows[place]), set()).update(kinds)
        if self.tokens:
            assert self.ring is not None, "a source with tokens has a ring"  # noqa: S101 - held by load
            texts = pc.if_else(pc.is_in(keys, pa.array(_TEXTS)), texts, self._tokens(items))
        entries = pa.array((offsets - first).astype(np.int32))
        return pa.MapArray.from_arrays(entries, names, texts, type=column.type, mask=column.is_null())


def _hidden(column: pa.Array, identifiers: list[pa.Array], flags: dict[int, set[str]]) -> pa.Array:
    """Put a tag in the place of a row's own identifiers that are long enough to be looked for in its text."""
    if not identifiers or not len(column):
        return column
    held = [holding(*bounds(column), *bounds(values), LEAST_LETTERS) for values in identifiers]
    changed: dict[int, str] = {}
    for place in np.flatnonzero(np.any(held, axis=0)).tolist():
        text = str(column[place].as_py())
        own = [values[place].as_py() for values in identifiers]
        hit = [value for value in own if value and len(value) >= LEAST_LETTERS and value in text]
        for value in hit:
            text = text.replace(value, IDENTIFIER)
        if hit:
            changed[place] = text
            flags.setdefault(place, set()).add(PII_IDENTIFIER)
    if not changed:
        return column
    mask = np.zeros(len(column), np.bool_)
    mask[list(changed)] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array(list(changed.values()), column.type))


def _add(flags: dict[int, set[str]], found: dict[int, tuple[str, ...]]) -> None:
    for place, kinds in found.items():
        flags.setdefault(place, set()).update(kinds)


def _flagged(column: pa.Array, flags: dict[int, set[str]]) -> pa.Array:
    if not column.null_count and not len(column.flatten()):
        # Hardly a row had any before.
        counts = np.zeros(len(column) + 1, np.int32)
        counts[np.array(list(flags)) + 1] = [len(kinds) for kinds in flags.values()]
        named = [kind for place in sorted(flags) for kind in sorted(flags[place])]
        edges = pa.array(np.cumsum(counts, dtype=np.int32))
        return pa.ListArray.from_arrays(edges, pa.array(named, pa.string())).cast(column.type)
    rows: list[Any] = column.to_pylist()
    for place, kinds in flags.items():
        rows[place] = sorted({*(rows[place] or ()), *kinds})
    return pa.array(rows, column.type)
