"""Where the wanted values of a batch of records stand in its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskloom.declare.formats import AccessLog, Csv, JsonLines, KeyValue
from riskloom.extract.formats.kernels import access_scan, care, json_scan, pairs_scan
from riskloom.extract.formats.paths import split

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from riskloom.declare.formats import Format
    from riskloom.extract.formats.plan import Plan

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

_EXTRAS_PER_RECORD = 8
_BRACE, _SPACE, _TAB = b"{ \t"
# Formats whose kernels take no record that another of them bears the signs of.
_TOLD_APART = (AccessLog, JsonLines, KeyValue)


class WantedKeys:
    """The tree of wanted keys as arrays, for kernels that walk it."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        """Lay out the tree, the children of a node side by side."""
        children: list[dict[str, int]] = [{}]
        names, prefixes, fields = [""], [""], [-1]
        for field, path in enumerate(paths):
            node = 0
            for key in split(path):
                if key not in children[node]:
                    children[node][key] = len(children)
                    prefixes.append(prefixes[node] + names[node] + ("." if node else ""))
                    children.append({})
                    names.append(key)
                    fields.append(-1)
                node = children[node][key]
            fields[node] = field
        order = [0]
        for node in order:
            order.extend(children[node].values())
        place = {node: number for number, node in enumerate(order)}
        spans = [sorted(place[child] for child in children[node].values()) for node in order]
        self.first = np.array([span[0] if span else 0 for span in spans], np.int64)
        self.last = np.array([span[-1] + 1 if span else 0 for span in spans], np.int64)
        written = [names[node].encode() for node in order]
        self.key_at = np.concatenate([[0], np.cumsum([len(name) for name in written])]).astype(np.int64)
        self.keys = np.frombuffer(b"".join(written) or b"\0", np.uint8)
        self.target = np.array([fields[node] for node in order], np.int64)
        self.prefixes = ["" if node == 0 else f"{prefixes[node]}{names[node]}." for node in order]


@dataclass(slots=True)
class Spans:
    """Values of a batch, by field and record.

    Attributes:
        data: Bytes of the records.
        begins: Where each value begins.
        stops: Where it ends.
        kinds: What it is, as ``json_scan`` has it.
        read: Which records were read.
        extras: Fields that nobody wants: record, node, key's begin and end, value's begin and end, kind.
        plain: Whether records are ASCII, as ``care`` has it.
        agents: Begins, stops and kinds of the user agents of access logs.
        access: Which records were read as lines of an access log.
        typed: Which were read as JSON, whose values say what they are.
    """

    data: Bytes
    begins: Ints
    stops: Ints
    kinds: Bytes
    read: Flags
    extras: Ints
    plain: Bytes
    agents: tuple[Ints, Ints, Bytes]
    access: Flags
    typed: Flags


def bounds(records: pa.Array) -> tuple[Bytes, Ints, Ints]:
    """Give the bytes of a binary array, and where each value begins and ends in them."""
    _, offsets, data = records.buffers()
    edges = np.frombuffer(offsets, np.int32, len(records) + 1, records.offset * 4).astype(np.int64)
    content = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return content, edges[:-1], edges[1:].copy()


class Scanner:
    """Finds the values of a source's records, format by format."""

    def __init__(self, plan: Plan) -> None:
        """Make ready for a plan."""
        columns = (path for column in plan.columns for path in column.paths)
        self.paths = tuple(dict.fromkeys([*columns, *plan.all_times]))
        self.place = {path: number for number, path in enumerate(self.paths)}
        self.tree = WantedKeys(self.paths)
        self._opened = {split(path)[0] for path in self.paths if len(split(path)) > 1}
        self._formats = plan.formats

    def scan(self, records: pa.Array, names: tuple[str, ...]) -> Spans:
        """Find the values.

        Args:
            records: Binary array of records, without nulls.
            names: Columns of the records' file, for delimited values.
        """
        data, starts, ends = bounds(records)
        count = len(starts)
        shape = (len(self.paths), count)
        plain = care.plainness(data, starts, ends)
        spans = Spans(
            data,
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int64),
            np.zeros(shape, np.uint8),
            np.zeros(count, np.bool_),
            np.empty((0, 7), np.int64),
            plain,
            (np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.uint8)),
            np.zeros(count, np.bool_),
            np.zeros(count, np.bool_),
        )
        if count == 0:
            return spans
        first = data[np.minimum(starts, len(data) - 1)]
        usable = (plain == care.ASCII) | (plain == care.UNICODE)
        for number, format_ in enumerate(self._formats):
            mine = usable & ~spans.read & self._may_be(format_, first, number)
            if mine.any():
                self._scan(format_, spans, starts, ends, mine, names)
        return spans

    def _may_be(self, format_: Format, first: Bytes, number: int) -> Flags:
        """Say which records can be of a format and of none that is tried before it."""
        before = self._formats[:number]
        if not all(isinstance(one, _TOLD_APART) and getattr(one, "prefix", None) is None for one in before):
            return np.zeros(len(first), np.bool_)
        if isinstance(format_, JsonLines):
            return np.equal(first, _BRACE)
        if isinstance(format_, Csv) and not all(isinstance(one, JsonLines) for one in before):
            return np.zeros(len(first), np.bool_)
        return ~np.isin(first, (_BRACE, _SPACE, _TAB)) if before else np.ones(len(first), np.bool_)

    def _scan(
        self,
        format_: Format,
        spans: Spans,
        starts: Ints,
        ends: Ints,
        mine: Flags,
        names: tuple[str, ...],
    ) -> None:
        table = (spans.begins, spans.stops, spans.kinds)
        if isinstance(format_, AccessLog):
            self._of_access(spans, starts, ends, mine & (spans.plain == care.ASCII))
        elif isinstance(format_, Csv):
            signs = (ord(format_.delimiter), ord(format_.quote), len(names))
            told_apart = len(set(names)) == len(names) > 0 and not self._opened & set(names)
            if format_.nulls == ("",) and told_apart:
                out = self._empty(names, spans)
                self._keep(spans, names, out, pairs_scan.scan_values(spans.data, starts, ends, mine, *signs, *out))
        elif (
            isinstance(format_, JsonLines | KeyValue)
            and format_.prefix is None
            and getattr(format_, "suffix", None) is None
            and not getattr(format_, "words", False)
        ):
            kernel = json_scan.scan if isinstance(format_, JsonLines) else pairs_scan.scan_pairs
            tree = self.tree
            extras = np.empty((int(mine.sum()) * _EXTRAS_PER_RECORD, 7), np.int64)
            wanted = (tree.first, tree.last, tree.key_at, tree.keys, tree.target)
            read, used = kernel(spans.data, starts, ends, mine, *wanted, *table, extras)
            spans.read |= read
            if isinstance(format_, JsonLines):
                spans.typed |= read
            spans.extras = np.concatenate([spans.extras, extras[:used]])

    def _of_access(self, spans: Spans, starts: Ints, ends: Ints, mine: Flags) -> None:
        out = self._empty(access_scan.NAMES, spans)
        read = access_scan.scan(spans.data, starts, ends, mine, *out)
        self._keep(spans, access_scan.NAMES, out, read, rest=False)
        spans.agents = (out[0][-1], out[1][-1], np.where(read, out[2][-1], 0).astype(np.uint8))
        spans.access |= read

    @staticmethod
    def _empty(names: tuple[str, ...], spans: Spans) -> tuple[Ints, Ints, Bytes]:
        shape = (len(names), len(spans.read))
        return np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.uint8)

    def _keep(
        self, spans: Spans, names: tuple[str, ...], out: tuple[Ints, Ints, Bytes], read: Flags, *, rest: bool = True
    ) -> None:
        """Keep what is wanted of records whose values have fixed places; the rest is extra."""
        begins, stops, kinds = out
        spans.read |= read
        left = [spans.extras]
        for number, name in enumerate(names):
            field = self.place.get(name)
            if field is not None:
                spans.begins[field, read], spans.stops[field, read] = begins[number, read], stops[number, read]
                spans.kinds[field, read] = np.where(kinds[number, read] == 1, 1, 0)
            elif rest:
                rows = np.flatnonzero(read & (kinds[number] == 1))
                left.append(_left(rows, number, begins, stops))
        spans.extras = np.concatenate(left)


def _left(rows: Ints, number: int, begins: Ints, stops: Ints) -> Ints:
    """Give extras whose key is the name of a column, which its place stands for."""
    found = np.zeros((len(rows), 7), np.int64)
    found[:, 0], found[:, 1], found[:, 6] = rows, -1 - number, 1
    found[:, 4], found[:, 5] = begins[number, rows], stops[number, rows]
    return found
