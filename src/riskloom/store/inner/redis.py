"""States in Redis: one string each, written by a script that compares before it sets."""

from __future__ import annotations

import os
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from redis import Redis

    from riskloom.store.inner.base import Row

_STAMP = struct.Struct(">II")
_KEYS_A_SCRIPT, _KEYS_A_SCAN = 256, 1_000
# Lua's numbers are doubles, which hold 32 bits exactly; strings it would compare by the server's locale.
_SCRIPT = """
for place = 1, #KEYS do
  local held, take = redis.call('GETRANGE', KEYS[place], 0, 7), true
  if #held == 8 then
    local version, revision = struct.unpack('>I4I4', held)
    local new_version, new_revision = struct.unpack('>I4I4', ARGV[place])
    take = new_version > version or (new_version == version and new_revision > revision)
  end
  if take then redis.call('SET', KEYS[place], ARGV[place]) end
end
"""


class RedisStates:
    """States in one Redis server.

    Args:
        options: Feast's options of its Redis store: ``connection_string`` such as ``host:6379,db=0,ssl=true``.
        project: Feast's project.
    """

    def __init__(self, options: Mapping[str, Any], project: str) -> None:
        from redis import Redis
        from redis.exceptions import RedisError

        self._failures = (RedisError, OSError)
        kind = options.get("redis_type", "redis")
        if kind != "redis":
            raise StoreError.unknown_inner(f"redis ({kind})")
        place, arguments = _parse(str(options.get("connection_string", "localhost:6379")))
        self._where = f"Redis at {place[0]}:{place[1]}"
        self._client: Redis = Redis(host=place[0], port=place[1], **arguments)
        self._script = self._client.register_script(_SCRIPT)
        self._project = project.encode()
        self._prefixes: dict[str, bytes] = {}
        self._local = threading.local()

    def read(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[bytes | None]]:
        """Read keys of several views by one MGET."""
        names = [self._prefix(view) + key for view, keys in asked for key in keys]
        try:
            found = self._mget(names)
        except self._failures as error:
            raise StoreError.unreachable(self._where, str(error)) from error
        bodies = [None if value is None else value[_STAMP.size :] or None for value in found]
        if len(asked) == 1:
            return [bodies]
        taken = iter(bodies)
        return [[next(taken) for _ in keys] for _, keys in asked]

    def _mget(self, names: list[bytes]) -> list[bytes | None]:
        """Send one command on this thread's own connection: a pool's bookkeeping costs as much as the round trip."""
        from redis.exceptions import ConnectionError as Lost

        command = [b"*%d\r\n$4\r\nMGET\r\n" % (len(names) + 1)]
        command += [b"$%d\r\n%b\r\n" % (len(name), name) for name in names]
        packed = b"".join(command)
        connection = self._connection()
        try:
            return _answer(connection, packed)
        except Lost:
            # The server may have been restarted since the last read: once more, on a fresh connection.
            connection.disconnect()
            return _answer(connection, packed)

    def _connection(self) -> Any:  # noqa: ANN401 - redis-py types no connection well
        held = self._local.__dict__.get("held")
        if held is None or held[0] != os.getpid():
            held = self._local.held = (os.getpid(), self._client.connection_pool.make_connection())
        return held[1]

    def write(self, view: str, rows: Sequence[Row]) -> None:
        """Write what is newer, some hundred keys a script."""
        prefix = self._prefix(view)
        with self._errors(), self._client.pipeline(transaction=False) as pipe:
            for start in range(0, len(rows), _KEYS_A_SCRIPT):
                part = rows[start : start + _KEYS_A_SCRIPT]
                values = [_STAMP.pack(row.version, row.revision) + row.body for row in part]
                self._script([prefix + row.key for row in part], values, client=pipe)
            pipe.execute()

    def drop(self, view: str, prefix: bytes = b"") -> None:
        """Remove keys of a view, found by a scan of the whole server."""
        pattern = _escaped(self._prefix(view) + prefix) + b"*"
        with self._errors():
            found: list[bytes] = []
            for name in self._client.scan_iter(pattern, count=_KEYS_A_SCAN):
                found.append(name)
                if len(found) == _KEYS_A_SCAN:
                    self._client.unlink(*found)
                    found.clear()
            if found:
                self._client.unlink(*found)

    def close(self) -> None:
        """Close the connections."""
        held = self._local.__dict__.pop("held", None)
        if held is not None:
            held[1].disconnect()
        self._client.close()

    def _prefix(self, view: str) -> bytes:
        prefix = self._prefixes.get(view)
        if prefix is None:
            prefix = self._prefixes[view] = b"riskloom:%b:%b:" % (self._project, view.encode())
        return prefix

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            raise StoreError.unreachable(self._where, str(error)) from error


def _answer(connection: Any, packed: bytes) -> list[bytes | None]:  # noqa: ANN401 - as above
    connection.send_packed_command([packed])
    found: list[bytes | None] = connection.read_response()
    return found


def _escaped(text: bytes) -> bytes:
    """Escape what a pattern of Redis takes for something else."""
    return b"".join(b"\\" + text[i : i + 1] if text[i] in b"*?[]\\" else text[i : i + 1] for i in range(len(text)))


def _parse(text: str) -> tuple[tuple[str, int], dict[str, Any]]:
    from feast.infra.online_stores.redis import RedisOnlineStore

    nodes, arguments = RedisOnlineStore._parse_connection_string(text)  # noqa: SLF001 - Feast's format, read by Feast
    return (nodes[0]["host"], int(nodes[0]["port"])), dict(arguments)
