"""Mess: what is wrong with some lines, and what reading them must come to.

Case numbers are those of the forty cases that the library's tests go through. What befalls an event depends on it
alone, so that a scenario that is added spoils no line of the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.calendar import HOUR, SECOND
from demo.simulate.raw import damage as d

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

LATE_MEAN, LATE_MOST = 3 * HOUR, 72 * HOUR
_JITTER = 90 * SECOND
PARSED, DUPLICATE, HEADER, BLANK = "PARSED", "DUPLICATE", "SKIPPED header", "SKIPPED blank"


@dataclass(frozen=True)
class Mess:
    """One thing that can be wrong with a line.

    Attributes:
        case: Its number among the forty; 0 for none of them.
        name: Its name.
        rate: Share of lines that it befalls.
        expected: What reading the line must come to, with the reason or the repair.
        write: Spoils a line; gives None where the line has not what it takes.
        loses: Whether something of the event is lost, so that it is not to be compared with the truth.
        below: How many lines below the event's own the damage is.
    """

    case: int
    name: str
    rate: float
    expected: str
    write: Callable[[str], str | None] = str
    loses: bool = False
    below: int = 0


OUT_OF_ORDER = Mess(0, "out_of_order", 0.05, PARSED)
LATE = Mess(33, "late", 0.02, PARSED)
COPY = Mess(34, "duplicate", 0.005, DUPLICATE)
GLUED = Mess(9, "glued", 0.0006, "REPAIRED split_objects")
SKEWED = Mess(32, "clock_skew", 0.0, PARSED)
IDENTICAL = Mess(34, "identical_line", 0.0, DUPLICATE, loses=True)
MARKED = Mess(17, "byte_order_mark", 0.0, HEADER)
PERSONAL = Mess(39, "personal_data", 0.0, PARSED)

_CUT_JSON = Mess(7, "truncated", 0.0005, "QUARANTINED truncated_json", d.cut_in_string, loses=True)
_CUT_TEXT = Mess(7, "truncated", 0.0005, "QUARANTINED no_pattern_matches", d.cut_in_half, loses=True)
_CUT_PAIR = Mess(7, "truncated", 0.0005, "QUARANTINED truncated_value", d.cut_tail, loses=True)
_CRLF = Mess(23, "carriage_return", 0.0008, PARSED, lambda line: f"{line}\r")
_BLANK = Mess(23, "blank_line", 0.0004, BLANK, lambda line: f"{line}\n", below=1)
_UNSEEN = Mess(22, "unseen_signs", 0.0006, "REPAIRED control_chars", d.with_unseen)
_LATIN = Mess(18, "latin1", 0.01, "REPAIRED latin1_fallback", d.as_latin1)
_TWICE = Mess(19, "mojibake", 0.01, "REPAIRED mojibake", d.decoded_twice)

KINDS: dict[str, tuple[Mess, ...]] = {
    "requests": (
        Mess(3, "truncated", 0.0005, "REPAIRED truncated_tail", d.cut_tail, loses=True),
        Mess(2, "outer_quotes", 0.0004, "REPAIRED outer_quotes", d.in_quotes),
        Mess(5, "binary_request", 0.0002, PARSED, d.binary_request, loses=True),
        Mess(22, "colour_codes", 0.0004, "REPAIRED control_chars", lambda line: f"\x1b[33m{line}\x1b[0m"),
        _CRLF,
        _BLANK,
    ),
    "clicks": (
        _CUT_JSON,
        Mess(8, "open_brackets", 0.0004, "REPAIRED closed_brackets", lambda line: line[:-2]),
        GLUED,
        Mess(12, "repeated_key", 0.0004, "REPAIRED dup_key", d.repeated('"app":', '"0"')),
        Mess(13, "python_literal", 0.0004, "REPAIRED py_literal", d.as_python),
        _UNSEEN,
        Mess(25, "microseconds", 0.0008, PARSED, d.as_microseconds),
        Mess(26, "clock_never_set", 0.0003, "QUARANTINED ts_out_of_range", d.clock_never_set, loses=True),
        Mess(36, "field_missing", 0.0004, "QUARANTINED missing_required:event", d.without_event, loses=True),
    ),
    "logins": (
        _CUT_PAIR,
        Mess(31, "other_dialect", 0.002, PARSED, d.other_dialect),
        Mess(38, "address_with_port", 0.001, PARSED, d.with_port),
        Mess(38, "mapped_address", 0.001, PARSED, d.mapped),
        Mess(38, "address_as_number", 0.0006, "REPAIRED ip_int", d.as_number),
        Mess(38, "forwarded_for", 0.001, PARSED, d.forwarded),
        Mess(12, "repeated_key", 0.0006, "REPAIRED dup_key", d.repeated(" country=", "XX")),
    ),
    "accounts": (
        _CUT_JSON,
        Mess(11, "json_in_json", 0.003, "REPAIRED nested_json_decoded", d.json_in_json),
        Mess(36, "field_missing", 0.001, "QUARANTINED missing_required:account_id", d.without_account, loses=True),
        _UNSEEN,
    ),
    "orders": (
        _CUT_JSON,
        GLUED,
        Mess(10, "pretty_printed", 0.002, "REPAIRED joined_lines", d.pretty),
        Mess(12, "conflicting_id", 0.0005, "QUARANTINED conflicting_key", d.repeated('"id":', '"e0"'), loses=True),
        Mess(37, "currency_beside", 0.002, PARSED, d.currency_beside),
        Mess(37, "overflow", 0.0005, "QUARANTINED bad_number", d.overflow, loses=True),
    ),
    "payments": (
        _CUT_JSON,
        Mess(13, "infinity", 0.0008, "QUARANTINED bad_number", d.amount_is("Infinity"), loses=True),
        Mess(13, "not_a_number", 0.0008, "REPAIRED py_literal", d.amount_is("NaN"), loses=True),
    ),
    "coupons": (_CUT_PAIR, Mess(12, "repeated_key", 0.001, "REPAIRED dup_key", d.repeated(" campaign=", "none"))),
    "refunds": (_CUT_TEXT, Mess(16, "stack_trace", 0.05, PARSED, d.with_trace)),
    "reviews": (_CUT_JSON, _LATIN, _TWICE, _UNSEEN),
    "messages": (_CUT_JSON, _LATIN, _TWICE, GLUED),
    "shipments": (
        Mess(40, "short_row", 0.0005, "QUARANTINED column_count", d.short_row, loses=True),
        Mess(28, "short_year", 0.003, PARSED, d.short_year),
        _LATIN,
        _TWICE,
        _CRLF,
    ),
    "sellers": (
        Mess(40, "extra_column", 0.002, "QUARANTINED column_count", lambda line: f"{line},x", loses=True),
        Mess(40, "quoted", 0.01, PARSED, d.quoted_values),
        Mess(40, "header_again", 0.005, HEADER, d.header_again, below=1),
    ),
    "staff": (_CUT_TEXT, _CRLF, _BLANK),
}  # fmt: skip


def kinds(source: str) -> tuple[Mess, ...]:
    """Give what can befall a source's lines, by their fate; the first is nothing."""
    return (Mess(0, "clean", 0.0, PARSED), LATE, OUT_OF_ORDER, COPY, *KINDS[source])


@dataclass(frozen=True)
class Arrivals:
    """Gives events their fate.

    Attributes:
        world: Their world.
        times: How many times as much mess there is; for tests on few events.
    """

    world: World
    times: float = 1.0

    def __call__(self, source: str, one: Sheet) -> tuple[Ints, Ints]:
        """Give each event's fate, and when it arrives."""
        possible = kinds(source)
        # Only damage is multiplied: three times as much of what is late would be another platform.
        rates = [kind.rate * (self.times if kind in KINDS[source] or kind is COPY else 1.0) for kind in possible]
        edges = np.cumsum(rates)
        fate = np.searchsorted(edges, self.world.stream(f"mess.{source}").uniform(one["id"]), side="right")
        fate = np.where(fate >= len(possible), 0, fate)
        wait = np.minimum(self.world.stream("late").exponential(float(LATE_MEAN), one["id"]), LATE_MOST)
        # Out of order: later in its file than its time says, but in its file.
        jitter = self.world.stream("jitter").uniform(one["id"]) * _JITTER
        hour_end = one["ts"] // HOUR * HOUR + HOUR - 1
        arrival = np.where(fate == 1, one["ts"] + wait.astype(np.int64), one["ts"])
        arrival = np.where(fate == 2, np.minimum(one["ts"] + jitter.astype(np.int64), hour_end), arrival)  # noqa: PLR2004
        return fate.astype(np.int64), arrival
