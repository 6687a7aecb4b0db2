"""How long the versions of a table are kept, as Delta's own properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.intervals import DAY, parse_duration
from riskloom.lake import tables
from riskloom.lake.commits import committed
from riskloom.lake.paths import shown
from riskloom.lake.races import retried

if TYPE_CHECKING:
    from pathlib import Path


def retention_properties(retention: str) -> dict[str, str]:
    """Give the properties by which Delta keeps a table's old files and log entries.

    Args:
        retention: How long, such as ``400d``. Parts of a day count as a day.

    Example:
        >>> retention_properties("36h")
        {'delta.deletedFileRetentionDuration': 'interval 2 days', 'delta.logRetentionDuration': 'interval 2 days'}
    """
    days = -(-parse_duration(retention) // DAY)
    interval = f"interval {days} days"
    return {"delta.deletedFileRetentionDuration": interval, "delta.logRetentionDuration": interval}


def keep_versions(path: Path, retention: str) -> bool:
    """Let a table that is there keep its versions for as long as training sets must be reproduced.

    Args:
        path: Folder of the table; nothing is done where there is none.
        retention: How long, such as ``400d``.

    Returns:
        Whether a commit was necessary: a table that has the properties gets none.

    Raises:
        LakeError: Other writers came first each time that it was tried.
    """
    from deltalake.exceptions import CommitFailedError

    if not tables.exists(path):
        return False
    wanted = retention_properties(retention)

    def write() -> bool:
        table = tables.opened(path)
        has = table.metadata().configuration
        if all(has.get(name) == value for name, value in wanted.items()):
            return False
        table.alter.set_table_properties(wanted)
        committed(shown(path), table.version())
        return True

    return retried(shown(path), write, lambda error: isinstance(error, CommitFailedError))
