"""What decoding needs to know of a source, ready to be sent to workers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from riskloom.declare.formats import Csv
from riskloom.declare.profile import Profile
from riskloom.extract.formats.paths import split

if TYPE_CHECKING:
    from datetime import date

    from riskloom.declare import EventSource
    from riskloom.declare.formats import Format

Tree: TypeAlias = "dict[str, Tree]"
_DECIDES = re.compile(r"(?:.*_)?(?:id|amount)", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column and where it comes from.

    Attributes:
        name: The column.
        dtype: string, int64, float64, bool or timestamp.
        paths: Fields or dotted paths that it is read from; the first that is there is taken.
        meaning: ip, money, handle, or empty.
        required: Whether an event without it is refused.
    """

    name: str
    dtype: str
    paths: tuple[str, ...]
    meaning: str = ""
    required: bool = False


@dataclass(frozen=True)
class Plan:
    """How records of a source become rows.

    Attributes:
        formats: In the order in which they are tried.
        columns: The columns to give.
        times: Fields of the event's time that the source names; empty where the format says it.
        profile: What lines leave unsaid.
        newest: Date of the newest line, where the source says it.
        deciding: Fields that tell events apart, beside those that look so by their names.
        identical: Whether identical lines of one file are one event, so that a line's text is its identity.
    """

    formats: tuple[Format, ...]
    columns: tuple[Column, ...]
    times: tuple[str, ...] = ()
    profile: Profile = field(default_factory=Profile)
    newest: date | None = None
    deciding: frozenset[str] = frozenset()
    identical: bool = False

    @classmethod
    def of(cls, source: EventSource) -> Plan:
        """Make the plan of a source that declares a format."""
        named = () if isinstance(source.event_id, str) else source.event_id
        required = {*source.required, *named}
        columns = tuple(
            Column(name, dtype, source.paths(name), source.meanings.get(name, ""), name in required)
            for name, dtype in source.parsed_columns.items()
        )
        deciding = {
            path for column in columns if column.name in named or column.meaning == "money" for path in column.paths
        }
        return cls(
            source.formats,
            columns,
            source.timestamp,
            source.profile,
            source.reference_date,
            frozenset(deciding),
            source.identical_lines == "duplicate",
        )

    def decides(self, key: str) -> bool:
        """Say whether a key tells events apart or what they are worth."""
        return key in self.deciding or _DECIDES.fullmatch(key) is not None

    @cached_property
    def all_times(self) -> tuple[str, ...]:
        """Fields that may hold the event's time, the first that is there first."""
        usual = (name for format_ in self.formats for name in format_.times)
        return self.times or tuple(dict.fromkeys(usual))

    @cached_property
    def paths(self) -> frozenset[str]:
        """The fields that columns and a declared time are read from."""
        return frozenset({*(path for column in self.columns for path in column.paths), *self.times})

    @cached_property
    def tree(self) -> Tree:
        """Those fields, key by key; below one that is taken whole there is nothing."""
        tree: Tree = {}
        # Whole objects come last: what is taken whole is taken with all that is in it.
        for path in sorted(self.paths, key=lambda path: -len(split(path))):
            below = tree
            for key in split(path):
                below = below.setdefault(key, {})
            below.clear()
        return tree

    @property
    def csv(self) -> Csv | None:
        """The delimited format among those of the source, if there is one."""
        return next((format_ for format_ in self.formats if isinstance(format_, Csv)), None)
