"""What the operating system refused, found in whatever error a library made of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from riskloom.errors import LakeError, RiskloomError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.lake.paths import Lake

# As Python, the JVM and Rust write them; what to do about each.
_REASONS = {
    "No space left on device": "Make room there",
    "Disk quota exceeded": "Make room there",
    "Read-only file system": "Make it writable",
    "Permission denied": "Give this user the permission",
    "Input/output error": "Check the disk",
}
_PATHS = tuple(
    map(
        re.compile,
        (
            r"'(/[^']+)'",
            r"(?:file:)?(/[^\s:'\"()]+) \((?:Permission denied|Read-only file system)",
            r"AccessDeniedException: (/[^\s:]+)",
            r"Mkdirs failed to create (?:file:)?(/[^\s:(]+)",
        ),
    )
)
_DENIED = re.compile("AccessDeniedException|Mkdirs failed to create")


def refused(error: BaseException, lake: Lake, place: Path) -> LakeError | None:
    """Give the error to raise where the operating system is what failed; None where it is not.

    Args:
        error: What a step raised.
        lake: A file of one of its tables is named by the table's folder.
        place: Where the step writes, for errors that name no file.

    Example:
        >>> from riskloom.lake.paths import Lake
        >>> print(refused(OSError(28, "No space left on device"), Lake(Path("/lake")), Path("/lake/silver/orders")))
        /lake/silver/orders cannot be written: No space left on device. What is published stays as it was. Make room \
there and run again.
    """
    for text in _texts(error):
        reason = next((reason for reason in _REASONS if reason in text), None)
        if reason is None and _DENIED.search(text):
            reason = "Permission denied"
        if reason is not None:
            return LakeError.refused(_named(text, lake) or place, reason, _REASONS[reason])
    return None


def _named(text: str, lake: Lake) -> Path | None:
    """Give the file that an error names, or the folder of the table that it is of."""
    found = next(filter(None, (pattern.search(text) for pattern in _PATHS)), None)
    if found is None:
        return None
    path = Path(found[1])
    if not path.is_relative_to(lake.root):
        return path
    return lake.root.joinpath(*path.relative_to(lake.root).parts[:2])


def _texts(error: BaseException) -> Iterator[str]:
    """Give what libraries said, from the error back to its cause; a refusal of Riskloom's own says it already."""
    found: BaseException | None = error
    while found is not None:
        if not isinstance(found, RiskloomError):
            yield str(found)
        # What is not to be shown, since it may quote a row, stands behind an error as well.
        found = found.__cause__ or (found.__context__ if found.__suppress_context__ else None)
