"""Log lines, and damage done to them: for tests that nothing is lost, whatever comes."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# ruff: noqa: PLR2004, PLR0911 - seeded choices are no secrets, and each way of damage ends in one
_NAMES = ("ann", "bob", "Zoë", "王伟", "o'neil", "a b", "andrÃ©", "")
_PATHS = ("/", "/cart?item=7", "/a/b.html", "/search?q=%20x&y=1")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux)",
    "curl/8.0",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    'odd \\"7\\"',
    "-",
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def clean_lines(seed: int, count: int) -> Iterator[bytes]:
    """Give lines of four formats: access log, JSON, pairs, sshd's syslog.

    Args:
        seed: Of the random choices.
        count: How many.

    Example:
        >>> [line[:1] for line in clean_lines(7, 3)]
        [b'1', b'{', b't']
    """
    chance = random.Random(seed)
    makers = (_access, _json, _pairs, _sshd)
    for number in range(count):
        yield makers[number % 4](chance, number).encode()


def damaged(line: bytes, other: bytes, chance: random.Random) -> bytes:
    """Damage a line: cut it, glue it to another, flip bytes, change its encoding, or put in what is not seen.

    Args:
        line: The line.
        other: Another one, to glue.
        chance: Decides.
    """
    way = chance.randrange(9)
    place = chance.randrange(len(line) + 1)
    if way == 0:
        return line[:place]
    if way == 1:
        return line[:place] + other[chance.randrange(len(other) + 1) :]
    if way == 2:
        return line + other
    if way == 3:
        return line[:place] + bytes([chance.randrange(256)]) + line[place + 1 :]
    if way == 4:
        return line.decode().encode(chance.choice(("latin-1", "utf-16", "cp1252")), errors="replace")
    if way == 5:
        return (
            line[:place]
            + chance.choice((b"\x00", b"\r", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\x1b[1m", b"\t"))
            + line[place:]
        )
    if way == 6:
        return line.decode().encode().decode("latin-1").encode()
    if way == 7:
        stop = min(len(line), place + chance.randrange(12))
        return line[:place] + line[stop:]
    return (
        line[:place]
        + chance.choice((b'"', b"\\", b"{", b"}", b"=", b" ", b"9", b"[", b"'", b",", b"NaN"))
        + line[place:]
    )


def _access(chance: random.Random, number: int) -> str:
    when = (
        f"{chance.randrange(1, 29):02d}/{chance.choice(_MONTHS)}/2024:{number % 24:02d}:10:03 +0{chance.randrange(3)}00"
    )
    head = f"198.18.{number % 256}.7 - {chance.choice(('-', 'ann'))} [{when}]"
    asked = f'"GET {chance.choice(_PATHS)} HTTP/1.1" {chance.choice((200, 404))} {chance.choice(("-", number))}'
    return f'{head} {asked} "-" "{chance.choice(_AGENTS)}"'


def _json(chance: random.Random, number: int) -> str:
    record = {
        "ts": chance.choice(
            (f"2024-05-01T10:00:{number % 60:02d}Z", 1_700_000_000 + number, 1_700_000_000_123, "2024-05-01 10:00:00,5")
        ),
        chance.choice(("user", "user_id")): chance.choice(_NAMES),
        "amount": chance.choice((number, "7.25", "1,299.00", None, -3)),
        "ok": chance.choice((True, False, None)),
        "price": chance.randrange(10_000) / 100,
        "geo": {"city": chance.choice(("Oslo", "Zürich", "北京")), "lat": 1.5},
        "tags": ["a", "b, c", {"x": None}],
    }
    return json.dumps(record, ensure_ascii=chance.random() < 0.2)


def _pairs(chance: random.Random, number: int) -> str:
    name = chance.choice(_NAMES)
    when = f"2024-05-01T10:00:00.{number % 1000:03d}Z"
    return f'ts={when} user="{name}" amount={number}.5 ok=1 price={number / 8} msg="hello there"'


def _sshd(chance: random.Random, number: int) -> str:
    clock = f"{number % 24:02d}:{number % 60:02d}:00"
    message = f"Failed password for invalid user {chance.choice(_NAMES)} from 198.18.0.9 port {number % 65536} ssh2"
    return f"{chance.choice(_MONTHS)} {chance.randrange(1, 29):2d} {clock} web sshd[{number}]: {message}"
