"""States in Redis: one string each, written by a script that compares before it sets."""

from __future__ import annotations

import os
import struct
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from riskloom.errors import StoreError
from riskloom.store.inner.base import Held
from riskloom.store.inner.line import Line
from riskloom.store.inner.resp import arguments, script_calls
from riskloom.store.slices import Slices, constant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from redis import Redis

    from riskloom.store.inner.base import Batch, Found, Row, Swap

# Version, revision, change, and how many bytes at the end are the recent part.
_STAMP = struct.Struct(">IIII")
_NOTHING_PUSHED = bytes(4)
_KEYS_A_SCRIPT, _KEYS_A_SCAN = 256, 1_000
_PUSHED = b"r"
# Seconds after which a server that does not answer is said to fail; the connection string may say others.
_TIMEOUTS = {"socket_connect_timeout": 2.0, "socket_timeout": 5.0}
# Lua's numbers are doubles, which hold 32 bits exactly; strings it would compare by the server's locale.
# Where none of the keys is there, as in a new build, all are set at once: commands cost more than what they set. No key
# is named twice.
_WRITE = """
if redis.call('EXISTS', unpack(KEYS)) == 0 then
  local both = {}
  for place, key in ipairs(KEYS) do
    both[2 * place - 1], both[2 * place] = key, ARGV[place]
  end
  redis.call('MSET', unpack(both))
  return {}
end
local left = {}
for place = 1, #KEYS do
  local held, take = redis.call('GETRANGE', KEYS[place], 0, 15), true
  if #held == 16 then
    local version, revision, _, recent = struct.unpack('>I4I4I4I4', held)
    local new_version, new_revision = struct.unpack('>I4I4', ARGV[place])
    take = new_version > version or (new_version == version and new_revision > revision)
    if recent > 0 then
      take = false
      left[#left + 1] = place
    end
  end
  if take then redis.call('SET', KEYS[place], ARGV[place]) end
end
return left
"""
# Keys: the set of keys that have a recent part, then those to change. For each: its name in the set, the twelve bytes
# that were seen or none, and the value.
_SWAP = """
local made = {}
for place = 2, #KEYS do
  local name, seen, value = unpack(ARGV, 3 * place - 5, 3 * place - 3)
  local same = redis.call('GETRANGE', KEYS[place], 0, 11) == seen
  if same then
    redis.call('SET', KEYS[place], value)
    redis.call(string.sub(value, 13, 16) == '\\0\\0\\0\\0' and 'SREM' or 'SADD', KEYS[1], name)
  end
  made[#made + 1] = same and 1 or 0
end
return made
"""


class RedisStates:
    """States in one Redis server.

    Args:
        options: Feast's options of its Redis store: ``connection_string`` such as ``host:6379,db=0,ssl=true``.
        project: Feast's project.
    """

    shared = True

    def __init__(self, options: Mapping[str, Any], project: str) -> None:
        from redis import Redis
        from redis.exceptions import RedisError, ResponseError

        self._failures, self._refused = (RedisError, OSError), ResponseError
        kind = options.get("redis_type", "redis")
        if kind != "redis":
            raise StoreError.unknown_inner(f"redis ({kind})")
        place, arguments = _parse(str(options.get("connection_string", "localhost:6379")))
        self._where = f"Redis at {place[0]}:{place[1]}"
        self._client: Redis = Redis(host=place[0], port=place[1], **{**_TIMEOUTS, **arguments})
        # Left to the collector, a socket may go before the connection that would have closed it.
        weakref.finalize(self, self._client.close)
        self._write, self._swap = (self._client.register_script(text) for text in (_WRITE, _SWAP))
        self._project = project.encode()
        self._prefixes: dict[str, bytes] = {}
        self._local = threading.local()

    def read(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[Found]]:
        """Read keys of several views by one MGET."""
        found = self._values([self._prefix(view) + key for view, keys in asked for key in keys])
        bodies: list[Found] = [
            None if value is None else value[16:] or None if value[12:16] == _NOTHING_PUSHED else _held(value)
            for value in found
        ]
        if len(asked) == 1:
            return [bodies]
        taken = iter(bodies)
        return [[next(taken) for _ in keys] for _, keys in asked]

    def look(self, view: str, keys: Sequence[bytes]) -> list[Held | None]:
        """Read all that stands under keys of a view."""
        prefix = self._prefix(view)
        found = self._values([prefix + key for key in keys]) if keys else []
        return [None if value is None else _held(value) for value in found]

    def _values(self, names: list[bytes]) -> list[bytes | None]:
        try:
            return self._mget(names)
        except self._failures as error:
            raise StoreError.unreachable(self._where, str(error)) from error

    def _mget(self, names: list[bytes]) -> list[bytes | None]:
        """Send one command on this thread's own connection: a pool's bookkeeping costs as much as the round trip."""
        command = [b"*%d\r\n$4\r\nMGET\r\n" % (len(names) + 1)]
        command += [b"$%d\r\n%b\r\n" % (len(name), name) for name in names]
        packed = b"".join(command)
        line = self._line()
        try:
            found: list[bytes | None] = line.ask(packed)
        except ConnectionError:
            # The server may have been restarted since the last read: once more, on a fresh connection.
            found = line.ask(packed)
        return found

    def _line(self) -> Line:
        held: tuple[int, Line] | None = self._local.__dict__.get("held")
        if held is None or held[0] != os.getpid():
            held = self._local.held = (os.getpid(), Line(self._client.connection_pool.make_connection()))
        return held[1]

    def write(self, view: str, rows: Sequence[Row]) -> list[bytes]:
        """Write what is newer, some hundred keys a script."""
        if not rows:
            return []
        stamps = Slices.of([_STAMP.pack(row.version, row.revision, 0, 0) for row in rows])
        left = self._send(view, Slices.of([row.key for row in rows]), [stamps, Slices.of([row.body for row in rows])])
        return [rows[place].key for place in left]

    def write_batch(self, view: str, batch: Batch) -> list[bytes]:
        """Write what is newer, some hundred keys a script."""
        stamps = constant(_STAMP.pack(batch.version, batch.revision, 0, 0), len(batch.keys.begins))
        left = self._send(view, batch.keys, [stamps, batch.bodies])
        keys = list(batch.keys.parts()) if left else []
        return [keys[place] for place in left]

    def _send(self, view: str, keys: Slices, values: Sequence[Slices]) -> list[int]:
        """Write values by the script, and give the places of those that it left."""
        named = arguments([constant(self._prefix(view), len(keys.begins)), keys])
        stamped = arguments(values)
        digest = self._write.sha.encode()
        with self._errors():
            left = self._once_more(lambda line: line.ask_all(script_calls(digest, named, stamped, _KEYS_A_SCRIPT)))
        return [_KEYS_A_SCRIPT * part + place - 1 for part, found in enumerate(left) for place in found]

    def _once_more(self, work: Callable[[Line], Any]) -> Any:  # noqa: ANN401 - whatever the server says
        """Work on this thread's own connection, and once more where the server was started since."""
        line = self._line()
        try:
            return work(line)
        except ConnectionError:
            return work(line)
        except self._refused as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
            self._client.script_load(self._write.script)
            return work(line)

    def swap(self, view: str, swaps: Sequence[Swap]) -> list[bool]:
        """Make changes, some hundred keys a script."""
        prefix = self._prefix(view)
        with self._errors(), self._client.pipeline(transaction=False) as pipe:
            for start in range(0, len(swaps), _KEYS_A_SCRIPT):
                part = swaps[start : start + _KEYS_A_SCRIPT]
                arguments = [
                    argument
                    for key, seen, new in part
                    for argument in (key, b"" if seen is None else _value(seen)[:12], _value(new))
                ]
                self._swap([prefix + _PUSHED, *(prefix + key for key, *_ in part)], arguments, client=pipe)
            made = pipe.execute()
        return [bool(one) for part in made for one in part]

    def pushed(self, view: str, prefix: bytes) -> list[bytes]:
        """Give the keys that have a recent part, from a set of those alone."""
        with self._errors():
            found = self._client.sscan_iter(self._prefix(view) + _PUSHED, _escaped(prefix) + b"*", _KEYS_A_SCAN)
            return list(dict.fromkeys(found))

    def drop(self, view: str, prefix: bytes = b"") -> None:
        """Remove keys of a view, found by a scan of the whole server."""
        pattern = _escaped(self._prefix(view) + prefix) + b"*"
        gone = self.pushed(view, prefix)
        with self._errors():
            if gone:
                self._client.srem(self._prefix(view) + _PUSHED, *gone)
            found: list[bytes] = []
            for name in self._client.scan_iter(pattern, count=_KEYS_A_SCAN):
                found.append(name)
                if len(found) == _KEYS_A_SCAN:
                    self._client.unlink(*found)
                    found.clear()
            if found:
                self._client.unlink(*found)

    def sweep(self, view: str) -> int:
        """Remove tombstones, found by a scan of the whole server."""
        swept = 0
        with self._errors():
            # States alone: what is pushed to them is listed in a set.
            names = list(self._client.scan_iter(_escaped(self._prefix(view)) + b"s*", count=_KEYS_A_SCAN))
            for start in range(0, len(names), _KEYS_A_SCAN):
                part = names[start : start + _KEYS_A_SCAN]
                with self._client.pipeline(transaction=False) as pipe:
                    for name in part:
                        pipe.strlen(name)
                    sizes = pipe.execute()
                empty = [name for name, size in zip(part, sizes, strict=True) if size == _STAMP.size]
                swept += self._client.delete(*empty) if empty else 0
        return swept

    def close(self) -> None:
        """Close the connections."""
        held = self._local.__dict__.pop("held", None)
        if held is not None:
            held[1].close()
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


def _value(held: Held) -> bytes:
    version, revision, change, body, recent = held
    return _STAMP.pack(version, revision, change % 2**32, len(recent)) + body + recent


def _held(value: bytes) -> Held:
    version, revision, change, recent = _STAMP.unpack_from(value)
    end = len(value) - recent
    return Held(version, revision, change, value[_STAMP.size : end], value[end:])


def _escaped(text: bytes) -> bytes:
    """Escape what a pattern of Redis takes for something else."""
    return b"".join(b"\\" + text[i : i + 1] if text[i] in b"*?[]\\" else text[i : i + 1] for i in range(len(text)))


def _parse(text: str) -> tuple[tuple[str, int], dict[str, Any]]:
    from feast.infra.online_stores.redis import RedisOnlineStore

    nodes, arguments = RedisOnlineStore._parse_connection_string(text)  # noqa: SLF001 - Feast's format, read by Feast
    return (nodes[0]["host"], int(nodes[0]["port"])), dict(arguments)
