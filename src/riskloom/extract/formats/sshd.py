"""What sshd reports: who tried to log in, how, and from where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskloom.extract.formats import syslog
from riskloom.extract.formats.reading import Event, RefusedError

if TYPE_CHECKING:
    from riskloom.extract.formats.reading import Fields, Notes

REASON = "not_sshd_syslog"
NAMES = (*syslog.NAMES, "action", "method", "user_name", "unknown_user", "source_address", "port")
_PROGRAMS = ("sshd", "sshd-session", "sshd-auth")

# What a message begins with, and the action that it reports; the first that fits is taken.
_ACTIONS = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Failed ", "failed"),
        (r"Accepted ", "accepted"),
        (r"Invalid user ", "invalid_user"),
        (r"(?:input_userauth_request: invalid user|Illegal user) ", "invalid_user_request"),
        (r"error: maximum authentication attempts exceeded ", "attempts_exceeded"),
        (r"pam_unix\(sshd:auth\): authentication failure|PAM [0-9]+ more authentication failure", "pam_failure"),
        (r"pam_unix\(sshd:session\): session opened ", "session_opened"),
        (r"pam_unix\(sshd:session\): session closed ", "session_closed"),
        (r"(?:Received disconnect|Disconnected|Connection closed|Connection reset) ", "disconnected"),
        (r"Disconnecting: ", "disconnecting"),
        (r"Connection from ", "connected"),
        (
            r"Did not receive identification|Bad protocol version identification|Magic value check failed ",
            "bad_protocol",
        ),
        (r"Unable to negotiate with ", "not_negotiated"),
        (r"User [\s\S]* from \S+ not allowed because ", "not_allowed"),
        (r"(?:fatal: )?Timeout before authentication for ", "timed_out"),
        (r"refused connect from ", "refused"),
    )
)
# What comes before the address where the two could not come to terms.
_BROKEN = (
    r"(?:Unable to negotiate with|(?:fatal: )?Timeout before authentication for|ssh_dispatch_run_fatal: Connection from"
    r"|Magic value check failed [\s\S]*? from) "
)
_METHOD = re.compile(r"(?:Failed|Accepted) (\S+) for ")
# The name is whatever the client sent: it may be empty, hold spaces, or hold words of these very messages.
_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:Failed|Accepted) \S+ for (?:invalid user |illegal user )?([\s\S]*) from \S+ port [0-9]+",
        r"error: maximum authentication attempts exceeded for (?:invalid user )?([\s\S]*) from \S+ port [0-9]+",
        r"Invalid user ([\s\S]*) from \S+(?: port [0-9]+)?$",
        r"input_userauth_request: invalid user ([\s\S]*) \[preauth\]$",
        r"(?:pam_unix\(sshd:auth\): authentication failure|PAM [0-9]+ more)[\s\S]* rhost=\S* +user=([\s\S]*)$",
        r"pam_unix\(sshd:session\): session (?:opened|closed) for user (\S+)",
        r"User ([\s\S]*) from \S+ not allowed because ",
        r"(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting) (?:invalid|authenticating) user ([\s\S]*) \S+ port [0-9]+",
    )
)
_ADDRESSES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:Failed|Accepted|error: maximum|Invalid user|Did not receive|Bad protocol)[\s\S]* from (\S+)",
        r"(?:Connection (?:closed|reset) by|Disconnected from) (?:invalid|authenticating) user [\s\S]* (\S+) port [0-9]+",
        r"(?:Connection from|Received disconnect from|Disconnected from|Connection closed by|Connection reset by) (\S+)",
        r"(?:pam_unix\(sshd:auth\): authentication failure|PAM [0-9]+ more)[\s\S]* rhost=(\S+)",
        r"User [\s\S]* from (\S+) not allowed because ",
        r"refused connect from [\s\S]*\((\S+)\)",
        rf"{_BROKEN}(\S+)",
    )
)
_PORTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:(?:Failed|Accepted|error: maximum|Bad protocol|Invalid user)[\s\S]* from|(?:Connection|Received disconnect|Disconnected) (?:closed |reset )?(?:from|by)) \S+ port ([0-9]+)",
        r"(?:Connection (?:closed|reset) by|Disconnected from) (?:invalid|authenticating) user [\s\S]* \S+ port ([0-9]+)",
        rf"{_BROKEN}\S+ port ([0-9]+)",
    )
)
_UNKNOWN = re.compile(
    r"Failed \S+ for (?:invalid|illegal) user |Invalid user |input_userauth_request: invalid user "
    r"|error: maximum [\s\S]* for invalid user |(?:Connection|Disconnected) [\s\S]*invalid user "
)


def read(text: str, notes: Notes) -> list[Event]:
    """Read a line of sshd.

    Raises:
        RefusedError: Another program wrote it, or it is no syslog line.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> line = "Apr  2 01:02:03 web sshd[7]: Failed password for invalid user a from b from 198.18.0.9 port 22 ssh2"
        >>> ((fields, notes),) = read(line, Notes())
        >>> fields["action"], fields["user_name"], fields["source_address"], fields["unknown_user"]
        ('failed', 'a from b', '198.18.0.9', True)
    """
    try:
        events = syslog.read(text, notes)
    except RefusedError as refused:
        reason = REASON if refused.reason == syslog.REASON else refused.reason
        raise RefusedError(reason) from None
    if events[0][0]["program"] not in _PROGRAMS:
        raise RefusedError(REASON)
    told = of_message(events[0][0]["message"])
    return [({**fields, **told}, noted) for fields, noted in events]


def of_message(message: str) -> Fields:
    """Read what a message reports."""
    action = next((name for pattern, name in _ACTIONS if pattern.match(message)), "other")
    return {
        "action": action,
        "method": _first(message, (_METHOD,)),
        "user_name": _first(message, _NAMES),
        "unknown_user": _UNKNOWN.match(message) is not None,
        "source_address": _first(message, _ADDRESSES),
        "port": _first(message, _PORTS),
    }


def _first(message: str, patterns: tuple[re.Pattern[str], ...]) -> str | None:
    """Give the group of the first pattern that fits, also where it is empty."""
    return next((found[1] for found in (pattern.match(message) for pattern in patterns) if found), None)
