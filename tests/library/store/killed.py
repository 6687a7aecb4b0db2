"""Materializes a project in processes that die by SIGKILL; a program of its own, so that Feast is imported once.

``killed.py ROOT`` reads lines ``full|update commit:N|seconds:S`` and answers each with a line when the process is dead.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from riskloom.project import Project
from riskloom.store import states
from riskloom.store.materialize import materialize
from riskloom.testing.countdown import die_at


def run(root: str, what: str, moment: str) -> None:
    die_at(moment, table="online.")
    materialize(Project.load(Path(root)), ["user_logins"], full=what == "full")


def main(root: str) -> None:
    # Each batch is then a few states alone, so that there is much between the first and the last.
    states.ENTITIES_AT_ONCE = 2
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(root, *line.split())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {status}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
