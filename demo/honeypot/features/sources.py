"""Cowrie writes each event twice: as text for people, and as JSON. Either is read without the other.

The text is hard: records go on over several lines, attempts do not name their session, and what the program could not
encode stands there as the dictionary that it was.
"""

from __future__ import annotations

from riskloom import EventSource, JsonLines, LinePattern

_HEAD = r"(?P<time>\S+) \[(?P<system>[^\]]*)\] "
COLUMNS = {
    "action": "string",
    "session": "string",
    "source_address": "string",
    "user_name": "string",
    "password": "string",
}

attempts_text = EventSource(
    name="attempts_text",
    files="cowrie.log.*",
    format=LinePattern(
        _HEAD + r"New connection: (?P<ip>\S+):\d+ \(\S+\) \[session: (?P<session>\w+)\]",
        _HEAD + r"login attempt \[(?P<user_name>[^/]*?)/(?P<password>[\s\S]*)\] (?P<result>succeeded|failed)",
        _HEAD + r"(?P<message>.*)",
    ),
    parsed=dict.fromkeys(("system", "ip", "session", "user_name", "password", "result", "message"), "string"),
    transform="honeypot:with_sessions",
    columns=COLUMNS,
    record_start=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4} \[",
    holds="2018-01-01/2020-01-01",
    description="What the honeypot wrote for people; action is connect, succeeded, failed or other.",
    owner="account-integrity",
)

attempts_json = EventSource(
    name="attempts_json",
    files="cowrie.json.*",
    format=JsonLines(),
    parsed=dict.fromkeys(("eventid", "session", "src_ip", "username", "password"), "string"),
    transform="honeypot:named_alike",
    columns=COLUMNS,
    holds="2018-01-01/2020-01-01",
    description="The same events as the honeypot wrote them for programs.",
    owner="account-integrity",
)
