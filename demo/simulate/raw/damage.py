"""Damage: what happens to lines on their way. Each function spoils one, or gives None where it cannot."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TRACE = (
    "java.net.SocketTimeoutException: Read timed out\n"
    "\tat example.refunds.Gateway.call(Gateway.java:61)\n"
    "\tat example.refunds.Worker.run(Worker.java:18)\n"
    "Caused by: java.io.IOException: retrying"
)
_LATIN1 = 0x100
_ADDRESS = re.compile(r" ip=([0-9.]+)")


def cut_in_string(line: str) -> str:
    """Cut a JSON line inside a string."""
    place = line.index('"ip":"') + 9
    return line[:place]


def cut_in_half(line: str) -> str:
    """Cut a line in its middle."""
    return line[: len(line) // 2]


def cut_tail(line: str) -> str:
    """Cut a line a few signs before its end, inside its last quotes."""
    return line[:-6]


def in_quotes(line: str) -> str:
    """Put a line in quotes, as an export does."""
    doubled = line.replace('"', '""')
    return f'"{doubled}"'


def binary_request(line: str) -> str:
    """Put what speaks another protocol in a request's place."""
    return re.sub(r'"[A-Z]+ [^"]*"', r'"\\x16\\x03\\x01"', line, count=1)


def with_unseen(line: str) -> str:
    """Put signs into a line that nobody sees."""
    place = line.index('"ip":"') + 6
    return f"{line[:place]}\u200b{line[place:]}\x00"


def repeated(key: str, value: str) -> Callable[[str], str]:
    """Give a function that writes a key twice, another value first."""
    comma = "," if key.startswith('"') else ""
    return lambda line: line.replace(key, f"{key}{value}{comma}{key}", 1)


def as_python(line: str) -> str:
    """Write JSON as Python prints it."""
    return str(json.loads(line))


def as_microseconds(line: str) -> str:
    """Write an epoch in other units, as text."""
    return re.sub(r'"ts":(\d+)', r'"ts":"\g<1>000"', line, count=1)


def clock_never_set(line: str) -> str:
    """Set the clock to where clocks begin."""
    return re.sub(r'"ts":\d+', '"ts":0', line, count=1)


def without_event(line: str) -> str:
    """Leave out what happened."""
    return re.sub(r'"event":"[a-z_]+",', "", line, count=1)


def without_account(line: str) -> str:
    """Leave out whose account it is."""
    return re.sub(r'"account":\{"id":"[^"]*",', '"account":{', line, count=1)


def other_dialect(line: str) -> str:
    """Write a time in another dialect of ISO 8601."""
    return re.sub(r"^(\S+)\.(\d{3})Z", r"\1,\2+0000", line)


def with_port(line: str) -> str:
    """Write the client's port beside its address."""
    return _ADDRESS.sub(r" ip=\1:50443", line, count=1)


def mapped(line: str) -> str:
    """Write an address as IPv6 does."""
    return _ADDRESS.sub(r" ip=::ffff:\1", line, count=1)


def as_number(line: str) -> str:
    """Write an address as a number."""
    return _ADDRESS.sub(lambda found: f" ip={_number(found[1])}", line, count=1)


def _number(address: str) -> int:
    number = 0
    for part in address.split("."):
        number = number * 256 + int(part)
    return number


def forwarded(line: str) -> str:
    """Write the addresses that a request went through."""
    return _ADDRESS.sub(r' ip="\1, 10.0.0.3"', line, count=1)


def json_in_json(line: str) -> str:
    """Write a nested object as text."""
    value = json.loads(line)
    value["account"] = json.dumps(value["account"], separators=(",", ":"))
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def pretty(line: str) -> str:
    """Print an object over many lines."""
    return json.dumps(json.loads(line), indent=2, ensure_ascii=False)


def currency_beside(line: str) -> str:
    """Write the currency beside the amount."""
    return re.sub(r'"gross":"([0-9.]+)"', r'"gross":"EUR \1"', line, count=1)


def overflow(line: str) -> str:
    """Write an amount that no number holds."""
    return re.sub(r'"gross":"[0-9.]+"', '"gross":1e400', line, count=1)


def amount_is(text: str) -> Callable[[str], str]:
    """Give a function that writes this in an amount's place."""
    return lambda line: re.sub(r'"amount":[0-9.]+', f'"amount":{text}', line, count=1)


def with_trace(line: str) -> str:
    """Follow a line with the trace of an error that a retry got over."""
    return f"{line}\n{_TRACE}"


def as_latin1(line: str) -> str | None:
    """Write a line in Latin-1; bytes that are no UTF-8 stand as lone surrogates."""
    if line.isascii() or any(ord(sign) >= _LATIN1 for sign in line):
        return None
    return line.encode("latin-1").decode("utf-8", "surrogateescape")


def decoded_twice(line: str) -> str | None:
    """Read UTF-8 as Windows-1252, where that can be told again from what people write."""
    if line.isascii():
        return None
    for place, sign in enumerate(line):
        beside = line[place - 1 : place] + line[place + 1 : place + 2]
        if not sign.isascii() and (not sign.islower() or not any(near.isascii() and near.islower() for near in beside)):
            return None
    try:
        return line.encode().decode("cp1252")
    except UnicodeDecodeError:
        return None


def short_row(line: str) -> str:
    """Cut a row after its fifth value."""
    return ";".join(line.split(";")[:5])


def short_year(line: str) -> str:
    """Write a year with two digits."""
    return re.sub(r";(\d\d\.\d\d\.)20(\d\d) ", r";\1\2 ", line, count=1)


def quoted_values(line: str) -> str:
    """Put each value in quotes."""
    return ",".join(f'"{value}"' if value else "" for value in line.split(","))


def header_again(line: str) -> str:
    """Begin the file anew below a line."""
    return f"{line}\nevent_id,ts,seller_id,action,item_id,price,payout_id"
