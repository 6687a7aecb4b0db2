"""sshd's syslog lines to login events.

The lines carry no year: each is of the newest year in which it is not later than the source's
``reference_date``. syslog writes ``message repeated 5 times: [ ... ]`` for five equal lines, so
such a record stands for five events, with ordinals 0 to 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_LINE = r"^([A-Z][a-z]{2}) ([ 0-9][0-9]) ([0-9]{2}:[0-9]{2}:[0-9]{2}) (\S+) sshd\[([0-9]+)\]: ([\s\S]*)$"
_REPEATED = r"^message repeated ([0-9]+) times: \[ ([\s\S]*)\]$"
_MOST_REPEATED = 100_000
_DAY = 86_400_000_000
_TIME = "yyyy MMM d HH:mm:ssXXX"

# What a message begins with, and the action that it reports; the first that fits is taken.
_ACTIONS = (
    (r"^Failed ", "failed"),
    (r"^Accepted ", "accepted"),
    (r"^Invalid user ", "invalid_user"),
    (r"^input_userauth_request: invalid user ", "invalid_user_request"),
    (r"^error: maximum authentication attempts exceeded ", "attempts_exceeded"),
    (r"^(pam_unix\(sshd:auth\): authentication failure|PAM [0-9]+ more authentication failure)", "pam_failure"),
    (r"^pam_unix\(sshd:session\): session opened ", "session_opened"),
    (r"^pam_unix\(sshd:session\): session closed ", "session_closed"),
    (r"^(Received disconnect|Disconnected|Connection closed|Connection reset) ", "disconnected"),
    (r"^Disconnecting: ", "disconnecting"),
    (r"^Connection from ", "connected"),
    (r"^(Did not receive identification|Bad protocol version identification)", "bad_protocol"),
)
_METHOD = r"^(?:Failed|Accepted) (\S+) for "
# The name is whatever the client sent: it may be empty, hold spaces, or hold words of these very messages.
_NAMES = (
    r"^(?:Failed|Accepted) \S+ for (?:invalid user )?([\s\S]*) from \S+ port [0-9]+",
    r"^error: maximum authentication attempts exceeded for (?:invalid user )?([\s\S]*) from \S+ port [0-9]+",
    r"^Invalid user ([\s\S]*) from \S+$",
    r"^input_userauth_request: invalid user ([\s\S]*) \[preauth\]$",
    r"^(?:pam_unix\(sshd:auth\): authentication failure|PAM [0-9]+ more).* rhost=\S* +user=([\s\S]*)$",
    r"^pam_unix\(sshd:session\): session (?:opened|closed) for user (\S+)",
)
_ADDRESSES = (
    r"^(?:Failed|Accepted|error: maximum|Invalid user|Did not receive|Bad protocol)[\s\S]* from (\S+)",
    r"^(?:Connection from|Received disconnect from|Disconnected from|Connection closed by|Connection reset by) (\S+)",
    r"^(?:pam_unix\(sshd:auth\): authentication failure|PAM [0-9]+ more).* rhost=(\S+)",
)
_PORT = (
    r"^(?:(?:Failed|Accepted|error: maximum|Bad protocol)[\s\S]* from"
    r"|(?:Connection|Received disconnect|Disconnected) (?:closed |reset )?(?:from|by)) \S+ port ([0-9]+)"
)
_UNKNOWN = (
    r"^(?:Failed \S+ for invalid user |Invalid user |input_userauth_request: invalid user "
    r"|error: maximum .* for invalid user )"
)


def to_events(records: DataFrame) -> DataFrame:
    """Parse sshd's records.

    Args:
        records: Rows of ``origin``, ``text`` and ``reference_date``.

    Returns:
        One row per event or reject; N rows for a message repeated N times.
    """
    text = F.col("text")
    lines = records.withColumn("_message", F.regexp_extract(text, _LINE, 6)).select(
        "origin",
        "text",
        _event_ts(text).alias("event_ts"),
        F.regexp_extract("_message", _REPEATED, 1).alias("_repeated"),
        F.coalesce(_first("_message", (_REPEATED,), 2), F.col("_message")).alias("_message"),
    )
    times = F.when(F.col("_repeated") == "", F.lit(1)).otherwise(F.col("_repeated").try_cast("int"))
    reason = (
        F.when(~text.rlike(_LINE), "not_sshd_syslog")
        .when(F.col("event_ts").isNull(), "no_timestamp")
        .when(times.isNull() | ~times.between(1, _MOST_REPEATED), "bad_repeat_count")
    )
    ordinals = F.when(F.col("reason").isNull(), F.sequence(F.lit(0), times - 1)).otherwise(F.array(F.lit(0)))
    events = lines.withColumn("reason", reason).withColumn("ordinal", F.explode(ordinals))
    return events.select(
        *("origin", "ordinal", "reason", "event_ts"),
        F.regexp_extract(text, _LINE, 4).alias("host"),
        F.regexp_extract(text, _LINE, 5).try_cast("bigint").alias("pid"),
        _action().alias("action"),
        _first("_message", (_METHOD,)).alias("method"),
        _first("_message", _NAMES).alias("user_name"),
        F.col("_message").rlike(_UNKNOWN).alias("unknown_user"),
        _first("_message", _ADDRESSES).alias("source_address"),
        F.regexp_extract("_message", _PORT, 1).try_cast("bigint").alias("port"),
    )


def _event_ts(text: Column) -> Column:
    newest = F.col("reference_date")
    this_year = _in_year(text, F.year(newest))
    # Counted from the epoch, since a date of a timestamp would depend on the session's zone.
    is_past = F.unix_micros(this_year) < (F.unix_date(newest) + 1).cast("bigint") * _DAY
    # 29 February is in no year but a leap year: where this one has none, the year before is asked.
    return F.when(is_past, this_year).otherwise(_in_year(text, F.year(newest) - 1))


def _in_year(text: Column, year: Column) -> Column:
    month, day, clock = (F.regexp_extract(text, _LINE, group) for group in (1, 2, 3))
    written = F.concat(
        year.cast("string"), F.lit(" "), month, F.lit(" "), F.trim(day), F.lit(" "), clock, F.lit("+00:00")
    )
    return F.try_to_timestamp(written, F.lit(_TIME))


def _action() -> Column:
    message = F.col("_message")
    action = F.when(F.lit(False), "")
    for pattern, name in _ACTIONS:
        action = action.when(message.rlike(pattern), name)
    return action.otherwise("other")


def _first(column: str, patterns: tuple[str, ...], group: int = 1) -> Column:
    """Give the group of the first pattern that fits, also where it is empty; null where none fits."""
    return F.coalesce(*(F.when(F.col(column).rlike(p), F.regexp_extract(column, p, group)) for p in patterns))
