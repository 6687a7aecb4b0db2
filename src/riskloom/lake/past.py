"""A table without its past: what older versions held is gone from its files and from its log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskloom.lake import tables
from riskloom.lake.rewrite import data_files

if TYPE_CHECKING:
    from pathlib import Path

_LOG = "_delta_log"
_VERSIONED = re.compile(r"\.?(\d{20})\.")


def forget_past(path: Path, older_than: float) -> int:
    """Remove the files that the newest version of a table has no use for, and the log of those before it.

    Delta's own clean-up keeps a table's past for as long as training sets shall be reproduced, and values with it: in
    data files, and in the smallest and largest values that the log keeps of each. Nobody may write the table meanwhile.

    Args:
        path: Folder of the table.
        older_than: Seconds since the epoch; a younger file may be that of somebody who has begun to write since.

    Returns:
        How many files were removed.
    """
    table = tables.opened(path)
    version = table.version()
    used = {file.path.resolve() for file in data_files(path, version)}
    stale = [file for file in _files(path) if file.resolve() not in used and file.stat().st_mtime < older_than]
    log = path / _LOG
    old = [file for file in log.iterdir() if _is_before(file.name, version)]
    if old:
        # A reader needs a whole checkpoint before the entries that lead to it go.
        table.create_checkpoint()
    for file in (*stale, *old):
        file.unlink(missing_ok=True)
    return len(stale) + len(old)


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file() and _LOG not in file.relative_to(path).parts]


def _is_before(name: str, version: int) -> bool:
    found = _VERSIONED.match(name)
    return found is not None and int(found[1]) < version
