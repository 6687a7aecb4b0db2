"""The process that Python workers are forked from, with what their tasks import loaded already.

PySpark's own loads nothing, so that each worker imports NumPy, Arrow, Numba and the kernel anew. And it collects
garbage after each task, which goes through all that was imported: a tenth of a second each time. What is loaded before
the fork is shared by all workers, and frozen, so that no collection looks at it. The first compiled function that is
called makes Numba set up LLVM, which takes four tenths of a second: that is done before the fork, too.
"""

from __future__ import annotations

import gc

import numpy as np
from pyspark import daemon

import riskloom.windows.at_events
import riskloom.windows.bucketed  # noqa: F401 - loaded for the workers
from riskloom.lake.bucketed.order import grouped

if __name__ == "__main__":
    grouped(np.zeros(1, np.int64), 1)
    gc.freeze()
    daemon.manager()
