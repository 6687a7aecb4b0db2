"""Computes a kept training set again, and says in which rows the result is another one, and why."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskloom.errors import StoreError
from riskloom.lake import tables
from riskloom.lake.erasures import erasures
from riskloom.lake.paths import Lake, shown
from riskloom.store import spine as spines
from riskloom.store.kept import produce
from riskloom.store.kept_files import DATA
from riskloom.store.keyed import put_tokens
from riskloom.store.manifest import ROWS, SPINE, Manifest, digest, versions
from riskloom.store.parts import BatchPart, WindowPart
from riskloom.store.spine import AT
from riskloom.tokens import Ring, named
from riskloom.windows.key_codes import key_codes
from riskloom.windows.tables import conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from riskloom.settings import Settings
    from riskloom.store.parts import Part


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A training set that was computed again.

    Attributes:
        same_bytes: Whether the file, or the Delta table's content, is what it was.
        rows: Rows of the training set.
        equal: Rows that are what they were.
        erased: Rows of somebody who was erased from a table, or of events that were removed for their age; of a batch
            view, whose table others write, rows of whose key nothing is left.
        changed: Rows that are different for any other reason: later corrections.
        read_instead: For each table whose version can no longer be read: its name, that version, the one read.
        other_versions: Libraries that are not of the version recorded: recorded, and now.
    """

    same_bytes: bool
    rows: int
    equal: int
    erased: int
    changed: int
    read_instead: tuple[tuple[str, int, int], ...]
    other_versions: dict[str, tuple[str, str]]

    def as_data(self) -> dict[str, Any]:
        """Write it as JSON-ready data."""
        instead = [{"table": table, "version": then, "read": now} for table, then, now in self.read_instead]
        other = {name: {"recorded": then, "now": now} for name, (then, now) in self.other_versions.items()}
        return {**vars(self), "read_instead": instead, "other_versions": other}

    def as_text(self) -> str:
        """Write it for people."""
        lines = [
            f"table {table}: version {then} can no longer be read; version {now} is the first that can."
            for table, then, now in self.read_instead
        ]
        lines += [f"{name}: {then} is recorded, {now} ran." for name, (then, now) in self.other_versions.items()]
        counts = f"{self.equal} of {self.rows} rows equal, {self.erased} erased, {self.changed} changed."
        return "\n".join([*lines, "Same bytes." if self.same_bytes else f"Not the same bytes: {counts}"])


def reproduce(settings: Settings, manifest: Path | str, out: Path | str | None = None) -> Reproduction:
    """Compute a training set again from its manifest.

    It is computed by the runner and from the table versions that the manifest records, under the declarations of
    then. Where a version can no longer be read, the first later one that can be is read instead.

    Args:
        settings: Where the lake is.
        manifest: The manifest, or its folder.
        out: Folder for the data; None to compare alone.

    Returns:
        Whether it has the same bytes, and else which rows are equal, erased and changed.

    Raises:
        StoreError: The manifest or a file beside it is damaged, or a table is gone.
    """
    known = Manifest.read(Path(manifest))
    spine, then = known.checked(SPINE), pq.read_table(known.checked(ROWS))
    lake = Lake(settings.lake)
    pinned = known.parts(lake)
    parts = tuple(_readable(part) for part in pinned)
    with TemporaryDirectory(dir=_beside(out)) as scratch:
        again = _again(settings, known, parts, spine, Path(scratch))
        if out is not None:
            _move(Path(scratch), Path(out), known.data["output"])
    rows, hashes, same = pq.read_table(spine), again.hashes, again.same_bytes
    differs = _differs(then, hashes, "row")
    erased = np.zeros(len(differs), np.bool_)
    for place, part in enumerate(parts):
        touched = _differs(then, hashes, f"part_{place}")
        if touched.any():
            erased |= touched & _erased(lake, part, rows)
    now = versions(known.data["runner"])
    recorded = known.data["versions"]
    return Reproduction(
        same_bytes=same,
        rows=rows.num_rows,
        equal=int((~differs).sum()),
        erased=int((differs & erased).sum()),
        changed=int((differs & ~erased).sum()),
        read_instead=tuple(
            (shown(part.path), before.version or 0, part.version or 0)
            for before, part in zip(pinned, parts, strict=True)
            if before.version != part.version
        ),
        other_versions={name: (recorded[name], now[name]) for name in now if recorded.get(name) != now[name]},
    )


def _readable(part: Part) -> Part:
    if not tables.exists(part.path):
        raise StoreError.table_gone(part.name, part.path)
    version = tables.first_readable(part.path, part.version or 0)
    return part if version == part.version else replace(part, version=version)


class _Again(NamedTuple):
    """What was computed again: whether its bytes are the same, and the hashes of its rows."""

    same_bytes: bool
    hashes: pa.Table


def _again(settings: Settings, known: Manifest, parts: Sequence[Part], spine: Path, folder: Path) -> _Again:
    kind: str = known.data["output"]
    made = produce(settings, parts, spine, folder, runner=known.data["runner"], kind=kind)
    if kind == "delta":
        same = made.content == known.data["content_sha256"]
    else:
        was = {name: hash_ for name, hash_ in known.data["files"].items() if name not in (SPINE, ROWS)}
        same = was == {name: digest(folder / name) for name in made.files}
    return _Again(same, pq.read_table(folder / ROWS))


def _beside(out: Path | str | None) -> Path | None:
    """Give the folder in which to compute: where the result shall be, so that it need not be copied."""
    if out is None:
        return None
    Path(out).mkdir(parents=True, exist_ok=True)
    return Path(out)


def _move(folder: Path, out: Path, kind: str) -> None:
    target = out / DATA[kind]
    if target.is_dir():
        shutil.rmtree(target)
    (folder / DATA[kind]).replace(target)


def _differs(then: pa.Table, now: pa.Table, column: str) -> npt.NDArray[np.bool_]:
    pairs = zip(then.column(column).to_pylist(), now.column(column).to_pylist(), strict=True)
    return np.array([before != after for before, after in pairs], np.bool_)


def _erased(lake: Lake, part: Part, rows: pa.Table) -> npt.NDArray[np.bool_]:
    """Say of each spine row whether it is about somebody, or a time, that the part's source must not hold any more."""
    asked = spines.keys_and_instants(rows, part.name, part.entity.keys)
    if isinstance(part, BatchPart):
        return _gone(part, asked)
    source = part.view.source if isinstance(part, WindowPart) else part.label.source
    reach = part.view.reach if isinstance(part, WindowPart) else 0
    tokens = named(part.entity.key_columns, source.tokens)
    ring = Ring.required(f"source {source.name!r}") if tokens else None
    asked = asked if ring is None else put_tokens(asked, tokens, ring)
    found = np.zeros(asked.num_rows, np.bool_)
    for erasure in erasures(lake, source.name):
        if erasure.keys and set(erasure.keys) <= set(part.entity.key_columns):
            found |= erasure.rows(asked, ring, time=None).to_numpy(zero_copy_only=False)
        elif not erasure.keys:
            found |= asked.column(AT).cast(pa.int64()).to_numpy() - reach < erasure.until
    return found


def _gone(part: BatchPart, asked: pa.Table) -> npt.NDArray[np.bool_]:
    """Say of each spine row whether the part's table has nothing of its key."""
    keys = part.entity.key_columns
    there = conform("rows", tables.read(part.path, columns=keys, version=part.version), dict(part.entity.keys))
    codes, found, size = key_codes(asked, there, keys)
    has = np.zeros(size + 1, np.bool_)
    has[found[found >= 0]] = True
    return (codes >= 0) & ~has[codes]
