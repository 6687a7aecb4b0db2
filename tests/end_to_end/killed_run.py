"""Run a project's whole plan in a process that dies by SIGKILL: after its N-th durable commit, or after some seconds.

Used by the kill tests as a program of its own: ``killed_run.py ROOT INTERVAL commit:N|seconds:S``.
"""

from __future__ import annotations

import os
import sys

from riskloom.intervals import Interval
from riskloom.plan import build
from riskloom.project import Project
from riskloom.run import execute
from riskloom.testing.countdown import die_at


def main(root: str, interval: str, moment: str) -> None:
    project = Project.load(root)
    die_at(moment, aloud=True)
    execute(project, build(project, Interval.parse(interval)))


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # a timer that has not fired must not fire any more
