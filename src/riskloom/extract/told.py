"""What an error of Spark says, without the values of rows that its words quote."""

from __future__ import annotations

import re

from pyspark.errors import AnalysisException, PySparkException

from riskloom.lake.races import first_line

# Words of the operating system name files, not rows.
_SYSTEM = re.compile(r"java\.(?:io|nio\.file)\.\w+: [^\n]*")
_PLACE = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+), in ')
_CALLED = re.compile(r'^"[^"\n]*" was called from\n(?P<file>[^\n]+):(?P<line>\d+)$', re.MULTILINE)
_NAMED = re.compile(r"[A-Za-z_][\w.]*")
_NOT_OURS = ("/pyspark/", "/pyspark.zip/", "/site-packages/")


def told(error: Exception) -> str:
    """Say what went wrong and where, so that it can be kept and shown.

    Spark quotes the value that it could not cast, and repeats what a Python function said of one. What it says of a
    plan, before any row is read, is kept as it is.

    Args:
        error: An error of Spark, or any other.

    Returns:
        One line.
    """
    if isinstance(error, AnalysisException) or not isinstance(error, PySparkException):
        return first_line(error)
    text = str(error)
    system = _SYSTEM.search(text)
    if system:
        return system[0].rstrip(". ")
    what = [error.getCondition() or type(error).__name__, _python_type(text)]
    place = _place(text)
    named = ": ".join(part for part in what if part)
    return f"{named}{f' at {place}' if place else ''} (the rest may quote a row, and is left out)"


def _python_type(text: str) -> str:
    """Give the type of the exception that ended a Python worker; empty where none did."""
    inside = False
    found = ""
    for line in text.splitlines():
        if line.startswith("  File "):
            inside = True
        elif inside and not line.startswith(" "):
            name = _NAMED.match(line)
            found, inside = (name[0] if name else ""), False
    return found


def _place(text: str) -> str:
    """Give the last line of a project's own code that Spark names."""
    places = [*_CALLED.finditer(text), *_PLACE.finditer(text)]
    ours = [
        f"{found['file']}:{found['line']}" for found in places if not any(one in found["file"] for one in _NOT_OURS)
    ]
    return ours[-1] if ours else ""
