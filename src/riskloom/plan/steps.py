"""Steps: what a plan is made of, as frozen values that are run, explained or rendered to tasks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from riskloom.intervals import Interval


def counted(count: int, noun: str) -> str:
    """Write a number and its noun.

    Example:
        >>> counted(1, "view"), counted(2, "view")
        ('1 view', '2 views')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


class _Described:
    """What each kind of step says of itself; in braces, its own fields."""

    __slots__ = ()
    _subject: ClassVar[str]
    _reads: ClassVar[tuple[str, ...]]
    _writes: ClassVar[tuple[str, ...]]

    @property
    def subject(self) -> str:
        """Whom the step works on."""
        return self._filled(self._subject)

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return tuple(self._filled(text) for text in self._reads)

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step writes."""
        return tuple(self._filled(text) for text in self._writes)

    def _filled(self, text: str) -> str:
        return text.format_map({field.name: getattr(self, field.name) for field in fields(self)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract(_Described):
    """Append the raw lines of new files to bronze."""

    kind: ClassVar[str] = "extract"
    _subject = "{source}"
    _reads = ("{files}",)
    _writes = ("bronze.{source}",)
    source: str
    interval: Interval
    files: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(_Described):
    """Choose an interval's quarantined lines, to load them again.

    Attributes:
        reason: The reason that was asked for; None for all.
        reasons: How many units are quarantined for which reason.
    """

    kind: ClassVar[str] = "select"
    _subject = "{source}"
    _reads = ("quarantine.{source}", "bronze.{source}")
    source: str
    interval: Interval
    reason: str | None
    reasons: tuple[tuple[str, int], ...]

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step hands over."""
        return (counted(sum(count for _, count in self.reasons), "reject"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(_Described):
    """Turn the interval's raw lines into typed events and rejects, in staging."""

    kind: ClassVar[str] = "load"
    _subject = "{source}"
    _reads = ("bronze.{source}",)
    _writes = ("staging.{source}",)
    source: str
    interval: Interval
    transform: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Validate(_Described):
    """Check the staged events against their suite, and publish them or hold them back."""

    kind: ClassVar[str] = "validate"
    _subject = "{source}"
    _reads = ("staging.{source}",)
    _writes = ("silver.{source}", "quarantine.{source}")
    source: str
    interval: Interval
    expectations: int
    row_rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(_Described):
    """Bring a view's entity-ordered events up to date with its source."""

    kind: ClassVar[str] = "aggregate"
    _subject = "{view}"
    _reads = ("silver.{source}",)
    _writes = ("gold.{view}",)
    view: str
    source: str
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(_Described):
    """Tell Feast what the project declares."""

    kind: ClassVar[str] = "register"
    _subject = "{project}"
    _writes = ("registry",)
    project: str
    views: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def interval(self) -> None:
        """A registration belongs to no stretch of data."""
        return

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return (counted(len(self.views), "view"), counted(len(self.services), "service"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialize(_Described):
    """Write a view's states, one an entity, to the online store.

    Attributes:
        full: Write all states anew, beside those that serve, and then switch; else those of entities that changed.
    """

    kind: ClassVar[str] = "materialize"
    _subject = "{view}"
    _reads = ("gold.{view}",)
    _writes = ("online.{view}",)
    view: str
    interval: Interval
    full: bool = False


Step = Extract | Select | Load | Validate | Aggregate | Register | Materialize
KINDS = tuple(step.kind for step in (Extract, Load, Validate, Aggregate, Register, Materialize))
