"""The process that Python workers are forked from, with what their tasks import loaded already.

PySpark's own loads nothing, so that each worker imports NumPy, Arrow, Numba and the kernel anew. And it collects
garbage after each task, which goes through all that was imported: a tenth of a second each time. What is loaded before
the fork is shared by all workers, and frozen, so that no collection looks at it.
"""

from __future__ import annotations

import gc

from pyspark import daemon

import riskloom.windows.at_events
import riskloom.windows.bucketed  # noqa: F401 - loaded for the workers

if __name__ == "__main__":
    gc.freeze()
    daemon.manager()
