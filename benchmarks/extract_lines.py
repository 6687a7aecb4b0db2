"""The lines of the extraction benchmark: access log, nested JSON and pairs, one in a hundred of them damaged."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from riskloom import AccessLog, EventSource, JsonLines, KeyValue
from riskloom.testing.damage import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEGABYTE = 1_000_000
BLOCK_BYTES, SEED = 32 * MEGABYTE, 11
COLUMNS = {
    "client_address": "string",
    "method": "string",
    "path": "string",
    "query": "string",
    "status": "int64",
    "bytes": "int64",
    "referrer": "string",
    "user_agent": "string",
    "user_id": "string",
    "event": "string",
    "item_id": "int64",
    "price": "float64",
    "country": "string",
    "lat": "float64",
    "session": "string",
    "ok": "bool",
    "note": "string",
    "level": "string",
    "service": "string",
    "latency_ms": "float64",
    "currency": "string",
}
SOURCE = EventSource(
    name="mixed",
    files="mixed/*.log",
    format=(JsonLines(), AccessLog(), KeyValue()),
    columns=COLUMNS,
    fields={"item_id": "item.id", "price": "item.price", "country": "geo.country", "lat": "geo.lat"},
    timestamp=("ts", "time"),
)
# The same source with all that a shop's own would have: free text is redacted, and an identifier kept as a token.
GUARDED = replace(SOURCE, redact=("note", "user_agent"), tokens=("user_id",))
_AGENTS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
_EVENTS = ("impression", "view", "search", "click", "cart_add", "order")
_WORDS = (
    *("please", "leave", "the", "parcel", "with", "my", "neighbour", "and", "ring", "twice", "size", "was", "too"),
    *("small", "for", "order", "from", "last", "week", "thanks", "again", "it", "came", "late", "but", "in", "shape"),
)
_PERSONAL = ("write to ann.lee@mail.example", "call 138-0013-8000", "card 4111 1111 1111 1111", "22 Baker Street")
_COUNTRIES = ("NO", "DE", "FR", "US", "IN", "BR")


def write_lines(folder: Path, megabytes: int, *, damage: float) -> Path:
    """Write a log of a size, unless it is there.

    Args:
        folder: Where it goes.
        megabytes: Its size.
        damage: Share of its lines that are damaged.

    Returns:
        The file.
    """
    path = folder / f"lines-{megabytes}-{damage}" / "mixed" / "mixed.log"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    block = b"".join(_lines(min(BLOCK_BYTES, megabytes * MEGABYTE), damage))
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        for _ in range(max(1, round(megabytes * MEGABYTE / len(block)))):
            file.write(block)
    unfinished.rename(path)
    return path


def _lines(size: int, damage: float) -> Iterator[bytes]:
    chance = random.Random(SEED)  # noqa: S311 - a benchmark's lines are no secrets
    makers = (_access, _json, _pairs)
    made, number, line = 0, 0, b"x"
    while made < size:
        before, line = line, makers[number % 3](chance, number).encode()
        if chance.random() < damage:
            line = damaged(line, before, chance).replace(b"\n", b" ")
        yield line + b"\n"
        made, number = made + len(line) + 1, number + 1


def _access(chance: random.Random, number: int) -> str:
    when = f"{_day(number)}/May/2024:{_clock(number)} +0000"
    query = f"?ref=mail&n={number % 97}" if chance.random() < 0.5 else ""  # noqa: PLR2004
    asked = f"GET /products/{chance.randrange(10_000)}/reviews.html{query} HTTP/1.1"
    answer = f"{chance.choice((200, 200, 200, 301, 404))} {chance.randrange(100, 200_000)}"
    referrer = f"https://shop.example/category/{chance.randrange(50)}"
    head = f"198.51.{number % 250}.{chance.randrange(250)} - - [{when}]"
    return f'{head} "{asked}" {answer} "{referrer}" "{chance.choice(_AGENTS)}"'


def _day(number: int) -> str:
    return f"{1 + number // 86_400 % 28:02d}"


def _clock(number: int) -> str:
    return f"{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}"


def _when(number: int) -> str:
    return f"2024-05-{_day(number)}T{_clock(number)}.{number % 1000:03d}Z"


def _json(chance: random.Random, number: int) -> str:
    record = {
        "ts": _when(number),
        "user_id": f"u{chance.randrange(100_000)}",
        "event": chance.choice(_EVENTS),
        "item": {"id": chance.randrange(10_000), "price": chance.randrange(100, 99_999) / 100},
        "geo": {"country": chance.choice(_COUNTRIES), "lat": chance.randrange(-9_000, 9_000) / 100},
        "session": f"{chance.getrandbits(64):016x}",
        "ok": chance.random() < 0.9,  # noqa: PLR2004
        "note": _note(chance),
        "variant": chance.choice(("a", "b")),
    }
    return json.dumps(record)


def _note(chance: random.Random) -> str:
    """Give free text, one in fifty with personal data and one in ten with a number that is nobody's."""
    words = [chance.choice(_WORDS) for _ in range(chance.randrange(4, 16))]
    if chance.random() < 0.02:  # noqa: PLR2004
        words.insert(chance.randrange(len(words)), chance.choice(_PERSONAL))
    if chance.random() < 0.1:  # noqa: PLR2004
        words.append(str(chance.randrange(10**6)))
    return " ".join(words)


def _pairs(chance: random.Random, number: int) -> str:
    return (
        f"ts={_when(number)} level=info service=payment user_id=u{chance.randrange(100_000)} "
        f"latency_ms={chance.randrange(10, 90_000) / 10} status={chance.choice((200, 402, 500))} "
        f"currency={chance.choice(('EUR', 'NOK', 'USD'))} session={chance.getrandbits(64):016x}"
    )
