"""Clean lines of the simulated platform say the truth: they are read here by other means than those that wrote them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from demo.simulate.raw.logs import LAYOUTS


def _json(line):
    return json.loads(line[line.index("{") : line.rindex("}") + 1])


def _iso(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00").replace(",", "."))


def _pairs(line):
    return {key: value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|\S+)', line)}


def _cents(text):
    return int(text.replace(",", "").replace(".", ""))


def read_requests(line):
    part = re.fullmatch(r'(\S+) - (\S+) \[(.+?)\] "(\S+) (\S+) HTTP/1.1" (\d+) (\S+) "(.*?)" "(.*?)"', line)
    path, _, query = part[5].partition("?")
    return datetime.strptime(part[3], "%d/%b/%Y:%H:%M:%S %z"), {
        "client_address": part[1],
        "remote_user": None if part[2] == "-" else part[2],
        "method": part[4],
        "path": path,
        "query": query or None,
        "status": int(part[6]),
        "bytes": None if part[7] == "-" else int(part[7]),
        "referrer": None if part[8] == "-" else part[8],
        "user_agent": part[9],
    }


def read_clicks(line):
    row = _json(line)
    device, item = row["device"], row["item"]
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=row["ts"]), {
        "event_id": row["id"],
        "event": row["event"],
        "account_id": row.get("user_id", row.get("uid")),
        "session_id": row["session"],
        "device_id": device["id"],
        "os_family": device["os"],
        "app_version": device["app"],
        "attested": device.get("attested"),
        "ip": row["ip"],
        "item_id": item["id"],
        "position": item["position"],
        "campaign": row.get("campaign"),
        "dwell_ms": int(row["dwell_ms"]),
        "scroll_percent": row["scroll"],
    }


def read_logins(line):
    row = _pairs(line)
    return _iso(line.split(" ")[0]), {
        "event_id": row["id"],
        "account_id": row["user"],
        "result": row["result"],
        "fail_reason": row["reason"],
        "mfa": row["mfa"] == "yes",
        "ip": row["ip"],
        "asn": int(row["asn"]),
        "country": row["country"],
        "device_id": row["device"],
        "rtt_ms": int(row["rtt"]),
        "user_agent": row["ua"],
    }


def read_accounts(line):
    row = _json(line)
    return _iso(row["time"]), {
        "event_id": row["id"],
        "account_id": row["account"]["id"],
        "action": row["action"],
        "handle": row["account"]["handle"],
        "email_domain": row["account"]["mail"]["domain"],
        "inviter_id": row.get("inviter"),
        "completeness": row["account"]["completeness"],
    }


def read_orders(line):
    row = _json(line)
    return _iso(row["time"]), {
        "event_id": row["id"],
        "order_id": row["order"]["id"],
        "state": row["order"]["state"],
        "drop_id": row["order"].get("drop"),
        "seller_id": row["basket"]["seller"],
        "item_id": row["basket"]["items"][0]["sku"],
        "quantity": row["basket"]["items"][0]["qty"],
        "gross": _cents(row["basket"]["gross"]),
        "discount": _cents(row["basket"]["discount"]),
        "ship_to": row["ship_to"],
    }


def read_payments(line):
    row = _json(line)
    return datetime.strptime(line[1:20], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC), {
        "event_id": row["id"],
        "order_id": row.get("order"),
        "amount": round(row["amount"] * 100),
        "result": row["result"],
        "decline_reason": row["decline"],
        "bank_number": row["bin"],
    }


def read_coupons(line):
    row = _pairs(line)
    return _iso(line[:23]).replace(tzinfo=UTC), {
        "event_id": row["id"],
        "coupon_id": row["coupon"],
        "action": row["action"],
        "order_id": row.get("order"),
        "face_value": _cents(row["value"]),
        "ship_to": row["to"],
    }


def read_refunds(line):
    part = re.fullmatch(
        r"(\S+ \S+) INFO \[refund-\d\] Refund (\S+) of order (\S+) by (\S+): (\S+) (\S+), (\S+) via (\S+), (\S+); to (.*) \((\S+)\)",
        line,
    )
    names = (
        "refund_id",
        "order_id",
        "account_id",
        "amount",
        "currency",
        "refund_reason",
        "channel",
        "decision",
        "ship_to",
    )
    row = dict(zip((*names, "event_id"), part.groups()[1:], strict=True))
    return _iso(part[1]).replace(tzinfo=UTC), row | {"amount": _cents(row["amount"])}


def read_reviews(line):
    row = _json(line)
    return _iso(row["created_at"]), {
        "event_id": row["id"],
        "account_id": row["by"]["account"],
        "stars": row["stars"],
        "text": row["text"],
    }


def read_messages(line):
    row = _json(line)
    return _iso(row["ts"]), {
        "event_id": row["id"],
        "sender_id": row["from"]["id"],
        "recipient_id": row["to"],
        "text": row["text"],
    }


def read_shipments(line):
    event, parcel, order, carrier, scan, at, weight, cell, city = line.split(";")
    local = datetime.strptime(at, "%d.%m.%Y %H:%M").replace(tzinfo=UTC) - timedelta(hours=1)
    names = ("event_id", "parcel_id", "order_id", "carrier", "scan", "weight_g", "cell", "city")
    return local, dict(zip(names, (event, parcel, order, carrier, scan, int(weight), cell, city), strict=True))


def read_sellers(line):
    event, at, seller, action, item, price, payout = line.split(",")
    return datetime.fromtimestamp(int(at), UTC), {
        "event_id": event,
        "seller_id": seller,
        "action": action,
        "item_id": item or None,
        "price": _cents(price) if price else None,
        "payout_id": payout or None,
    }


def read_staff(line):
    part = re.fullmatch(
        r"(.{15}) crm01 crm-audit\[\d+\]: (\S+) (\S+) \((\w+)\) (\w+) customer/(\S+) fields=(\S+) records=(\d+) "
        r"bytes=(\d+)(?: ticket=(\S+))? from (\S+)",
        line,
    )
    names = ("event_id", "staff_id", "role", "action", "owner_id", "fields", "n_records", "bytes", "ticket_id", "ip")
    row = dict(zip(names, part.groups()[1:], strict=True))
    at = datetime.strptime(f"2025 {part[1]}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    return at, row | {"n_records": int(row["n_records"]), "bytes": int(row["bytes"])}


@pytest.mark.parametrize("source", LAYOUTS)
def test_clean_lines_say_the_truth(written, source):
    quiet = {"late", "out_of_order", "clock_skew", "personal_data"}
    damaged = {(row["file"], row["line"]) for row in written.table("mess") if row["name"] not in quiet}
    read, lines, compared = globals()[f"read_{source}"], {}, 0
    for row in written.truth(source).to_pylist():
        if (row["file"], str(row["line"])) in damaged:
            continue
        if row["file"] not in lines:
            lines[row["file"]] = (written.folder / "raw" / row["file"]).read_bytes().split(b"\n")
        at, found = read(lines[row["file"]][row["line"] - 1].decode())
        assert (at, found) == (row["event_ts"], {name: row[name] for name in found})
        compared += 1
    assert compared > 0
