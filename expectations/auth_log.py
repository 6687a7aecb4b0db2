"""What must hold of login events."""

from __future__ import annotations

from riskloom import Expectation, RowRule, Suite

ACTIONS = [
    *("failed", "accepted", "invalid_user", "invalid_user_request", "attempts_exceeded", "pam_failure"),
    *("session_opened", "session_closed", "disconnected", "disconnecting", "connected", "bad_protocol", "other"),
]
LOGINS = "action IN ('failed', 'accepted')"

auth_log = Suite(
    source="auth_log",
    rows=(
        RowRule("process_known", "pid > 0"),
        RowRule("port_of_tcp", "port IS NULL OR port BETWEEN 1 AND 65535"),
    ),
    expectations=(
        Expectation(
            type="expect_table_row_count_to_be_between",
            kwargs={"min_value": 1},
            severity="warning",
            reason="A host on the internet hears of sshd every hour.",
        ),
        Expectation(
            type="expect_column_values_to_be_unique",
            kwargs={"column": "event_id"},
            reason="An event counts once.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "event_ts"},
            reason="An event without a time is in no window.",
        ),
        Expectation(
            type="expect_column_values_to_be_in_set",
            kwargs={"column": "action", "value_set": ACTIONS},
            reason="Filters of the login views name these actions; another one would be counted nowhere.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "source_address", "row_condition": LOGINS},
            reason="A login, failed or accepted, comes from an address: features are by address.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "user_name", "row_condition": LOGINS},
            reason="A login is of a user name, if an empty one: features are by user name.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_in_set",
            kwargs={"column": "action", "value_set": ["other"], "mostly": 0.98},
            severity="warning",
            reason="Messages that the transform does not know may hide logins.",
        ),
        Expectation(
            type="expect_column_values_to_match_regex",
            kwargs={"column": "source_address", "regex": r"^[0-9A-Fa-f:.]+$"},
            severity="warning",
            reason="Features are by address; a host name would be another entity for the same client.",
        ),
    ),
)
