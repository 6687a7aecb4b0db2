"""Real servers for tests and benchmarks: each on a free port of this machine alone, stopped by its own process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECONDS = 60


class MissingServer(Exception):  # noqa: N818 - what is missing is its name
    """A server's program is not installed; the text says in one line which."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is missing: apt-get install {package}")


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find(program: str, package: str) -> str:
    """Find a program of Debian's packages.

    Raises:
        MissingServer: It is not installed.
    """
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    found = shutil.which(program) or (str(places[-1]) if places else None)
    if found is None:
        raise MissingServer(program, package)
    return found


@contextmanager
def running(command: list[str], ready: Callable[[], bool], **options: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends.

    Args:
        command: Its program and arguments.
        ready: Says whether it answers by now.
        **options: Of ``subprocess.Popen``.
    """
    given = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
    process = subprocess.Popen(command, **given)  # type: ignore[call-overload] # noqa: S603 - a server's own
    try:
        deadline = time.monotonic() + _SECONDS
        while not ready():
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{command[0]} is not ready after {_SECONDS} s"
            time.sleep(0.05)
        yield process
    finally:
        # PostgreSQL's fast stop; to Redis it is a stop as well.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            # As Feast's server does, which waits for connections that nobody closes.
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Say whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def redis(folder: Path, port: int | None = None) -> Iterator[int]:
    """Run Redis, and give its port."""
    port = port or free_port()
    command = [find("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    with running([*command, "--save", "", "--appendonly", "no"], lambda: answers(port)):
        yield port


@contextmanager
def postgres() -> Iterator[int]:
    """Run PostgreSQL with a role and a database `riskloom`, and give its port."""
    with tempfile.TemporaryDirectory() as folder, _postgres(Path(folder)) as port:
        yield port


@contextmanager
def _postgres(folder: Path) -> Iterator[int]:
    port, data = free_port(), folder / "data"
    # PostgreSQL refuses to run as root, so its folder lies where another user can reach it.
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    initdb = [find("initdb", "postgresql"), "-D", str(data), "-U", "riskloom", "-A", "trust", "-N"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **user)  # type: ignore[call-overload] # noqa: S603 - as above
    command = [find("postgres", "postgresql"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]

    def ready() -> bool:
        import psycopg

        try:
            with psycopg.connect(
                host="127.0.0.1", port=port, user="riskloom", dbname="postgres", autocommit=True
            ) as it:
                it.execute("CREATE DATABASE riskloom")
        except psycopg.OperationalError:
            return False
        return True

    with running([*command, "-c", "fsync=off"], ready, cwd=folder, **user):
        yield port
