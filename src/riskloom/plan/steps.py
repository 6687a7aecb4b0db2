"""Steps: what a plan is made of, as frozen values that are run, explained or rendered to tasks."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """Append the raw lines of new files to bronze."""

    kind: ClassVar[str] = "extract"
    source: str
    interval: Interval
    files: str

    @property
    def subject(self) -> str:
        """Whom the step works on."""
        return self.source

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return (self.files,)

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step writes."""
        return (f"bronze.{self.source}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Turn the interval's raw lines into typed events and rejects, in staging."""

    kind: ClassVar[str] = "load"
    source: str
    interval: Interval
    transform: str

    @property
    def subject(self) -> str:
        """Whom the step works on."""
        return self.source

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return (f"bronze.{self.source}",)

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step writes."""
        return (f"staging.{self.source}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validate:
    """Check the staged events against their suite, and publish them or hold them back."""

    kind: ClassVar[str] = "validate"
    source: str
    interval: Interval
    expectations: int
    row_rules: int

    @property
    def subject(self) -> str:
        """Whom the step works on."""
        return self.source

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return (f"staging.{self.source}",)

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step writes."""
        return (f"silver.{self.source}", f"quarantine.{self.source}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Bring a view's entity-ordered events up to date with its source."""

    kind: ClassVar[str] = "aggregate"
    view: str
    source: str
    interval: Interval

    @property
    def subject(self) -> str:
        """Whom the step works on."""
        return self.view

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return (f"silver.{self.source}",)

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step writes."""
        return (f"gold.{self.view}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Tell Feast what the project declares."""

    kind: ClassVar[str] = "register"
    project: str
    views: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def subject(self) -> str:
        """Whom the step works on."""
        return self.project

    @property
    def interval(self) -> None:
        """A registration belongs to no stretch of data."""
        return

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return (counted(len(self.views), "view"), counted(len(self.services), "service"))

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step writes."""
        return ("registry",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialize:
    """Write a view's states, one an entity, to the online store."""

    kind: ClassVar[str] = "materialize"
    view: str
    interval: Interval

    @property
    def subject(self) -> str:
        """Whom the step works on."""
        return self.view

    @property
    def reads(self) -> tuple[str, ...]:
        """What the step reads."""
        return (f"gold.{self.view}",)

    @property
    def writes(self) -> tuple[str, ...]:
        """What the step writes."""
        return (f"online.{self.view}",)


Step = Extract | Load | Validate | Aggregate | Register | Materialize
KINDS = tuple(step.kind for step in (Extract, Load, Validate, Aggregate, Register, Materialize))
