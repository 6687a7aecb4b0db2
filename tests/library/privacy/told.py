"""Runs commands of riskloom in one process, each to its end, and shows a traceback of each that fails.

Used by the tests as a program of its own, so that all that it and Spark's Java side say can be searched:
``told.py ROOT COMMAND...``, each command one argument.
"""

from __future__ import annotations

import os
import shlex
import sys
import traceback

from riskloom.cli import _plan, main
from riskloom.project import Project
from riskloom.run import execute


def tell(root: str, command: str) -> None:
    print(f"== {command}", flush=True)
    words = shlex.split(command)
    try:
        if words[0] == "execute":
            # As Airflow runs it: the traceback of a failure ends up in the task's log.
            execute(Project.load(root), _plan(Project.load(root), words[1], (words[2],)))
        else:
            main(["--project", root, *words], standalone_mode=False)
    except SystemExit as ended:
        print(f"== exit {ended.code}", flush=True)
    except Exception:  # noqa: BLE001 - what is shown is searched
        traceback.print_exc()


if __name__ == "__main__":
    for command in sys.argv[2:]:
        tell(sys.argv[1], command)
    sys.stdout.flush()
    os._exit(0)
