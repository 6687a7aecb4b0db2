"""How long the versions of a table are kept, as Delta's own properties."""

from __future__ import annotations

from riskloom.intervals import DAY, parse_duration


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
