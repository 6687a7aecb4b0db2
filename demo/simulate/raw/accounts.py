"""What the account service writes: logins as key=value, changes of accounts as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.simulate import vocabulary as v
from demo.simulate.addresses import COUNTRIES, dotted, network, system
from demo.simulate.names import written
from demo.simulate.raw.layout import Fields, Layout, event_ids, flags, optional, words
from demo.simulate.raw.times import millis, stamps
from demo.simulate.scenarios.fake_accounts import TEMPLATES

if TYPE_CHECKING:
    from demo.simulate.sheets import Sheet
    from demo.simulate.world import World

_NAMES = (
    "anna", "ben", "carla", "david", "emma", "felix", "greta", "hugo",
    "ines", "jan", "klara", "luca", "mia", "noah", "olga", "paul",
)  # fmt: skip


def _login_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "account_id": written("u", one["account"]),
        "result": words(v.RESULTS, one["result"]),
        "fail_reason": words(v.REASONS, one["reason"]),
        "method": words(v.LOGIN_METHODS, one["method"]),
        "mfa": flags(one["mfa"]),
        "ip": dotted(one["ip"]),
        "asn": system(one["ip"]).tolist(),
        "country": words(COUNTRIES, network(one["ip"]).country),
        "device_id": written("d", one["device"]),
        "rtt_ms": one["rtt"].tolist(),
        "user_agent": words(v.AGENTS, one["agent"]),
    }


def _login_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "mfa": ["yes" if mfa else "no" for mfa in fields["mfa"]]}
    return [
        f"{at}.{milli}Z INFO auth id={event_id} user={user} result={result} reason={reason} method={method} mfa={mfa} "
        f'ip={ip} asn={asn} country={country} device={device} rtt={rtt} ua="{agent}"'
        for at, milli, event_id, user, result, reason, method, mfa, ip, asn, country, device, rtt, agent in zip(
            stamps(one["ts"], "iso"), millis(one["ts"]), *shown.values(), strict=True
        )
    ]


LOGINS = Layout(
    source="logins",
    suffix=".log",
    step=1_000,
    fields=_login_fields,
    lines=_login_lines,
    whole=frozenset({"asn", "rtt_ms"}),
    true=frozenset({"mfa"}),
)


def _handle(number: int) -> str:
    if TEMPLATES <= number < 2 * TEMPLATES:
        ring, place = divmod(number - TEMPLATES, 1_024)
        return f"{_NAMES[ring % 16]}{_NAMES[ring // 16 % 16]}{place:04d}"
    scattered = (number * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    dot = (".", "_", "", "-")[scattered >> 20 & 3]
    return f"{_NAMES[scattered >> 60]}{dot}{_NAMES[scattered >> 52 & 15]}{scattered >> 40 & 255}"


def _account_fields(_: World, one: Sheet) -> Fields:
    return {
        "event_id": event_ids(one),
        "account_id": written("u", one["account"]),
        "action": words(v.ACTIONS, one["action"]),
        "handle": [_handle(number) for number in one["handle"].tolist()],
        "email_domain": words(v.DOMAINS, one["domain"]),
        "device_id": written("d", one["device"]),
        "ip": dotted(one["ip"]),
        "inviter_id": written("u", one["inviter"]),
        "completeness": one["completeness"].tolist(),
    }


def _account_lines(_: World, one: Sheet, fields: Fields) -> list[str]:
    shown = {**fields, "inviter_id": optional('"inviter":"', fields["inviter_id"], '",')}
    return [
        f'{{"schema":4,"id":"{event_id}","time":"{at}.{milli}+00:00","action":"{action}",'
        f'"client":{{"ip":"{ip}","device":"{device}"}},{inviter}"account":{{"id":"{user}","handle":"{handle}",'
        f'"completeness":{complete},"mail":{{"domain":"{domain}"}}}}}}'
        for at, milli, event_id, user, action, handle, domain, device, ip, inviter, complete in zip(
            stamps(one["ts"], "iso"), millis(one["ts"]), *shown.values(), strict=True
        )
    ]


ACCOUNTS = Layout(
    source="accounts",
    suffix=".jsonl",
    step=1_000,
    fields=_account_fields,
    lines=_account_lines,
    whole=frozenset({"completeness"}),
)
