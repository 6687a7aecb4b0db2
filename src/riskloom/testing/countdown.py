"""A process that dies by SIGKILL after so many durable commits, or after some seconds: a program of a test is one."""

from __future__ import annotations

import logging
import os
import signal
import threading

from riskloom.lake.commits import LOGGER


def die_at(moment: str, *, table: str = "", aloud: bool = False) -> None:
    """Let this process die.

    Args:
        moment: ``commit:N`` for right after the N-th durable commit from now on, or ``seconds:S``.
        table: What the names of tables begin with whose commits count; all do where it is empty.
        aloud: Whether each commit is written to standard output.
    """
    kind, _, amount = moment.partition(":")
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(_Countdown(int(amount) if kind == "commit" else -1, table, aloud=aloud))
    if kind == "seconds":
        threading.Timer(float(amount), _die).start()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Countdown(logging.Handler):
    def __init__(self, left: int, table: str, *, aloud: bool) -> None:
        super().__init__()
        self._left, self._table, self._aloud = left, table, aloud

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        if self._aloud:
            print(told, flush=True)  # noqa: T201 - for whoever started the process
        self._left -= told.startswith(self._table)
        if self._left == 0:
            _die()
