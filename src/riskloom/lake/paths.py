"""Where the lake's tables are, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

OPS = "ops"
LAYERS = ("bronze", "staging", "silver", "quarantine", "gold")


@dataclass(frozen=True, slots=True)
class Lake:
    """The folders of one lake: ``<root>/<layer>/<name>``.

    Attributes:
        root: Folder of the lake.

    Example:
        >>> Lake(Path("lake")).silver("orders").as_posix()
        'lake/silver/orders'
    """

    root: Path

    def bronze(self, source: str) -> Path:
        """Lines as they came."""
        return self.root / "bronze" / source

    def staging(self, source: str) -> Path:
        """Events and rejects of a run that is not published yet."""
        return self.root / "staging" / source

    def silver(self, source: str) -> Path:
        """Typed events that passed the gate."""
        return self.root / "silver" / source

    def quarantine(self, source: str) -> Path:
        """Pointers to lines that became no event, with the reason."""
        return self.root / "quarantine" / source

    def rows_of(self, source: str) -> dict[str, Path]:
        """Tables, by name, of which a row is an event of a source or stands for a line of it; bronze is not among them.

        Whoever adds such a table adds it here, so that a purge finds it.
        """
        return {f"{layer}.{source}": self.root / layer / source for layer in ("silver", "history", "quarantine")}

    def history(self, source: str) -> Path:
        """Versions of events that a later delivery of the same id stands for."""
        return self.root / "history" / source

    def keys(self, source: str) -> Path:
        """When the events of each id came in: an index, made anew where it is missing."""
        return self.root / "keys" / source

    def lock(self, source: str) -> Path:
        """The file that whoever writes a source's tables holds meanwhile."""
        return self.root / "keys" / f"{source}.lock"

    def gold(self, view: str) -> Path:
        """A view's events, ordered by entity and time."""
        return self.root / "gold" / view

    def ops(self, name: str) -> Path:
        """What Riskloom itself records: runs, validations, views."""
        return self.root / OPS / name


def shown(path: Path | str) -> str:
    """Give a table's name as people see it.

    Example:
        >>> shown("/somewhere/lake/silver/orders")
        'silver.orders'
    """
    place = Path(path)
    return f"{place.parent.name}.{place.name}"
