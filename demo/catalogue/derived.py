"""What events are to have beside what their lines say, a row at a time and as plainly as it can be written.

The project's transforms say the same in Spark expressions, over whole tables; they are held to these functions.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from riskloom.declare import EventSource

Row = dict[str, Any]
_TYPES = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}
_FILLER = {"no", "nr", "apt", "apartment", "unit", "flat", "c", "o"}
_WHOLE = {"str": "strasse", "st": "street", "ave": "avenue", "rd": "road", "ln": "lane", "pl": "place"}
_PROBED = ("/.env", "/.git", "wp-login", "phpmyadmin", "config.php", "passwd", "cgi-bin", ".sql", "/actuator", "../")
_INJECTED = ("%27+or+", "'+or+", "union+select", "%3cscript", "<script", "..%2f", "../")
_SCRIPTS = ("python-requests", "curl/", "go-http-client", "headless", "googlebot", "bot)")
_LURES = ("will be closed", "you won", "outside of the shop", "off the platform", "fee due", "verify your")
_FAMILIES = ("Edg", "Firefox", "HeadlessChrome", "Chrome", "Safari")
_DISPOSABLE = {"tempbox.example", "10minute.example"}


def network(address: str | None) -> str | None:
    """Give the /24 of an address.

    Example:
        >>> network("10.20.30.40"), network("::1")
        ('10.20.30.0/24', None)
    """
    parts = (address or "").split(".")
    numbers = len(parts) == 4 and all(part.isdecimal() for part in parts)  # noqa: PLR2004 - of IPv4
    return f"{'.'.join(parts[:3])}.0/24" if numbers else None


def address_key(text: str | None) -> str | None:
    """Give the key of a postal address.

    Example:
        >>> address_key("Málaga St. 4, Apt 2") == address_key("2/4 malaga street")
        True
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", (text or "").replace("ł", "l").replace("Ł", "L")))
    words = re.split(r"[^a-z0-9]+", "".join(sign for sign in plain if not unicodedata.combining(sign)).lower())
    kept = sorted(_WHOLE.get(word, word) for word in words if word and word not in _FILLER)
    return " ".join(kept) or None


def text_key(text: str | None) -> str | None:
    """Give the key of a text.

    Example:
        >>> text_key("Pay at https://a.example/1 now!") == text_key("pay at now")
        True
    """
    words = re.sub(r"https?://\S+", "", (text or "").lower())
    letters = "".join(sign for sign in words if sign.isalpha())
    return hashlib.sha256(letters.encode()).hexdigest()[:16] if letters else None


def _has(text: str | None, parts: tuple[str, ...]) -> bool:
    return any(part in (text or "").lower() for part in parts)


def _requests(row: Row) -> Row:
    return {
        "network": network(row["client_address"]),
        "probes": _has(row["path"], _PROBED),
        "injects": _has(row["query"], _INJECTED),
        "scripted": _has(row["user_agent"], _SCRIPTS),
    }


def _clicks(row: Row) -> Row:
    return {"network": network(row["ip"]), "hour": row["event_ts"].hour}


def _logins(row: Row) -> Row:
    from transforms.logins import MIDDLES

    agent = row["user_agent"] or ""
    found = [(agent.index(family), -len(family), family) for family in _FAMILIES if family in agent]
    latitude, longitude = MIDDLES.get(row["country"], (None, None))
    return {
        "network": network(row["ip"]),
        "hour": row["event_ts"].hour,
        "agent_family": min(found)[2] if found else None,
        "latitude": latitude,
        "longitude": longitude,
        "hosted": (row["ip"] or "").startswith(("45.", "89.")),
    }


def _accounts(row: Row) -> Row:
    handle = row["handle"] or ""
    return {
        "network": network(row["ip"]),
        "handle_stem": "".join(sign for sign in handle.lower() if sign.isalpha()) or None,
        "digit_share": sum(sign in "0123456789" for sign in handle) / len(handle) if handle else None,
        "disposable": row["email_domain"] in _DISPOSABLE,
    }


def _orders(row: Row) -> Row:
    share = row["discount"] / row["gross"] if row["gross"] and row["discount"] is not None else None
    return {
        "network": network(row["ip"]),
        "address_key": address_key(row["ship_to"]),
        "discount_share": share,
        "half_price": share is not None and share >= 0.5,  # noqa: PLR2004 - half of the price
    }


def _reviews(row: Row) -> Row:
    return {
        "network": network(row["ip"]),
        "text_key": text_key(row["text"]),
        "verified": row["order_id"] is not None,
    }


def _messages(row: Row) -> Row:
    text = row["text"] or ""
    digits = re.search(r"\+?\d[\d ()/-]{7,}\d", text)
    return {
        "text_key": text_key(text),
        "has_link": _has(text, ("http://", "https://")),
        "has_contact": bool(digits) or "@" in text or _has(text, ("<phone>", "<email>")),
        "lures": _has(text, _LURES),
    }


def _staff(row: Row) -> Row:
    hour = row["event_ts"].hour
    return {"hour": hour, "off_hours": hour < 6 or hour > 18, "personal_fields": row["fields"].count(",") + 1}  # noqa: PLR2004 - office hours


DERIVED: dict[str, Callable[[Row], Row]] = {
    "requests": _requests,
    "clicks": _clicks,
    "logins": _logins,
    "accounts": _accounts,
    "orders": _orders,
    "payments": lambda row: {"network": network(row["ip"])},
    "coupons": lambda row: {"network": network(row["ip"]), "address_key": address_key(row["ship_to"])},
    "refunds": lambda row: {"address_key": address_key(row["ship_to"])},
    "reviews": _reviews,
    "messages": _messages,
    "staff": _staff,
}


def with_derived(source: EventSource, truth: pa.Table) -> pa.Table:
    """Add to clean events what the source's transform adds.

    Args:
        source: Their source.
        truth: What the simulation wrote of them.

    Returns:
        The events with a column for each that is derived.
    """
    if source.name not in DERIVED:
        return truth
    derive = DERIVED[source.name]
    rows: list[Mapping[str, Any]] = [derive(row) for row in truth.to_pylist()]
    added = [name for name in source.columns if name not in source.parsed_columns]
    for name in added:
        truth = truth.append_column(name, pa.array([row[name] for row in rows], _TYPES[source.columns[name]]))
    return truth
