"""What a source with a format makes of a file, in this process and without a lake."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.extract.classify import INPUT, Rules
from riskloom.extract.content import inspect
from riskloom.extract.decode import Decoder
from riskloom.extract.drift import with_refused
from riskloom.extract.formats.plan import Plan
from riskloom.extract.lines import Reading, batches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.declare import EventSource


@dataclass(kw_only=True)
class FileRead:
    """What was read.

    Attributes:
        events: By line and ordinal, each with the columns, and ``event_ts``, ``repair_codes``, ``flags``, ``extras``.
        rejects: By line and ordinal, each with ``reason`` and ``detail``.
        kinds: How many lines are a record, a continuation, blank, a header or ignored.
        drift: Counters of what is otherwise than declared.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    drift: dict[str, int] = field(default_factory=dict)


def read_file(
    path: str | Path, source: EventSource, *, name: str | None = None, arrived: int | None = None
) -> FileRead:
    r"""Read a file as a load reads it: the same decoder, without Spark and before anything is kept or protected.

    Args:
        path: The file.
        source: Its format, and what is wanted.
        name: Its path below the data folder, whose date tells the year where lines do not; its own name where None.
        arrived: When it came in, in microseconds since the epoch; now where None.

    Raises:
        OSError: It cannot be read.

    Example:
        >>> import tempfile
        >>> from riskloom import EventSource, KeyValue
        >>> source = EventSource(name="pay", files="pay", format=KeyValue(), columns={"amount": "float64"})
        >>> with tempfile.NamedTemporaryFile("w") as file:
        ...     _ = file.write("ts=2024-05-01T10:00:00Z amount=3.5\n\namount=4\n")
        ...     file.flush()
        ...     found = read_file(file.name, source)
        >>> [event["amount"] for event in found.events], [reject["reason"] for reject in found.rejects]
        ([3.5], ['no_timestamp'])
        >>> found.kinds
        Counter({'record': 2, 'blank': 1})
    """
    inspected = inspect(str(path))
    if inspected.error:
        raise OSError(f"{path}: {inspected.error}")
    plan = Plan.of(source)
    heads = {inspected.file_hash: inspected.head}
    decoder = Decoder(Rules(source.header, dict(source.ignore), source.record_start, heads, plan), plan)
    came = time.time_ns() // 1_000 if arrived is None else arrived
    reading = Reading(str(path), name or Path(path).name, inspected.file_hash, inspected.size, came)
    table = pa.concat_tables(decoder.rows(_lines(reading)))
    found = FileRead()
    for row in table.sort_by([("line_no", "ascending"), ("ordinal", "ascending")]).to_pylist():
        found.kinds[row["kind"]] += row["ordinal"] == 0
        if row["kind"] == "record":
            row["extras"] = dict(row["extras"])
            (found.events if row["reason"] is None else found.rejects).append(row)
    found.drift = with_refused(decoder.drift.counts, [Counter(row["reason"] for row in found.rejects)])
    return found


def _lines(reading: Reading) -> Iterator[pa.RecordBatch]:
    for batch in batches(reading):
        yield batch.select(list(INPUT))
