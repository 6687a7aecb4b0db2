"""Reasons for which a line becomes no event, and where they arise."""

from __future__ import annotations

from riskloom.extract.classify import ORPHAN, RECORD_TOO_LONG
from riskloom.extract.content import FAILURES
from riskloom.extract.lines import TOO_LONG

UNNAMED_REASON = "unnamed_reason"
# A reason is a code, perhaps with the name of a field behind it: never a piece of the line.
CODE = r"^[a-z][a-z0-9_]{0,63}(:[\w.\[\]-]{1,128})?$"
NO_TIMESTAMP, NO_AVAILABLE, NO_EVENT_ID = "no_timestamp", "no_available_ts", "no_event_id"
# What a line is refused for before anything reads it.
UNREADABLE = (*FAILURES, TOO_LONG, ORPHAN, RECORD_TOO_LONG)
# No reason, but said of an event that came long after its time.
LATE = "late"
POINTER = ("file_hash", "line_no", "byte_offset", "ordinal")
