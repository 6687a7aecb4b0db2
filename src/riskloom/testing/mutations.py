"""Damaged lines by the million, read as a source's tasks read them: nothing raises, and nothing is lost.

``python -m riskloom.testing.mutations --lines 10000000 --log mutations.log`` reads them in rounds, each of a seed of
its own, and writes what became of each round to the log. A run that is ended goes on behind the log's last round.
"""

from __future__ import annotations

import argparse
import random
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from riskloom.declare import AccessLog, EventSource, JsonLines, KeyValue, Sshd
from riskloom.extract.classify import KINDS, RECORD, Rules
from riskloom.extract.decode import Decoder
from riskloom.extract.formats.plan import Plan
from riskloom.testing.damage import clean_lines, damaged

if TYPE_CHECKING:
    from collections.abc import Sequence

ARRIVED = 1_790_000_000_000_000
ROUND, FIRST_SEED, SHARE = 20_000, 1_000, 0.9
MIXED = EventSource(
    name="mixed",
    files="mixed",
    format=(JsonLines(), AccessLog(), KeyValue(), Sshd()),
    columns={
        "client_address": "string",
        "method": "string",
        "path": "string",
        "query": "string",
        "status": "int64",
        "bytes": "int64",
        "user_agent": "string",
        "is_bot_ua": "bool",
        "referrer": "string",
        "user_name": "string",
        "amount": "int64",
        "amount_currency": "string",
        "ok": "bool",
        "price": "float64",
        "city": "string",
        "tags": "string",
        "port": "int64",
    },
    fields={
        "user_name": ("user_name", "user", "user_id"),
        "city": "geo.city",
        "client_address": ("client_address", "source_address"),
    },
    meanings={"client_address": "ip", "amount": "money", "user_name": "handle"},
    reference_date=date(2024, 12, 31),
)


def mutated(seed: int, count: int) -> list[bytes]:
    """Give lines, nine of ten of them damaged.

    Args:
        seed: Of the random choices.
        count: How many lines there are before newlines that damage brings in part some of them.

    Example:
        >>> len(mutated(3, 100)) >= 100
        True
    """
    chance = random.Random(seed)
    lines = list(clean_lines(seed, count))
    made = (damaged(line, chance.choice(lines), chance) if chance.random() < SHARE else line for line in lines)
    return [part for line in made for part in line.split(b"\n")]


def batch_of(lines: Sequence[bytes], start: int = 2) -> pa.RecordBatch:
    """Give lines as bronze has them.

    Args:
        lines: The lines, of one content.
        start: Number of the first.
    """
    count = len(lines)
    columns = {
        "file_hash": pa.repeat("h", count),
        "file": pa.repeat("mixed", count),
        "line_no": pa.array(np.arange(count) + start),
        "byte_offset": pa.array(np.arange(count) * 10),
        "raw": pa.array(lines, pa.binary()),
        "failure": pa.nulls(count, pa.string()),
        "identity": pa.repeat("h", count),
        "ingest_ts": pa.array([ARRIVED] * count, pa.timestamp("us", "UTC")),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def decoder(source: EventSource = MIXED) -> Decoder:
    """Give what reads the lines of a source in tasks."""
    plan = Plan.of(source)
    return Decoder(Rules(ignore={"debug": "DEBUG"}, plan=plan, heads={"h": b""}), plan)


def check_accounting(lines: Sequence[bytes], table: pa.Table) -> tuple[int, int]:
    """Check that each line is one record or none, and that each record gives numbered events or one reject.

    Args:
        lines: What was read, the first of it as line 2.
        table: What it became.

    Returns:
        The records, those of more than one event as often, and the rejects.

    Raises:
        AssertionError: A line is missing or there twice, or a record is neither.

    Example:
        >>> lines = mutated(3, 100)
        >>> records, rejects = check_accounting(lines, pa.concat_tables(decoder().rows(iter([batch_of(lines)]))))
        >>> 90 < records and 0 < rejects < records
        True
    """
    rows: dict[str, list[Any]] = table.select(["line_no", "kind", "ordinal", "reason", "event_ts"]).to_pydict()
    first = sorted(rows["line_no"][place] for place, ordinal in enumerate(rows["ordinal"]) if ordinal == 0)
    if first != list(range(2, len(lines) + 2)):
        message = f"{len(lines)} lines became {len(first)} first rows"
        raise AssertionError(message)
    outcomes = zip(rows["kind"], rows["reason"], rows["event_ts"], strict=True)
    for kind, reason, event_ts in outcomes:
        if kind not in KINDS or (kind == RECORD and (reason is None) != (event_ts is not None)):
            message = f"a line became kind {kind}, reason {reason}, time {event_ts}"
            raise AssertionError(message)
    records = sum(kind == RECORD for kind in rows["kind"])
    return records, sum(reason is not None for reason in rows["reason"])


def main(arguments: Sequence[str]) -> None:
    """Read until as many lines as are wanted stand in the log."""
    parser = argparse.ArgumentParser(prog="riskloom.testing.mutations", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000, help="lines to read in all")
    parser.add_argument("--log", type=Path, default=Path("mutations.log"), help="what became of each round")
    options = parser.parse_args(arguments)
    done = options.log.read_text().splitlines() if options.log.exists() else []
    total, rejects = (sum(int(line.split("\t")[column]) for line in done) for column in (2, 4))
    for seed in range(FIRST_SEED + len(done), FIRST_SEED + options.lines):
        if total >= options.lines:
            break
        lines = mutated(seed, ROUND)
        found, refused = check_accounting(lines, pa.concat_tables(decoder().rows(iter([batch_of(lines)]))))
        total, rejects = total + len(lines), rejects + refused
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with options.log.open("a") as log:
            log.write("\t".join(map(str, (now, seed, len(lines), found, refused))) + "\n")
    sys.stdout.write(
        f"{total:,} lines of seeds {FIRST_SEED} and on: nothing raised, each accounted for, {rejects:,} rejected\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
