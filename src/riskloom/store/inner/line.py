"""One connection to Redis: redis-py opens it, with its TLS and passwords; what is asked goes straight on."""

from __future__ import annotations

import socket
import struct
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES = 65_536
_LATE = "timed out"
_TIME = struct.Struct("@ll")


def _let_the_kernel_wait(opened: socket.socket) -> None:
    """Have a plain socket's time limit kept by the kernel: Python's own asks it twice for each send and receive."""
    limit = opened.gettimeout()
    if type(opened) is not socket.socket or not limit:
        return
    seconds, rest = divmod(limit, 1.0)
    spent = _TIME.pack(int(seconds), int(rest * 1e6))
    for side in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        opened.setsockopt(socket.SOL_SOCKET, side, spent)
    opened.settimeout(None)


class Line:
    """A connection that waits for the answers to what it asks.

    Args:
        connection: A connection of redis-py's, which need not be open yet.
    """

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - redis-py types no connection well
        self._connection = connection
        weakref.finalize(self, connection.disconnect)
        self._socket: Any = None
        self._reader: Any = None

    def ask(self, command: bytes) -> Any:  # noqa: ANN401 - whatever the server says
        """Send a command, and give its answer.

        After any failure the connection is closed, so that no late answer is taken for another command's.

        Args:
            command: The command as Redis reads it.

        Raises:
            ConnectionError: The server has closed the connection.
            OSError: It does not answer in time.
            RedisError: It can't be reached, or refuses the command.
        """
        try:
            if self._socket is None:
                self._open()
            self._send(command)
            answer = self._answer()
        except BaseException:
            self.close()
            raise
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask_all(self, commands: Iterable[bytes]) -> list[Any]:
        """Send commands without waiting in between, and give their answers, which are short; see ``ask``."""
        try:
            if self._socket is None:
                self._open()
            sent = 0
            for sent, command in enumerate(commands, 1):  # noqa: B007 - how many were sent
                self._send(command)
            answers = [self._answer() for _ in range(sent)]
        except BaseException:
            self.close()
            raise
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def _answer(self) -> Any:  # noqa: ANN401 - as above
        answer = self._reader.gets()
        while answer is False or isinstance(answer, self._notice):
            if answer is False:
                self._feed()
            answer = self._reader.gets()
        return answer

    def _send(self, command: bytes) -> None:
        try:
            self._socket.sendall(command)
        except BlockingIOError as error:
            raise TimeoutError(_LATE) from error

    def _feed(self) -> None:
        try:
            data = self._socket.recv(_BYTES)
        except BlockingIOError as error:
            raise TimeoutError(_LATE) from error
        if not data:
            why = "the server has closed the connection"
            raise ConnectionResetError(why)
        self._reader.feed(data)

    def _open(self) -> None:
        from hiredis import PushNotification, Reader
        from redis.exceptions import ResponseError

        self._connection.connect()
        self._socket = self._connection._sock  # noqa: SLF001 - redis-py's own reading costs a third of the round trip
        _let_the_kernel_wait(self._socket)
        self._reader, self._notice = Reader(replyError=ResponseError), PushNotification

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        self._socket = None
        self._connection.disconnect()
