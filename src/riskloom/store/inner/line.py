"""One connection to Redis: redis-py opens it, with its TLS and passwords; what is asked goes straight on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES = 65_536


class Line:
    """A connection that waits for the answers to what it asks.

    Args:
        connection: A connection of redis-py's, which need not be open yet.
    """

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - redis-py types no connection well
        self._connection = connection
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
            self._socket.sendall(command)
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
                self._socket.sendall(command)
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

    def _feed(self) -> None:
        data = self._socket.recv(_BYTES)
        if not data:
            why = "the server has closed the connection"
            raise ConnectionResetError(why)
        self._reader.feed(data)

    def _open(self) -> None:
        from hiredis import PushNotification, Reader
        from redis.exceptions import ResponseError

        self._connection.connect()
        self._socket = self._connection._sock  # noqa: SLF001 - redis-py's own reading costs a third of the round trip
        self._reader, self._notice = Reader(replyError=ResponseError), PushNotification

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        self._socket = None
        self._connection.disconnect()
