"""What was erased, so that it does not come back: ``ops.erasures``, which names nobody.

An erasure by key keeps tokens, or where a column holds none, a salted digest of its value. One by time keeps the time.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.intervals import to_datetime, to_micros
from riskloom.lake import tables
from riskloom.tokens import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.lake.paths import Lake
    from riskloom.tokens import Ring

TABLE = "erasures"
ERASED, EXPIRED = GONE = ("erased", "expired")
_DIGEST = "sha256"
_INSTANT = pa.timestamp("us", tz="UTC")
_SCHEMA = pa.schema(
    [
        ("erasure_id", pa.string()),
        ("source", pa.string()),
        ("keys", pa.string()),
        ("until", _INSTANT),
        ("state", pa.string()),
        ("removed", pa.string()),
        ("recorded_ts", _INSTANT),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What a source must not hold any more.

    Attributes:
        erasure_id: Names it, also when it is done in several attempts.
        source: The source.
        keys: For each key column the token or digest of whom it was about; none where it was about time.
        until: Microseconds since the epoch: events before it are gone, later ones may come.
        state: Whether it has begun or is done.
        removed: What was removed, by table.
    """

    erasure_id: str
    source: str
    keys: Mapping[str, str] = field(hash=False)
    until: int
    state: Literal["begun", "done"] = "begun"
    removed: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def reason(self) -> str:
        """What is said of a line that is no longer there."""
        return ERASED if self.keys else EXPIRED

    def rows(self, table: pa.Table, ring: Ring | None, time: str | None = "event_ts") -> pa.Array:
        """Say of each row whether it must be gone.

        Args:
            table: Columns of the keys, in which identifiers are tokens already, and the time.
            ring: Keys of the tokens, as the table has them.
            time: Its time column; None where rows are meant of any time.

        Returns:
            Booleans, shape (rows,).
        """
        gone = pa.repeat(True, table.num_rows)
        for column, kept in self.keys.items():
            gone = pc.and_(gone, _is(table.column(column), kept, ring))
        if time is None:
            return pc.fill_null(gone, False)
        before = _whole(pc.less(table.column(time).cast(_INSTANT).cast(pa.int64()), self.until))
        return pc.fill_null(pc.and_(gone, before), False)


def keep(value: str | int, ring: Ring | None) -> str:
    """Give what is kept of an identifier: a token where there is a ring, else a salted digest.

    Example:
        >>> matches("jane", keep("jane", None)), matches("john", keep("jane", None))
        (True, False)
    """
    if ring is not None:
        return ring.token(str(value))
    salt = secrets.token_hex(8)
    return f"{_DIGEST}:{salt}:{_digest(salt, str(value))}"


def matches(value: str | int, kept: str, ring: Ring | None = None) -> bool:
    """Say whether an identifier, raw or a token, is the one of which something is kept."""
    if key_of(kept) is not None:
        return ring is not None and ring.token(str(value)) == ring.token(kept)
    _, salt, digest = kept.split(":")
    return _digest(salt, str(value)) == digest


def erasures(lake: Lake, source: str | None = None) -> tuple[Erasure, ...]:
    """Read what was erased: each erasure once, in its last state, oldest first.

    Args:
        lake: Where the table is.
        source: Only those of a source; None for all.
    """
    path = lake.ops(TABLE)
    if not tables.exists(path):
        return ()
    latest: dict[str, Erasure] = {}
    rows = tables.read(path).to_pylist()
    # Of two records of one instant, that of the end stands.
    for row in sorted(rows, key=lambda row: (row["recorded_ts"], row["state"] == "done")):
        if source is None or row["source"] == source:
            latest[f"{row['erasure_id']} {row['source']}"] = _of_row(row)
    return tuple(latest.values())


def record(lake: Lake, erasure: Erasure, recorded_ts: int) -> None:
    """Add an erasure's state to ``ops.erasures``."""
    row = {
        "erasure_id": erasure.erasure_id,
        "source": erasure.source,
        "keys": json.dumps(dict(erasure.keys), sort_keys=True),
        "until": to_datetime(erasure.until),
        "state": erasure.state,
        "removed": json.dumps(dict(erasure.removed), sort_keys=True),
        "recorded_ts": to_datetime(recorded_ts),
    }
    tables.append(lake.ops(TABLE), pa.Table.from_pylist([row], schema=_SCHEMA))


def gone_rows(found: Sequence[Erasure], table: pa.Table, ring: Ring | None) -> dict[str, pa.Array]:
    """Say for each reason which rows of a table must be gone; reasons without rows are left out."""
    masks: dict[str, pa.Array] = {}
    for erasure in found:
        mask = erasure.rows(table, ring)
        known = masks.get(erasure.reason)
        masks[erasure.reason] = mask if known is None else pc.or_(known, mask)
    return {reason: mask for reason, mask in masks.items() if pc.any(mask).as_py()}


def _is(column: pa.ChunkedArray, kept: str, ring: Ring | None) -> pa.Array:
    whole = _whole(column)
    if key_of(kept) is not None:
        return pc.equal(whole, kept if ring is None else ring.token(kept))
    coded = whole if isinstance(whole, pa.DictionaryArray) else whole.dictionary_encode()
    found = [value is not None and matches(value, kept) for value in coded.dictionary.to_pylist()]
    return pa.array(found, pa.bool_()).take(coded.indices)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt} {text}".encode()).hexdigest()


def _of_row(row: dict[str, object]) -> Erasure:
    return Erasure(
        erasure_id=str(row["erasure_id"]),
        source=str(row["source"]),
        keys=json.loads(str(row["keys"])),
        until=to_micros(row["until"], "until"),
        state="done" if row["state"] == "done" else "begun",
        removed=json.loads(str(row["removed"])),
    )
