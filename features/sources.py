"""The starter's event sources: a web server's access log, sshd's log, and a shop's order lines."""

from __future__ import annotations

from datetime import date

from riskloom import AccessLog, EventSource, Sshd

_REQUEST = {
    "client_address": "string",
    "remote_user": "string",
    "method": "string",
    "path": "string",
    "query": "string",
    "protocol": "string",
    "status": "int64",
    "bytes": "int64",
    "referrer": "string",
    "user_agent": "string",
}
access_log = EventSource(
    name="access_log",
    files="access_log/*.log.gz",
    format=AccessLog(),
    parsed=_REQUEST,
    transform="access_log:to_events",
    columns={**_REQUEST, "repaired": "bool"},
    holds="2015-05-17T10:05:00Z/2015-05-20T21:10:00Z",
    description="Requests to a web server, in the combined log format; a line that was cut off is repaired and marked.",
    owner="traffic-integrity",
)

# The lines carry no year. What was installed on the host while they were written (Filebeat 6.0.0-alpha1 snapshots,
# dashboards of Beats 5.3.0, both of spring 2017) leaves one year for its last line, of 20 April.
auth_log = EventSource(
    name="auth_log",
    files="auth_log/*.log.gz",
    format=Sshd(),
    columns={
        "host": "string",
        "pid": "int64",
        "action": "string",
        "method": "string",
        "user_name": "string",
        "unknown_user": "bool",
        "source_address": "string",
        "port": "int64",
    },
    ignore={"not_sshd": r"^[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} \S+ (?!sshd\[)[^\s\[:]+(\[[0-9]+\])?:"},
    reference_date=date(2017, 4, 20),
    holds="2017-03-27T13:05:00Z/2017-04-20T14:15:00Z",
    description="What sshd wrote to syslog: logins that failed or were accepted, and the connections around them.",
    owner="account-integrity",
)

orders = EventSource(
    name="orders",
    files="orders/{date}.csv.gz",
    transform="orders:to_events",
    columns={
        "customer_id": "string",
        "invoice_no": "string",
        "stock_code": "string",
        "description": "string",
        "quantity": "int64",
        "unit_price_pence": "int64",
        "amount_pence": "int64",
        "is_cancellation": "bool",
        "country": "string",
    },
    header=True,
    description="Order lines of an online shop, a file a day; the shop's local London times are read as UTC.",
    owner="order-integrity",
)
