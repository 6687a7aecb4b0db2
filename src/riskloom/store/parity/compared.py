"""What a comparison of served features with those of a training set has found."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from riskloom.intervals import format_instant
from riskloom.store.parity.causes import same
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLUMNS = ("feature", "compared", "equal", "missing", "extra", "other", "largest", "causes")


@dataclass(slots=True)
class Compared:
    """One feature.

    Attributes:
        feature: Its output name.
        compared: How many values were.
        equal: How many are equal: doubles within 1e-9 of the larger one, or of 1 where that is more.
        missing: How many are null online and not in the training set.
        extra: How many are null in the training set and not online.
        other: How many are two different values.
        largest: Largest difference of two numbers.
        causes: How many of those that are not equal have which cause.
    """

    feature: str
    compared: int = 0
    equal: int = 0
    missing: int = 0
    extra: int = 0
    other: int = 0
    largest: float = 0.0
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, online: Any, trained: Any) -> bool:  # noqa: ANN401 - a feature's value
        """Compare two values, and say whether they are equal."""
        self.compared += 1
        if same(online, trained):
            self.equal += 1
            return True
        if online is None or trained is None:
            self.missing += online is None
            self.extra += trained is None
        else:
            self.other += 1
            if isinstance(online, int | float) and isinstance(trained, int | float):
                self.largest = max(self.largest, abs(float(online) - float(trained)))
        return False


@dataclass(frozen=True, slots=True)
class Parity:
    """What was compared.

    Attributes:
        service: The service.
        span: First and last instant of the reads, microseconds since the epoch.
        features: Each feature.
        left_out: How many rows of a sample were left out, since their view is declared otherwise now.
    """

    service: str
    span: tuple[int, int]
    features: tuple[Compared, ...]
    left_out: int = 0

    @property
    def share(self) -> float:
        """Share of the values that are not equal."""
        compared = sum(one.compared for one in self.features)
        return 1 - sum(one.equal for one in self.features) / compared if compared else 0.0

    def as_data(self) -> dict[str, Any]:
        """Give it for machines."""
        features = [{**asdict(one), "causes": dict(one.causes)} for one in self.features]
        first, last = map(format_instant, self.span)
        when = {"at": first} if first == last else {"from": first, "to": last}
        left_out = {"left_out": self.left_out} if self.left_out else {}
        return {"service": self.service, **when, "unequal": self.share, **left_out, "features": features}

    def as_text(self) -> str:
        """Give it for people."""
        rows = [{**asdict(one), "largest": f"{one.largest:.3g}", "causes": _told(one.causes)} for one in self.features]
        compared = sum(one.compared for one in self.features)
        first, last = map(format_instant, self.span)
        when = f"at {first}" if first == last else f"from {first} to {last}"
        head = f"{self.service} {when}: {compared} values, {self.share:.4%} not equal"
        if self.left_out:
            head += f"; {self.left_out} rows of an older declaration left out"
        return f"{head}\n{as_table(rows, _COLUMNS)}"


def _told(causes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {cause}" for cause, count in causes.items()) or "-"
