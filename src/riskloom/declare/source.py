"""EventSource: where raw lines come from, and the typed events they become."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - dataclasses read annotations of it
from typing import TYPE_CHECKING, Literal, cast

from riskloom.declare.formats import Csv, Format
from riskloom.declare.names import check_name, check_types
from riskloom.declare.profile import Profile
from riskloom.errors import DeclarationError
from riskloom.intervals import Interval, parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

POSITION: Literal["position"] = "position"
FILE_FIELDS = ("date", "yyyy", "mm", "dd", "hh")
_FIELD = re.compile(r"\{([^}]*)\}")
CARRIED = ("origin", "file", "identity", "reason", "detail", "stage", "outcome")
CARRIED_BY_FORMATS = ("kind", "rule")
MEANINGS = ("ip", "money", "handle")
INGEST_TS = "ingest_ts"
_SEQUENCES = ("int64", "timestamp")
_TRANSFORM = re.compile(r"[a-z_][a-z0-9_]*:[a-z_][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class EventSource:
    r"""Raw files of one kind, and the typed events that a transform makes of their lines.

    Attributes:
        name: Name of the source and of its tables.
        files: Pattern below the project's data folder. ``*`` and ``?`` match inside a name; ``{date}``, ``{yyyy}``,
            ``{mm}``, ``{dd}`` and ``{hh}`` say which stretch of time a file holds. A pattern without them is read
            for every interval.
        columns: Event columns and their types: string, int64, float64, bool, timestamp.
        transform: ``module:function`` below ``transforms/``, a function from records to events and rejects.
        format: How records are written: one format, or several that are told apart record by record.
        fields: Where a column is read from, if not from the field of its own name: a field, a dotted path into
            nested objects, or several of which the first that is there is taken.
        timestamp: Fields of the event's time, if not the format's usual ones.
        required: Columns without which an event is quarantined as ``missing_required:<column>``.
        meanings: What a column means beside its type. ``ip`` gives addresses one form; ``money`` reads amounts (into
            int64 as minor units), and fills a column ``<name>_currency``; ``handle`` flags look-alike letters.
        profile: Zone, decimal sign and order of dates, where lines leave them unsaid.
        parsed: Columns that the format gives to the transform; by default those of ``columns``.
        event_id: Columns that name an event, or ``"position"``: content of the file and offset of the line.
        sequence: Column (int64 or timestamp) that orders the versions of an event that was delivered with several
            bodies under one id; None for the order in which they came in.
        header: The first line of each file names its columns and holds no event.
        ignore: Rules that leave lines out, by name: a line in which the regular expression is found is counted
            under the first rule that it meets, and becomes no record.
        record_start: A regular expression found in the first line of a record; other lines continue it.
        available: Timestamp column from which an event may be seen; ``"ingest_ts"`` for when its line came in, which
            suits live logs: of a backfill nothing could be seen before today. None for ``delay`` after its time.
        delay: How long after its time an event may be seen, where no column says it.
        lateness: By how much an event may be older than the stretch of time that its file holds (or than its arrival,
            where that is when it may be seen) before it is flagged ``late``.
        reference_date: Date of the newest line, where lines carry no year.
        holds: The stretch of time that files without a date in their path hold, as START/END.
        identical_lines: Whether identical lines of one file are separate events or one.
        redact: Columns of free text, from which personal data is taken out before they are kept.
        tokens: Columns of identifiers, of which keyed tokens are kept.
        description: One line for people.
        owner: Who answers for the source.
        units: In what a column is measured, such as ``{"latency": "milliseconds"}``.

    Example:
        >>> logins = EventSource(
        ...     name="logins", files="logins/{date}.log", transform="logins:to_events",
        ...     columns={"user_name": "string", "succeeded": "bool"},
        ... )
        >>> logins.every
        '1d'
    """

    name: str
    files: str
    columns: Mapping[str, str] = field(hash=False)
    transform: str = ""
    format: Format | tuple[Format, ...] = ()
    fields: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, hash=False)
    timestamp: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict, hash=False)
    profile: Profile = Profile()  # noqa: RUF009 - it is frozen
    parsed: Mapping[str, str] = field(default_factory=dict, hash=False)
    event_id: Literal["position"] | tuple[str, ...] = POSITION
    sequence: str | None = None
    header: bool = False
    ignore: Mapping[str, str] = field(default_factory=dict, hash=False)
    record_start: str | None = None
    available: str | None = None
    delay: str = "0s"
    lateness: str = "48h"
    reference_date: date | None = None
    holds: str | None = None
    identical_lines: Literal["separate", "duplicate"] = "separate"
    redact: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    description: str = ""
    owner: str = ""
    units: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Check each part, so that a source that exists is one that can run."""
        check_name("source", self.name)
        # One format or several: kept as several, so that equal sources compare equal.
        object.__setattr__(self, "format", (self.format,) if isinstance(self.format, Format) else tuple(self.format))
        check_types(self._place, tuple(self.columns.items()))
        self._check_carried()
        self._check_files()
        self._check_transform()
        self._check_format()
        self._check_columns_named()
        self._check_patterns()
        parse_duration(self.lateness)
        if parse_duration(self.delay) and self.available:
            raise DeclarationError.invalid(self._place, "give available or delay, not both.")
        self._check_span()
        if self.identical_lines not in ("separate", "duplicate"):
            raise DeclarationError.invalid(self._place, "identical_lines is 'separate' or 'duplicate'.")
        self._check_private()

    @property
    def _place(self) -> str:
        return f"source {self.name!r}"

    def _check_carried(self) -> None:
        """Refuse names under which extraction carries what it knows of a record beside its columns."""
        carried = (*CARRIED, *(CARRIED_BY_FORMATS if self.formats else ()))
        for column in (*self.columns, *self.parsed):
            if column in carried:
                why = f"column {column!r} is what extraction says of a record. Give it another name."
                raise DeclarationError.invalid(self._place, why)

    def _check_files(self) -> None:
        if not self.files or self.files.startswith("/") or ".." in self.files.split("/"):
            raise DeclarationError.invalid(
                self._place, f"files={self.files!r} must be a pattern below the data folder."
            )
        for name in _FIELD.findall(self.files):
            if name not in FILE_FIELDS:
                raise DeclarationError.invalid(
                    self._place,
                    f"files={self.files!r} has the unknown field {{{name}}}. Known: {', '.join(FILE_FIELDS)}.",
                )

    def _check_span(self) -> None:
        if self.holds is None:
            return
        if self.dated:
            raise DeclarationError.invalid(
                self._place, "holds is for files without a date in their path; the pattern says it here."
            )
        Interval.parse(self.holds)

    def _check_transform(self) -> None:
        if not self.transform and self.formats:
            return
        if not self.transform:
            raise DeclarationError.invalid(self._place, "give a format, a transform, or both.")
        if not _TRANSFORM.fullmatch(self.transform):
            raise DeclarationError.invalid(self._place, f"transform={self.transform!r} is not module:function.")

    def _check_format(self) -> None:
        for one in self.formats:
            if not isinstance(one, Format):
                raise DeclarationError.invalid(self._place, f"format={one!r} is no format.")
            if isinstance(one, Csv) and bool(one.names) == self.header:
                why = "a Csv format has names, or the source header=True, and not both."
                raise DeclarationError.invalid(self._place, why)
        reads = {"fields": self.fields, "timestamp": self.timestamp, "meanings": self.meanings, "parsed": self.parsed}
        for name, value in reads.items():
            if value and not self.formats:
                raise DeclarationError.invalid(self._place, f"{name} is for sources with a format.")
        if self.parsed and not self.transform:
            raise DeclarationError.invalid(self._place, "parsed is for sources with a format and a transform.")
        check_types(self._place, tuple(self.parsed.items()))
        self._check_parsed()

    def _check_parsed(self) -> None:
        for column in (*self.fields, *self.meanings, *(self.required if self.formats else ())):
            if column not in self.parsed_columns:
                raise DeclarationError.unknown_column(self._place, column, self.parsed_columns)
        for column, meaning in self.meanings.items():
            if meaning not in MEANINGS:
                why = f"column {column!r} has the unknown meaning {meaning!r}. Known: {', '.join(MEANINGS)}."
                raise DeclarationError.invalid(self._place, why)

    def _check_columns_named(self) -> None:
        named = () if self.event_id == POSITION else tuple(self.event_id)
        if self.event_id != POSITION and not isinstance(self.event_id, tuple):
            raise DeclarationError.invalid(
                self._place, f"event_id={self.event_id!r} is neither 'position' nor a tuple of columns."
            )
        for column in (*named, *(name for name in (self._available_column, self.sequence) if name), *self.units):
            if column not in self.columns:
                raise DeclarationError.unknown_column(self._place, column, self.columns)
        available = self._available_column
        if available and self.columns[available] != "timestamp":
            raise DeclarationError.wrong_type(self._place, available, self.columns[available], ("timestamp",))

        if self.sequence:
            self._check_sequence(self.sequence)

    @property
    def _available_column(self) -> str | None:
        return None if self.seen_on_arrival else self.available

    @property
    def seen_on_arrival(self) -> bool:
        """Whether an event may be seen from when its line came in."""
        return self.available == INGEST_TS

    def _check_sequence(self, sequence: str) -> None:
        if self.event_id == POSITION:
            why = "sequence orders what was delivered under one id, and a position names one line. Declare event_id."
            raise DeclarationError.invalid(self._place, why)
        if self.columns[sequence] not in _SEQUENCES:
            raise DeclarationError.wrong_type(self._place, sequence, self.columns[sequence], _SEQUENCES)

    def _check_private(self) -> None:
        for column in (*self.redact, *self.tokens):
            if column not in self.columns:
                raise DeclarationError.unknown_column(self._place, column, self.columns)
            if self.columns[column] != "string":
                raise DeclarationError.wrong_type(self._place, column, self.columns[column], ("string",))
        for column in self.redact:
            if column in self.tokens:
                raise DeclarationError.invalid(
                    self._place, f"column {column!r} is in redact and in tokens. Choose one."
                )

    def _check_patterns(self) -> None:
        rules = {**self.ignore, **({"record_start": self.record_start} if self.record_start else {})}
        for rule, pattern in rules.items():
            check_name(f"{self._place}: rule", rule)
            try:
                re.compile(pattern)
            except re.error as error:
                raise DeclarationError.invalid(
                    self._place, f"rule {rule!r} is no regular expression: {error}."
                ) from error

    @property
    def formats(self) -> tuple[Format, ...]:
        """The formats, also where one was given."""
        return cast("tuple[Format, ...]", self.format)

    @property
    def parsed_columns(self) -> Mapping[str, str]:
        """The columns that the format gives: to the transform, or as the event's own."""
        return self.parsed or self.columns

    def paths(self, column: str) -> tuple[str, ...]:
        """Give the fields that a column is read from."""
        declared = self.fields.get(column, column)
        return (declared,) if isinstance(declared, str) else tuple(declared)

    @property
    def every(self) -> str:
        """How long a stretch one file holds, and so how often the source runs: ``1h`` or ``1d``."""
        return "1h" if "{hh}" in self.files else "1d"

    @property
    def span(self) -> Interval | None:
        """The stretch of time that undated files hold, where it is declared."""
        return Interval.parse(self.holds) if self.holds else None

    @property
    def dated(self) -> bool:
        """Whether a file's path says which stretch of time it holds."""
        return bool(_FIELD.search(self.files))
