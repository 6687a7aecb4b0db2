"""One log line for each durable commit, so that what a run changed can be read back."""

from __future__ import annotations

import logging

LOGGER = "riskloom.commits"


def committed(table: str, version: int | str) -> None:
    """Say that a commit is durable.

    Args:
        table: Name as people see it, such as ``silver.orders``.
        version: The version that the commit made.
    """
    logging.getLogger(LOGGER).info("%s version %s", table, version)
