"""What the web server and the page write: an access log, and clicks as nested JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.addresses import dotted
from demo.simulate.calendar import DRIFT, SECOND
from demo.simulate.names import written
from demo.simulate.raw.layout import Fields, Layout, event_ids, flags, optional, words
from demo.simulate.raw.times import stamps

if TYPE_CHECKING:
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

SKEWED_DEVICES = 0.005


def _request_fields(_: World, one: Sheet) -> Fields:
    paths = zip(one["page"].tolist(), written("p", one["item"]), one["item"].tolist(), strict=True)
    return {
        "client_address": dotted(one["ip"]),
        "remote_user": written("u", one["account"]),
        "method": words(v.METHODS, one["method"]),
        "path": [v.PAGES[page].format(number if page == v.DROP else item) for page, item, number in paths],
        "query": [f"q={word}" if word else None for word in words(v.QUERIES, one["query"])],
        "status": one["status"].tolist(),
        "bytes": [size if size >= 0 else None for size in one["size"].tolist()],
        "referrer": [None if word == "-" else word for word in words(v.REFERRERS, one["referrer"])],
        "user_agent": words(v.AGENTS, one["agent"]),
    }


def _request_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "query": optional("?", fields["query"])}
    return [
        f'{ip} - {user or "-"} [{at} +0000] "{method} {path}{query} HTTP/1.1" {status} '
        f'{"-" if size is None else size} "{referrer or "-"}" "{agent}"'
        for at, ip, user, method, path, query, status, size, referrer, agent in zip(
            stamps(one["ts"], "apache"), *shown.values(), strict=True
        )
    ]


REQUESTS = Layout(
    source="requests",
    suffix=".log",
    step=SECOND,
    fields=_request_fields,
    lines=_request_lines,
    whole=frozenset({"status", "bytes"}),
)


def _click_fields(world: World, one: Sheet) -> Fields:
    old = before_drift(world, one)
    return {
        "event_id": event_ids(one),
        "event": words(v.CLICKS, one["event"]),
        "account_id": written("u", one["account"]),
        "session_id": written("s", one["session"]),
        "device_id": written("d", one["device"]),
        "os_family": words(v.SYSTEMS, one["agent"]),
        "app_version": words(v.APPS, one["app"]),
        # Half-way through, the app no longer sends what its sensors attest.
        "attested": [value if had else None for value, had in zip(flags(one["attested"]), old, strict=True)],
        "ip": dotted(one["ip"]),
        "item_id": written("p", one["item"]),
        "position": one["position"].tolist(),
        "campaign": words(v.CAMPAIGNS, one["campaign"]),
        "dwell_ms": one["dwell"].tolist(),
        "scroll_percent": one["scroll"].tolist(),
    }


def before_drift(world: World, one: Sheet) -> list[bool]:
    """Say which events came in the old schema."""
    old: list[bool] = (one["arrival"] < world.calendar.instant(DRIFT)).tolist()
    return old


_OLD = (
    '{"v":3,"id":"%s","ts":%d,"event":"%s",%s"session":"%s","ip":"%s",%s"device":{"id":"%s","os":"%s","app":"%s"%s},'
    '"dwell_ms":%d,"scroll":%d,"item":{"position":%d,"id":"%s"}}'
)
# The new schema has another name for who it is, text for a number, and a field more.
_NEW = (
    '{"v":5,"id":"%s","ts":%d,"event":"%s",%s"session":"%s","ip":"%s",%s"device":{"id":"%s","os":"%s","app":"%s"%s,'
    '"locale":"en"},"dwell_ms":"%d","scroll":%d,"item":{"position":%d,"id":"%s"}}'
)


def _click_lines(world: World, one: Sheet, fields: Fields) -> list[str]:
    f, old = fields, before_drift(world, one)
    users = [
        f'"{"uid" if was else "user_id"}":"{account}",' if account else ""
        for was, account in zip(old, f["account_id"], strict=True)
    ]
    attested = optional(',"attested":', [None if x is None else "true" if x else "false" for x in f["attested"]])
    rows = zip(
        f["event_id"], (one["ts"] // 1_000).tolist(), f["event"], users, f["session_id"], f["ip"],
        optional('"campaign":"', f["campaign"], '",'), f["device_id"], f["os_family"], f["app_version"], attested,
        f["dwell_ms"], f["scroll_percent"], f["position"], f["item_id"], strict=True,
    )  # fmt: skip
    return [(_OLD if was else _NEW) % row for was, row in zip(old, rows, strict=True)]


CLICKS = Layout(
    source="clicks",
    suffix=".jsonl",
    step=1_000,
    fields=_click_fields,
    lines=_click_lines,
    whole=frozenset({"position", "dwell_ms", "scroll_percent"}),
    true=frozenset({"attested"}),
)


def skew(world: World, one: Sheet) -> Ints:
    """Give by how much the clock of each click's device is ahead."""
    ahead = world.stream("device.skewed").chance(SKEWED_DEVICES, one["device"])
    minutes = 20 + 340 * world.stream("device.ahead").uniform(one["device"])
    return np.where(ahead, (minutes * 60).astype(np.int64) * SECOND, 0)
