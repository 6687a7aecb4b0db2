"""Lines of bronze that must be gone: found by what became of them and by what they say, then emptied in their place.

A line keeps its number, offset and identity, so that both sums still hold and no other line gets another name. It is
counted as left out by the rule ``erased`` or ``expired``.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.extract import classify
from riskloom.extract.formats.plan import Plan
from riskloom.extract.lines import PIECE
from riskloom.lake import tables
from riskloom.lake.erasures import GONE
from riskloom.lake.past import forget_past
from riskloom.lake.rewrite import DataFile, data_files, rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from riskloom.declare import EventSource

    Offsets = npt.NDArray[np.int64]

_HASH = "file_hash"
_BATCH_ROWS = 32_768
_NONE: Offsets = np.zeros(0, np.int64)


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Which lines must be gone.

    Attributes:
        records: For each content the offsets of records that must be gone.
        staying: Given contents, for each of them the offsets of records whose events stay, whatever else they say.
        words: Identifiers: a line that names one and belongs to no record that stays must be gone.
        contents: Contents of which every line must be gone.
    """

    records: Mapping[str, Offsets] = field(default_factory=dict)
    staying: Callable[[Collection[str]], Mapping[str, Offsets]] = lambda _: {}
    words: tuple[str, ...] = ()
    contents: frozenset[str] = frozenset()


def offsets_by_content(pointers: pa.Table) -> dict[str, Offsets]:
    """Group pointers.

    Args:
        pointers: ``file_hash`` and ``byte_offset``.

    Returns:
        Ascending offsets by content.

    Example:
        >>> offsets_by_content(pa.table({"file_hash": ["a", "b", "a"], "byte_offset": [7, 0, 3]}))["a"].tolist()
        [3, 7]
    """
    grouped = pointers.select([_HASH, "byte_offset"]).group_by(_HASH).aggregate([("byte_offset", "distinct")])
    rows = grouped.to_pydict()
    pairs = zip(rows[_HASH], rows["byte_offset_distinct"], strict=True)
    return {content: np.sort(np.array(offsets, np.int64)) for content, offsets in pairs}


def find(source: EventSource, bronze: Path, sought: Sought) -> dict[str, Offsets]:
    """Find the lines of bronze that must be gone, those of other contents that hold the same line too.

    Args:
        source: Whose lines; its rules say which lines continue a record.
        bronze: The table of lines.
        sought: Which must be gone.

    Returns:
        Offsets of lines by content; lines that are gone already are not among them.
    """
    if not tables.exists(bronze):
        return {}
    contents: dict[str, list[DataFile]] = {}
    for file in data_files(bronze):
        contents.setdefault(str(file.partition[_HASH]), []).append(file)
    known = _identities(contents, sought.records)
    whole = {content: _left(files) for content, files in contents.items() if content in sought.contents}
    hits = {content: _hits(files, sought.words, known) for content, files in contents.items() if content not in whole}
    hits = {content: hit for content, hit in hits.items() if len(hit[0]) or len(hit[1])}
    staying = sought.staying([content for content, (named, _) in hits.items() if len(named)])
    some = {
        content: _lines_of(source, content, contents[content], hit, staying.get(content, _NONE))
        for content, hit in hits.items()
    }
    return {content: offsets for content, offsets in (whole | some).items() if len(offsets)}


def blank(bronze: Path, lines: Mapping[str, Offsets], reason: str) -> None:
    """Empty lines in their place.

    Args:
        bronze: The table of lines.
        lines: Offsets of lines by content.
        reason: ``erased`` or ``expired``.
    """

    def change(file: DataFile, rows: pa.Table) -> pa.Table | None:
        gone = np.isin(rows.column("byte_offset").to_numpy(), lines[str(file.partition[_HASH])])
        gone &= ~_are_gone(rows.column("failure"))
        return emptied(rows, gone, reason) if gone.any() else None

    rewrite(bronze, change, lambda file: file.partition[_HASH] in lines)


def emptied(rows: pa.Table, gone: npt.NDArray[np.bool_], reason: str) -> pa.Table:
    """Empty some lines of bronze rows."""
    mask = pa.array(gone)
    # The pieces of a line that is too long are not counted, and stay what they are.
    first = pc.and_(mask, pc.invert(pc.fill_null(pc.equal(rows.column("failure"), PIECE), False)))
    for name, where, value in (("raw", mask, pa.scalar(b"")), ("failure", first, pa.scalar(reason))):
        field_ = rows.schema.field(name)
        column = pc.if_else(where, value.cast(field_.type), rows.column(name))
        rows = rows.set_column(rows.column_names.index(name), field_, column)
    return rows


def _identities(contents: Mapping[str, Sequence[DataFile]], records: Mapping[str, Offsets]) -> dict[str, Offsets]:
    """Give the offsets of records by the content under which their lines were first seen."""
    found: dict[str, list[Offsets]] = {}
    for content, offsets in records.items():
        for batch in _batches(contents.get(content, ()), ["byte_offset", "identity"]):
            there = batch.column("byte_offset").to_numpy()
            mine = np.isin(there, offsets)
            for identity, places in _by_identity(batch.filter(pa.array(mine))):
                found.setdefault(identity, []).append(places)
    return {identity: np.unique(np.concatenate(parts)) for identity, parts in found.items()}


def _by_identity(batch: pa.RecordBatch) -> Iterator[tuple[str, Offsets]]:
    identities, offsets = batch.column("identity"), batch.column("byte_offset").to_numpy()
    for identity in pc.unique(identities).to_pylist():
        yield identity, offsets[pc.equal(identities, identity).to_numpy(zero_copy_only=False)]


def _lines_of(
    source: EventSource, content: str, files: Sequence[DataFile], hit: tuple[Offsets, Offsets], staying: Offsets
) -> Offsets:
    """Give all lines of the records that must be gone."""
    named, records = hit
    if not _rules(source, {}).spans:
        return _whole_lines(files, np.union1d(np.setdiff1d(named, staying), records))
    offsets, begins = _beginnings(source, content, files)
    gone = np.union1d(np.setdiff1d(begins[np.isin(offsets, named)], staying), records)
    return _whole_lines(files, offsets[np.isin(begins, gone)])


def _whole_lines(files: Sequence[DataFile], offsets: Offsets) -> Offsets:
    """Add the other pieces of lines that are too long."""
    if not len(offsets):
        return offsets
    batches = list(_batches(files, ["line_no", "byte_offset"]))
    numbers, places = (
        np.concatenate([batch.column(name).to_numpy() for batch in batches]) for name in ("line_no", "byte_offset")
    )
    found: Offsets = places[np.isin(numbers, numbers[np.isin(places, offsets)])]
    return found


def _left(files: Sequence[DataFile]) -> Offsets:
    """Give the lines of a content that are not gone."""
    parts = [
        batch.column("byte_offset").to_numpy()[~_are_gone(batch.column("failure"))]
        for batch in _batches(files, ["byte_offset", "failure"])
    ]
    return np.concatenate([_NONE, *parts])


def _hits(files: Sequence[DataFile], words: Collection[str], known: Mapping[str, Offsets]) -> tuple[Offsets, Offsets]:
    """Give the offsets of lines that name somebody, and of those that are records to go; not those that are gone."""
    named, records = [_NONE], [_NONE]
    pattern = _pattern(words) if words else None
    for batch in _batches(files, ["byte_offset", "identity", "failure", *(["raw"] if pattern else [])]):
        offsets, left = batch.column("byte_offset").to_numpy(), ~_are_gone(batch.column("failure"))
        hit = np.zeros(batch.num_rows, np.bool_)
        for identity in pc.unique(batch.column("identity")).to_pylist():
            if identity in known:
                mine = pc.equal(batch.column("identity"), identity).to_numpy(zero_copy_only=False)
                hit |= mine & np.isin(offsets, known[identity])
        records.append(offsets[hit & left])
        if pattern:
            says = pc.match_substring_regex(batch.column("raw"), pattern, ignore_case=True)
            named.append(offsets[pc.fill_null(says, False).to_numpy(zero_copy_only=False) & left])
    return np.concatenate(named), np.concatenate(records)


def _pattern(words: Collection[str]) -> str:
    r"""Give an expression that finds identifiers as words, also as JSON and addresses write them.

    Example:
        >>> bool(pc.match_substring_regex(pa.array([b'{"id": "jane"}']), _pattern(["jane"]))[0].as_py())
        True
        >>> bool(pc.match_substring_regex(pa.array([b"janet"]), _pattern(["jane"]))[0].as_py())
        False
    """
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1], quote(word, safe=""))}
    found = "|".join(re.escape(form).replace("\\-", "-").replace("\\@", "@") for form in sorted(forms))
    # Lines are bytes: a letter of another alphabet beside an identifier ends it, which finds rather more than less.
    return rf"(?:^|[^0-9A-Za-z_])(?:{found})(?:$|[^0-9A-Za-z_])"


def _are_gone(failures: pa.Array) -> npt.NDArray[np.bool_]:
    is_gone = pc.is_in(failures, pa.array(list(GONE)))
    found: npt.NDArray[np.bool_] = pc.fill_null(is_gone, False).to_numpy(zero_copy_only=False)
    return found


def _rules(source: EventSource, heads: Mapping[str, bytes]) -> classify.Rules:
    plan = Plan.of(source) if source.formats else None
    return classify.Rules(source.header, dict(source.ignore), source.record_start, heads, plan)


def _beginnings(source: EventSource, content: str, files: Sequence[DataFile]) -> tuple[Offsets, Offsets]:
    """Give the offset of each line, and of the line that its record begins with."""
    columns = [name for name in classify.INPUT if name != _HASH]
    head = next(iter(_batches(files, ["line_no", "raw"])), None)
    first = head.column("raw")[0].as_py() if head is not None and head.num_rows else b""
    rules = _rules(source, {content: first})
    batches = (
        pa.RecordBatch.from_arrays([pa.repeat(content, batch.num_rows), *batch.columns], names=[_HASH, *columns])
        for batch in _batches(files, columns)
    )
    found = (row for rows in rules.records(batches) for row in rows)
    rows = [(row["byte_offset"], row["kind"] != classify.CONTINUATION) for row in found]
    rows.sort()
    offsets = np.array([offset for offset, _ in rows], np.int64)
    begins = np.array([begin for _, begin in rows], np.bool_)
    last = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0)) if rows else _NONE
    return offsets, offsets[last]


def _batches(files: Sequence[DataFile], columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Read a content's files in the order of its lines."""
    opened = [pq.ParquetFile(file.path, memory_map=True) for file in files]
    for file in sorted(opened, key=_first_offset):
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False):
            plain = [_flat(batch.column(name)) for name in columns]
            yield pa.RecordBatch.from_arrays(plain, names=columns)


def _first_offset(file: pq.ParquetFile) -> int:
    rows = next(file.iter_batches(1, columns=["byte_offset"]), None)
    return rows.column(0)[0].as_py() if rows is not None and rows.num_rows else 0


def _flat(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def take_out(source: EventSource, bronze: Path, rejects: Path) -> int:
    """Empty the lines of staged rejects that may not come back.

    Args:
        source: Whose lines.
        bronze: The table of lines.
        rejects: Parquet of the rejects that a load staged.

    Returns:
        How many lines were emptied; none where nothing of what was erased came in again.
    """
    begun, taken = time.time(), 0
    rows = pq.read_table(rejects, columns=[_HASH, "byte_offset", "reason"])
    for reason in GONE:
        records = offsets_by_content(rows.filter(pc.equal(rows.column("reason"), reason)))
        lines = find(source, bronze, Sought(records=records)) if records else {}
        if lines:
            blank(bronze, lines, reason)
            taken += sum(len(offsets) for offsets in lines.values())
    if taken:
        forget_past(bronze, begun)
    return taken
