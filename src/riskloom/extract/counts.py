"""What became of each file's lines and records, so that both sums can be checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from riskloom.lake.ops import check_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskloom.extract.finish import Tally


@dataclass(kw_only=True)
class FileCounts:
    """Counts of one file of the input.

    Attributes:
        file: Its path below the data folder.
        file_hash: Its content.
        events: Events that are staged to be published.
        duplicates: Units that another one of the input stands for.
        quarantined: Units that are staged for quarantine.
    """

    file: str = ""
    file_hash: str = ""
    lines_in: int = 0
    record: int = 0
    continuation: int = 0
    blank: int = 0
    header: int = 0
    ignored: int = 0
    ignored_rules: Counter[str] = field(default_factory=Counter)
    records: int = 0
    extra_events: int = 0
    events: int = 0
    duplicates: int = 0
    quarantined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def take(self, tally: Tally) -> None:
        """Add what became of the content's lines and records."""
        for (kind, rule), count in tally.lines.items():
            setattr(self, kind, getattr(self, kind) + count)
            if rule is not None:
                self.ignored_rules[rule] += count
        for reason, count in tally.outcomes.items():
            if reason is None:
                self.events += count
            else:
                self.quarantined += count
                self.reasons[reason] += count
        self.records += tally.records
        self.extra_events += sum(tally.outcomes.values()) - tally.records

    def as_copy(self, file: str) -> FileCounts:
        """Give the counts of another file with the same content: each of its units is a duplicate."""
        units = self.events + self.duplicates + self.quarantined
        values = {**vars(self), "file": file, "events": 0, "quarantined": 0, "duplicates": units, "reasons": Counter()}
        return FileCounts(**values)

    def check(self, source: str) -> None:
        """Check both sums.

        Raises:
            AccountingError: A sum is off; names the source and the file.
        """
        check_sums(f"source {source!r}, file {self.file}", {**vars(self), "published": self.events, "held": 0})


@dataclass(frozen=True)
class Counts:
    """Counts of an input.

    Attributes:
        files: Those of each file, in order of path.
        drift: Counters of what is otherwise than declared, see ``drift``; of each content once.
    """

    files: tuple[FileCounts, ...]
    drift: Mapping[str, int] = field(default_factory=dict)

    def totals(self) -> dict[str, Any]:
        """Add up all files, under the names that ``RunRecord`` has, and ``events``."""
        total = FileCounts()
        for counts in self.files:
            for name, value in vars(counts).items():
                if not isinstance(value, str):
                    setattr(total, name, getattr(total, name) + value)
        data = asdict(total)
        del data["file"], data["file_hash"]
        rules, reasons = dict(total.ignored_rules), dict(total.reasons)
        return {**data, "ignored_rules": rules, "reasons": reasons, "drift": dict(self.drift)}

    @property
    def events(self) -> int:
        """Events that are staged to be published."""
        return sum(counts.events for counts in self.files)

    @property
    def quarantined(self) -> int:
        """Units that are staged for quarantine."""
        return sum(counts.quarantined for counts in self.files)
