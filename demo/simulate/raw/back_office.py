"""What the back office and its partners write: parcels and sellers as CSV, staff as syslog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.simulate import vocabulary as v
from demo.simulate.addresses import dotted
from demo.simulate.calendar import HOUR, MINUTE, SECOND
from demo.simulate.names import written
from demo.simulate.raw.layout import Fields, Layout, event_ids, money, words
from demo.simulate.raw.times import stamps

if TYPE_CHECKING:
    from demo.simulate.sheets import Sheet
    from demo.simulate.world import World

CITIES = ("Köln", "Leipzig", "Łódź", "Málaga", "Besançon", "Utrecht", "Leeds", "Padova")


def _shipment_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "parcel_id": written("x", one["parcel"]),
        "order_id": written("o", one["order"]),
        "carrier": words(v.CARRIERS, one["carrier"]),
        "scan": words(v.SCANS, one["scan"]),
        "weight_g": one["weight"].tolist(),
        "cell": [str(cell) for cell in one["cell"].tolist()],
        "city": words(CITIES, one["cell"] % len(CITIES)),
    }


def _shipment_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    # The carriers' feed has local time to the minute, and days before months.
    return [
        f"{event_id};{parcel};{order};{carrier};{scan};{at[:-3]};{weight};{cell};{city}"
        for at, event_id, parcel, order, carrier, scan, weight, cell, city in zip(
            stamps(one["ts"] + HOUR, "german"), *fields.values(), strict=True
        )
    ]


SHIPMENTS = Layout(
    source="shipments",
    suffix=".csv",
    step=MINUTE,
    fields=_shipment_fields,
    lines=_shipment_lines,
    whole=frozenset({"weight_g"}),
)


def _seller_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "seller_id": written("m", one["seller"]),
        "action": words(v.SELLER_ACTIONS, one["action"]),
        "item_id": written("p", one["item"]),
        "price": [price or None for price in one["price"].tolist()],
        "payout_id": written("b", one["payout"]),
    }


def _seller_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    prices = [text if price else "" for text, price in zip(money(one["price"]), fields["price"], strict=True)]
    return [
        f"{event_id},{at},{seller},{action},{item or ''},{price},{payout or ''}"
        for at, event_id, seller, action, item, price, payout in zip(
            (one["ts"] // SECOND).tolist(), *{**fields, "price": prices}.values(), strict=True
        )
    ]


SELLERS = Layout(
    source="sellers",
    suffix=".csv",
    step=SECOND,
    fields=_seller_fields,
    lines=_seller_lines,
    whole=frozenset({"price"}),
    header="event_id,ts,seller_id,action,item_id,price,payout_id",
)


def _staff_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "staff_id": written("a", one["staff"]),
        "role": words(v.ROLES, one["role"]),
        "action": words(v.STAFF_ACTIONS, one["action"]),
        "owner_id": written("u", one["owner"]),
        "fields": words(v.FIELDS, one["fields"]),
        "n_records": one["records"].tolist(),
        "bytes": one["size"].tolist(),
        "ticket_id": written("q", one["ticket"]),
        "ip": dotted(one["ip"]),
    }


def _staff_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "ticket_id": [f" ticket={ticket}" if ticket else "" for ticket in fields["ticket_id"]]}
    return [
        f"{at} crm01 crm-audit[{number}]: {event_id} {staff} ({role}) {action} customer/{owner} fields={names} "
        f"records={records} bytes={size}{ticket} from {ip}"
        for number, at, event_id, staff, role, action, owner, names, records, size, ticket, ip in zip(
            (2_000 + (one["staff"] & 511)).tolist(), stamps(one["ts"], "syslog"), *shown.values(), strict=True
        )
    ]


STAFF = Layout(
    source="staff",
    suffix=".log",
    step=SECOND,
    fields=_staff_fields,
    lines=_staff_lines,
    whole=frozenset({"n_records", "bytes"}),
)
