"""Raw identifiers of callers to the tokens that tables and states are keyed by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.lake.key_ids import key_in_use
from riskloom.tokens import Ring, key_of, named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from riskloom.declare import EventSource, FeatureView
    from riskloom.store.recent import Record

    Key = tuple[Any, ...]


def token_keys(view: FeatureView) -> tuple[str, ...]:
    """Name those of a view's key columns that hold tokens."""
    return named(view.entity.key_columns, view.source.tokens)


def ring_of(view: FeatureView, path: Path, version: int | None = None) -> Ring | None:
    """Give the keys that a view's table has tokens of; None where it has none.

    Raises:
        PrivacyError: They are not there.
    """
    columns = token_keys(view)
    if not columns:
        return None
    ring = Ring.required(f"view {view.name!r}")
    used = key_in_use(path, columns, version)
    return ring if used is None else ring.until(used)


def as_tokens(view: FeatureView, path: Path, spine: pa.Table, version: int | None = None) -> pa.Table:
    """Put tokens in the place of a spine's identifiers.

    Args:
        view: Whose keys they are.
        path: Its table.
        spine: The view's key columns, and others.
        version: Version of the table; None for the newest.
    """
    ring = ring_of(view, path, version)
    return spine if ring is None else put_tokens(spine, token_keys(view), ring)


def put_tokens(rows: pa.Table, columns: Sequence[str], ring: Ring) -> pa.Table:
    """Put tokens in the place of identifiers."""
    for column in columns:
        rows = rows.set_column(rows.column_names.index(column), column, ring.column(rows.column(column)))
    return rows


def under_each_key(view: FeatureView, keys: Sequence[Key]) -> list[list[Key]]:
    """Give the keys of entities as states may be found by: under the newest key for tokens, then each older one.

    Args:
        view: Whose entities they are.
        keys: Values of the key columns, as callers name them.

    Returns:
        One list for each key of the ring; the keys as they are where they hold no tokens.

    Raises:
        PrivacyError: The keys for tokens are not there.
    """
    columns = token_keys(view)
    if not columns:
        return [list(keys)]
    held = [name in columns for name in view.entity.key_columns]
    newest, *older = rings_of(view)
    first = [_tokenised(key, held, newest) for key in keys]
    # Nobody can tell what a newer token was under an older key, and nothing stands under it as it is.
    known = newest.ids
    return [first, *([_tokenised(key, held, one, known) for key in keys] for one in older)]


def rings_of(view: FeatureView) -> list[Ring]:
    """Give the ring as of each of its keys, the newest first; none where a view's source holds no tokens.

    Raises:
        PrivacyError: The keys for tokens are not there.
    """
    if not view.source.tokens:
        return []
    ring = Ring.required(f"view {view.name!r}")
    return [ring.until(key_id) for key_id in reversed(ring.ids)]


def tokenised(source: EventSource, record: Record, ring: Ring) -> Record:
    """Put tokens in the place of an event's identifiers."""
    tokens = {
        name: None if record.columns.get(name) is None else ring.token(record.columns[name]) for name in source.tokens
    }
    return record._replace(columns={**record.columns, **tokens})


def _tokenised(key: Key, held: Sequence[bool], ring: Ring, known: Sequence[str] = ()) -> Key:
    newer = set(known).difference(ring.ids)
    return tuple(
        ring.token(value) if token and key_of(value) not in newer else value
        for value, token in zip(key, held, strict=True)
    )
