"""A network that can be cut: a relay to a server, which holds back what it gets until it is healed."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BYTES = 65_536


class Relay:
    """Relays connections to a port of this machine.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = threading.Event()
        self._whole.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = [self._listening]
        self.port: int = self._listening.getsockname()[1]

    def cut(self) -> None:
        """Let nothing through any more, and tell nobody."""
        self._whole.clear()

    def heal(self) -> None:
        """Let through what waits, and all that comes."""
        self._whole.set()

    def serve(self) -> None:
        """Take connections until the relay is closed."""
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._whole.wait()
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                # Nobody listens there now; somebody may later.
                client.close()
                continue
            self._open += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._relay, args=(one, other), daemon=True).start()

    def _relay(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(_BYTES):
                self._whole.wait()
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        """Close all connections."""
        self.heal()
        for part in self._open:
            part.close()


@contextmanager
def relay(target: int) -> Iterator[Relay]:
    """Relay to a port until the block ends."""
    made = Relay(target)
    threading.Thread(target=made.serve, daemon=True).start()
    try:
        yield made
    finally:
        made.close()
