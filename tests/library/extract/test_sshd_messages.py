"""What sshd reports where two sides do not come to terms."""

from __future__ import annotations

import pytest

from riskloom.extract.formats.sshd import of_message


@pytest.mark.parametrize(
    ("message", "action", "user_name", "address", "port"),
    [
        (
            "Unable to negotiate with 198.18.0.9 port 22: no matching MAC found. Their offer: hmac-sha1 [preauth]",
            *("not_negotiated", None, "198.18.0.9", "22"),
        ),
        (
            "User a from b from 198.18.0.9 not allowed because not listed in AllowUsers",
            *("not_allowed", "a from b", "198.18.0.9", None),
        ),
        ("fatal: Timeout before authentication for 198.18.0.9 port 47056", "timed_out", None, "198.18.0.9", "47056"),
        ("refused connect from host.example (198.18.0.9)", "refused", None, "198.18.0.9", None),
        (
            "Magic value check failed (4289475479) on obfuscated handshake from 198.18.0.9 port 62730",
            *("bad_protocol", None, "198.18.0.9", "62730"),
        ),
        (
            "ssh_dispatch_run_fatal: Connection from 198.18.0.9 port 48680: message authentication code incorrect",
            *("other", None, "198.18.0.9", "48680"),
        ),
    ],
)
def test_a_message_tells_who_and_why(message, action, user_name, address, port):
    found = of_message(message)
    assert (found["action"], found["user_name"], found["source_address"], found["port"]) == (
        action,
        user_name,
        address,
        port,
    )
