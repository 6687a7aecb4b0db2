"""Run a project's whole plan in a process that dies by SIGKILL: after its N-th durable commit, or after some seconds.

Used by the kill tests as a program of its own: ``killed_run.py ROOT INTERVAL commit:N|seconds:S``.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

from riskloom.intervals import Interval
from riskloom.lake.commits import LOGGER
from riskloom.plan import build
from riskloom.project import Project
from riskloom.run import execute


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown(logging.Handler):
    """Counts durable commits, writes each to standard output, and dies after the last."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def emit(self, record: logging.LogRecord) -> None:
        print(record.getMessage(), flush=True)
        self.left -= 1
        if self.left == 0:
            die()


def main(root: str, interval: str, moment: str) -> None:
    kind, _, amount = moment.partition(":")
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(Countdown(int(amount) if kind == "commit" else -1))
    project = Project.load(root)
    if kind == "seconds":
        threading.Timer(float(amount), die).start()
    execute(project, build(project, Interval.parse(interval)))


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # a timer that has not fired must not fire any more
