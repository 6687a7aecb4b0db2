"""Which quarantined lines there are to load again, found in quarantine and bronze without a JVM."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from riskloom.extract.again import Again, Place
from riskloom.extract.bronze import Extracted, ReadFile
from riskloom.extract.content import FIRST_BLOCK
from riskloom.lake import tables

if TYPE_CHECKING:
    from riskloom.lake.paths import Lake

Line = tuple[str, int]


@dataclass(slots=True)
class Quarantined:
    """Quarantined lines of a source.

    Attributes:
        contents: Path and first line of every content that bronze has, by its hash.
        reasons: Why each line is quarantined, by its place in the newest content that has it.
        others: The same lines in the contents that this one continues.
        gone: How many lines bronze has no more.
        left: Reasons that were not asked for.
    """

    contents: dict[str, ReadFile] = field(default_factory=dict)
    reasons: dict[Place, Counter[str]] = field(default_factory=dict)
    others: dict[Place, set[Place]] = field(default_factory=dict)
    gone: int = 0
    left: Counter[str] = field(default_factory=Counter)

    def extracted(self, places: list[Place]) -> Extracted:
        """Give some of the lines as an input to load."""
        asked = Counter(file_hash for file_hash, _ in places)
        files = [self.contents[file_hash] for file_hash in asked]
        files = [ReadFile(file.file, file.file_hash, asked[file.file_hash], file.head) for file in files]
        files.sort(key=lambda file: (file.file, file.file_hash))
        others = {other for place in places for other in self.others[place]}
        again = Again(tuple(sorted(places)), tuple(sorted(others)))
        return Extracted(tuple(files), sum(asked.values()), 0, again=again)


def quarantined(lake: Lake, source: str, reason: str | None = None) -> Quarantined:
    """Find the quarantined lines of a source.

    Args:
        lake: Where the tables are.
        source: Name of the source.
        reason: A reason's code, with or without the field behind it; None for all.

    Returns:
        The lines; none where nothing is quarantined.
    """
    found = Quarantined()
    if not tables.exists(lake.quarantine(source)) or not tables.exists(lake.bronze(source)):
        return found
    wanted: dict[Place, Counter[str]] = {}
    for row in tables.read(lake.quarantine(source), ["file_hash", "byte_offset", "reason"]).to_pylist():
        if reason is None or row["reason"] == reason or row["reason"].startswith(f"{reason}:"):
            wanted.setdefault((row["file_hash"], row["byte_offset"]), Counter())[row["reason"]] += 1
        else:
            found.left[row["reason"]] += 1
    if not wanted:
        return found
    firsts = _first_lines(lake, source)
    found.contents = {row["file_hash"]: _content(row) for row in firsts}
    lines = _lines(lake, source, wanted, firsts)
    names = {(row["file_hash"], row["byte_offset"]): (row["identity"], row["byte_offset"]) for row in lines}
    family: dict[Line, list[Place]] = {}
    # Largest last: of the contents that have a line, the newest is that which goes on furthest.
    for row in sorted(lines, key=lambda row: (row["ingest_ts"], row["file_bytes"])):
        place = (row["file_hash"], row["byte_offset"])
        family.setdefault(names[place], []).append(place)
    for place, reasons in wanted.items():
        if place not in names:
            found.gone += 1
            continue
        *others, newest = family[names[place]]
        found.others[newest] = set(others)
        # A line is counted as it stands in its newest content.
        counted = found.reasons.setdefault(newest, Counter())
        if place == newest or not counted:
            found.reasons[newest] = reasons
    return found


def _first_lines(lake: Lake, source: str) -> list[dict[str, Any]]:
    first = (pc.field("line_no") == 1) & (pc.field("byte_offset") == 0)
    rows: list[dict[str, Any]] = tables.read(
        lake.bronze(source), ["file", "file_hash", "identity", "raw"], filters=first
    ).to_pylist()
    return rows


def _content(row: dict[str, Any]) -> ReadFile:
    return ReadFile(row["file"], row["file_hash"], 0, row["raw"][:FIRST_BLOCK])


def _lines(
    lake: Lake, source: str, wanted: dict[Place, Counter[str]], firsts: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Read the lines at the offsets of quarantined ones, in their contents and in those that continue them."""
    hashes = {file_hash for file_hash, _ in wanted}
    # A content and all that continue it were first seen under the hash of the shortest.
    begun = {row["identity"] for row in firsts if row["file_hash"] in hashes}
    related = sorted(row["file_hash"] for row in firsts if row["identity"] in begun)
    offsets = sorted({offset for _, offset in wanted})
    chosen = pc.field("file_hash").isin(related) & pc.field("byte_offset").isin(offsets)
    columns = ["file_hash", "byte_offset", "identity", "file_bytes", "ingest_ts"]
    lines: list[dict[str, Any]] = tables.read(lake.bronze(source), columns, filters=chosen).to_pylist()
    return lines
