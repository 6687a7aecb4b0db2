"""Lines of real products, each with the fields that its conformance test asserts: read by declared formats.

The sample beside the tests has all cases that are named here; the whole collection has more of syslog, sshd and access
logs, and is read where it is there.
"""

from __future__ import annotations

import ast
import json
import re
import tarfile
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from riskloom import AccessLog, Csv, EventSource, JsonLines, KeyValue, LinePattern, Sshd, Syslog
from riskloom.testing.read_file import read_file

SAMPLE = Path(__file__).resolve().parents[2] / "data/crowdsec_cases/cases.tar.gz"
ASSERTED = re.compile(
    r'results\["[^"]*"\]\["([^"]*)"\]\[(\d+)\]\.Evt\.(Parsed|Meta|Unmarshaled)((?:\["(?:[^"\\]|\\.)*"\]|\[\d+\])+) == (.*)'
)
KEY = re.compile(r'\[("(?:[^"\\]|\\.)*"|\d+)\]')
_STAMP = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
_CRI = r"(?P<time>\S+) (?P<stream>stdout|stderr) (?P<logtag>[FP]) "
_CALL = r"(?P<time>\S+) \[(?P<level>\w+)\]\[(?P<part>\w+)\]: (?P<message>[^{]*)"

# Of each case whose values are unmarshaled by their names: its root, its format, its time, further values by path.
NESTED = {
    "teleport-logs": ("teleport", JsonLines(), "time", {}),
    "openappsec": ("openappsec", JsonLines(), "eventTime", {"Meta.event_name": "eventName"}),
    "base-upsun-httplog-logs": ("upsunMsg", JsonLines(), "timestamp", {}),
    "opensearch-dashboard-logs": (
        "opensearch",
        JsonLines(prefix=r"\S+ (?P<host>\S+) \S+\[\d+\]: "),
        "@timestamp",
        {"Meta.source_ip": "req.remoteAddress", "Meta.url": "req.url"},
    ),
    "envoy-logs": (
        "envoy",
        (
            JsonLines(prefix=_CRI),
            LinePattern(_CRI + r'\[(?P<start_time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>\S+)" .*'),
        ),
        "start_time",
        {"Parsed.stream": "stream", "Parsed.logtag": "logtag", "Parsed.verb": "method"},
    ),
    "suricata-logs-evelog": (
        "",
        JsonLines(),
        "timestamp",
        {
            "Parsed.dest_ip": "dest_ip",
            "Parsed.dest_port": "dest_port",
            "Parsed.proto": "proto",
            "Parsed.suricata_alert_signature": "alert.signature",
            "Parsed.suricata_alert_signature_rev": "alert.rev",
            "Meta.source_ip": "src_ip",
            "Meta.suricata_flow_id": "flow_id",
            "Meta.suricata_rule_severity": "alert.severity",
        },
    ),
    "mongodb-logs": (
        "",
        JsonLines(),
        "t.[$date]",
        {"Meta.username": "attr.principalName", "Meta.authentication_database": "attr.authenticationDatabase"},
    ),
    "nextcloud-logs": ("", JsonLines(), "time", {"Meta.source_ip": "remoteAddr"}),
    "kasm": ("", JsonLines(), "asctime", {"Meta.metric_name": "metric_name", "Meta.http_path": "path_info"}),
    "magento-extension-logs": (
        "",
        JsonLines(prefix=r"\[(?P<time>[^\]]+)\] \S+: +", suffix=r" \[\]"),
        "time",
        {
            "Meta.source_ip": "ip",
            "Meta.bouncer_agent": "bouncer_agent",
            "Meta.customer_id": "customer_id",
            "Meta.product_id": "product_id",
            "Meta.quote_id": "quote_id",
        },
    ),
    "jellyseerr-logs": (
        "",
        JsonLines(prefix=_CALL),
        "time",
        {"Meta.source_ip": ("ip", "account.ip"), "Parsed.username": ("email", "account.email")},
    ),
    "overseerr-logs": ("", JsonLines(prefix=_CALL), "time", {"Meta.source_ip": "ip", "Parsed.username": "email"}),
    "authelia-logs": ("authelia", (KeyValue(), JsonLines()), "time", {"Meta.source_ip": "remote_ip"}),
    "fortinet-vpn-bf": ("fortinet", KeyValue(), "eventtime", {"Meta.source_ip": "remip", "Meta.target_user": "user"}),
    "auditd-logs": (
        "auditd",
        KeyValue(prefix=r"type=(?P<type>\S+) msg=(?P<msg>audit\((?P<at>[0-9.]+):(?P<id>\d+)\):) "),
        "at",
        {"Parsed.event_inc_id": "id"},
    ),
    "unifi-logs": (
        "iptables",
        KeyValue(prefix=rf"(?P<time>{_STAMP}) (?P<host>\S+)(?: \S+)? \[(?P<rule>[^\]]+)\] ", words=True),
        "time",
        {},
    ),
    "tcpudp-flood-traefik": ("", KeyValue(), "time", {"Parsed.level": "level"}),
    "miniflux-logs": (
        "",
        KeyValue(prefix=r"miniflux +\| "),
        "time",
        {"Meta.source_ip": "client_ip", "Meta.user": "username"},
    ),
    "proxmox-iptables-logs": (
        "",
        KeyValue(
            prefix=r"(?P<vm>\d+) (?P<level>\d) \S+ (?P<time>\d+/\w+/\S+ \S+) (?:(?:policy )?(?P<action>[\w-]+): )?",
            words=True,
        ),
        "time",
        {
            "Parsed.vmid": "vm",
            "Parsed.loglevel": "level",
            "Parsed.src_ip": "SRC",
            "Parsed.dst_ip": "DST",
            "Parsed.proto": "PROTO",
            "Parsed.src_port": "SPT",
            "Parsed.dst_port": "DPT",
            "Parsed.id": "ID",
        },
    ),
    "exchange-pop-logs": (
        "",
        Csv(
            names=(
                "date",
                "session",
                "sequence",
                "server",
                "client",
                "user",
                "duration",
                "rq",
                "rp",
                "command",
                "parameters",
                "context",
                "puid",
            )
        ),
        "date",
        {
            "Parsed.session_id": "session",
            "Parsed.sequence_number": "sequence",
            "Parsed.username": "user",
            "Parsed.duration": "duration",
            "Parsed.rqsize": "rq",
            "Parsed.rpsize": "rp",
            "Parsed.command": "command",
        },
    ),
    "radarr-nonsyslog-logs": (
        "",
        Csv(delimiter="|", names=("at", "level", "part", "message")),
        "at",
        {"Parsed.log_level": "level"},
    ),
    "odoo-logs": (
        "",
        LinePattern(
            r"(?P<time>\S+ \S+) (?P<pid>\d+) INFO \S+ \S+: Login failed for db:(?P<db>\S+) login:(?P<user>\S+) from (?P<ip>\S+)"
        ),
        "time",
        {"Parsed.source_ip": "ip", "Parsed.user": "user", "Parsed.db_name": "db", "Parsed.PID": "pid"},
    ),
    "gitea-logs": (
        "",
        LinePattern(
            r"(?P<time>\S+ \S+) .*Failed authentication attempt for (?P<user>\S+) from (?P<ip>\S+?)(?::(?P<port>\d+))?(?:: .*)?"
        ),
        "time",
        {"Parsed.username": "user", "Parsed.remote_port": "port"},
    ),
    "pgsql-user-enum": (
        "",
        LinePattern(
            r"(?P<ip>\S+) (?P<time>\S+ \S+ UTC) \[(?P<pid>\d+)\] (?P<user>\S+)@(?P<db>\S+) FATAL: +(?P<message>.*)"
        ),
        "time",
        {"Parsed.source_ip": "ip", "Parsed.pgsql_user": "user", "Parsed.pgsql_dbname": "db", "Parsed.PID": "pid"},
    ),
    "haproxy-logs": (
        "",
        LinePattern(
            r"(?P<ip>[0-9.]+):(?P<port>\d+) \[(?P<time>[^\]]+)\] (?P<front>\S+) (?P<back>\S+?)/(?P<server>\S+) .*",
            r"(?P<ip>[0-9.]+):(?P<port>\d+) \[(?P<time>[^\]]+)\] (?P<front>\S+)/(?P<server>\S+): .*",
        ),
        "time",
        {"Parsed.client_ip": "ip", "Parsed.client_port": "port", "Parsed.server_name": "server"},
    ),
}


@pytest.fixture(scope="module")
def collections(shared, tmp_path_factory):
    """Unpack the sample, and the whole collection where it is there."""
    found = []
    for archive in (SAMPLE, shared and shared / "crowdsec_cases/cases.tar.gz"):
        if archive and archive.is_file():
            folder = tmp_path_factory.mktemp("cases")
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
            found.append(folder / "cases")
    return found


def with_a_log(folder):
    return [case for case in sorted(folder.iterdir()) if (case / "parser.assert").is_file() and any(case.glob("*.log"))]


def log_of(case):
    (log,) = (path for path in case.iterdir() if path.suffix == ".log")
    return log


@cache
def asserted(case):
    """Give what a case asserts: parser to number of the line to path to value."""
    found = defaultdict(lambda: defaultdict(dict))
    for line in (case / "parser.assert").read_text(errors="replace").splitlines():
        match = ASSERTED.fullmatch(line.strip())
        if match:
            parser, number, kind, path, value = match.groups()
            keys = (kind, *(json.loads(key) for key in KEY.findall(path)))
            if value[0] not in '"-0123456789tf':  # a call or another kind of string: of no field that is looked at
                continue
            # Go's strings have the escapes of Python's.
            found[parser][int(number)][keys] = ast.literal_eval(value.title() if value in ("true", "false") else value)
    return found


def source(format_, columns, time, **more):
    fields = {f"c{number}": path for number, path in enumerate(columns)}
    return EventSource(
        name="case",
        files="case",
        format=format_,
        columns=dict.fromkeys(fields, "string"),
        fields=fields,
        timestamp=(time,),
        **more,
    )


def path_of(keys):
    return ".".join(f"[{key}]" if isinstance(key, str) and not key.isidentifier() else str(key) for key in keys)


def same(found, wanted):
    """Compare a value as it was written with one that Go printed; an empty one is none."""
    if isinstance(wanted, bool):
        return found == str(wanted).lower()
    if isinstance(wanted, int | float):
        return float(found) == pytest.approx(wanted)
    return (found or "").removeprefix("::ffff:").strip() in (wanted.strip(), "" if wanted == "-" else None)


def line_of(values, number, lines, taken):
    """Find the line that values are of: by its message, of which equal ones come in order; else by its number."""
    message = values.get(("Parsed", "message"), "").strip()
    if not message:
        return number + 1
    places = [place for place, line in enumerate(lines, start=1) if line.strip() and message in line]
    return next((place for place in places if place not in taken), (places or [number + 1])[0])


def check_nested(case, root, format_, time, by_path):
    lines, wanted = log_of(case).read_text(errors="replace").splitlines(), []
    for parser, numbers in asserted(case).items():
        taken = set()
        for number, values in sorted(numbers.items()):
            named = {
                path_of(keys[2:]): value
                for keys, value in values.items()
                if root and keys[:2] == ("Unmarshaled", root) and not isinstance(value, list | dict)
            }
            named |= {by_path[name]: values[keys] for keys in values if (name := ".".join(map(str, keys))) in by_path}
            if named and "syslog" not in parser:
                place = line_of(values, number, lines, taken)
                taken.add(place)
                wanted.append((place, named))
    paths = tuple(dict.fromkeys(path for _, values in wanted for path in values))
    events = {row["line_no"]: row for row in read_file(log_of(case), source(format_, paths, time)).events}
    for place, values in wanted:
        for path, value in values.items():
            found = events[place][f"c{paths.index(path)}"]
            assert same(found, value), (case.name, place, path, found, value)
    return sum(len(values) for _, values in wanted)


@pytest.mark.parametrize("name", sorted(NESTED))
def test_values_are_those_that_the_case_names(collections, name):
    assert check_nested(collections[0] / name, *NESTED[name]) > 0


def check_lines(case, parsers, format_, names, *, with_=("Parsed", "message")):
    """Compare the values that parsers of a case assert with those of one of the formats that needs no pattern."""
    log, found = log_of(case), asserted(case)
    if not any(found.get(parser) for parser in parsers):
        return 0
    lines = log.read_text(errors="replace").splitlines()
    columns = tuple(dict.fromkeys(names.values()))
    read = read_file(log, source(format_, columns, "time", meanings=_meanings(columns)))
    events, count = {row["line_no"]: row for row in read.events}, 0
    for parser in parsers:
        taken = set()
        for number, values in sorted(found.get(parser, {}).items()):
            wanted = {name: values[keys] for keys in values if (name := ".".join(keys)) in names}
            if with_ not in values or not wanted:
                continue
            place = line_of(values, number, lines, taken)
            taken.add(place)
            for name, value in wanted.items():
                mine = AS_NGINX.get(name, str)(events[place][f"c{columns.index(names[name])}"] or "")
                assert same(mine, value), (case.name, place, name, mine, value)
                count += 1
    return count


def _meanings(columns):
    address = {"client_address", "source_address"}
    return {f"c{number}": "ip" for number, name in enumerate(columns) if name in address}


ACCESS = {
    "Parsed.remote_addr": "client_address",
    "Parsed.remote_user": "remote_user",
    "Parsed.time_local": "time",
    "Parsed.verb": "method",
    "Parsed.request": "request",
    "Parsed.http_version": "protocol",
    "Parsed.status": "status",
    "Parsed.body_bytes_sent": "bytes",
    "Parsed.http_referer": "referrer",
    "Parsed.http_user_agent": "user_agent",
}
# Logs of a format of their own, and one inside JSON.
OWN = {"base-upsun-httplog-logs", "nginx_http-catch-npm"}
# What nginx calls a request is its path, and an HTTP version has no HTTP before it.
AS_NGINX = {
    "Parsed.request": lambda request: re.sub(r"^[A-Z]+ (\S*) HTTP/.*", r"\1", request),
    "Parsed.http_version": lambda protocol: protocol.removeprefix("HTTP/"),
}
SYSLOG = {
    "Parsed.program": "program",
    "Parsed.pid": "pid",
    "Parsed.message": "message",
    "Parsed.syslog_priority": "priority",
    "Meta.machine": "host",
}
SSHD = {
    "Parsed.sshd_client_ip": "source_address",
    "Parsed.sshd_client_port": "port",
    "Parsed.sshd_port": "port",
    "Parsed.sshd_invalid_user": "user_name",
    "Parsed.sshd_auth_user": "user_name",
    "Meta.target_user": "user_name",
    "Meta.source_ip": "source_address",
}


def test_syslog_and_sshd_lines_are_read_as_asserted(collections):
    counts = []
    for folder in collections:
        cases = with_a_log(folder)
        syslog = sum(check_lines(case, ["crowdsecurity/syslog-logs"], Syslog(), SYSLOG) for case in cases)
        # One of them has its host's name twice, as a router of one maker writes it.
        ssh = ("crowdsecurity/sshd-logs", "crowdsecurity/sshd-success-logs")
        sshd = sum(check_lines(case, ssh, Sshd(), SSHD) for case in cases if case.name != "unifi-logs")
        counts.append((syslog, sshd))
    assert counts[0][0] > 100
    assert counts[0][1] > 100
    assert counts[1:] in ([], [(550, 143)])


def test_access_logs_are_read_as_asserted(collections):
    counts = []
    for folder in collections:
        combined = [case for case in with_a_log(folder) if case.name not in OWN]
        parser = ["crowdsecurity/nginx-logs"]
        counts.append(
            sum(check_lines(case, parser, AccessLog(), ACCESS, with_=("Parsed", "status")) for case in combined)
        )
    assert counts[0] > 200
    assert counts[1:] in ([], [326])
