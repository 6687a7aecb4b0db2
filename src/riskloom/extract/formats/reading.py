"""What a format reads from a record, and why it refuses one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class RefusedError(Exception):
    """A record that becomes no event.

    Attributes:
        reason: The code under which it is quarantined.
        detail: Where or what, without any value of the record.
    """

    def __init__(self, reason: str, detail: str | None = None) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Notes:
    """What was noticed while an event was read.

    Attributes:
        repairs: Codes of what was repaired.
        flags: What is odd and was left as it is.
    """

    repairs: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def repaired(self, code: str) -> None:
        """Note a repair, once."""
        if code not in self.repairs:
            self.repairs.append(code)

    def flag(self, name: str) -> None:
        """Note an oddity, once."""
        if name not in self.flags:
            self.flags.append(name)

    def copy(self) -> Notes:
        """Give notes that go on from these."""
        return Notes(list(self.repairs), list(self.flags))


Fields = dict[str, Any]
Event = tuple[Fields, Notes]
