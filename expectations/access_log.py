"""What must hold of web requests."""

from __future__ import annotations

from riskloom import Expectation, RowRule, Suite

METHODS = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]

access_log = Suite(
    source="access_log",
    rows=(
        RowRule("client_known", "client_address IS NOT NULL"),
        RowRule("status_of_http", "status BETWEEN 100 AND 599"),
        RowRule("bytes_not_negative", "bytes >= 0"),
    ),
    expectations=(
        Expectation(
            type="expect_table_row_count_to_be_between",
            kwargs={"min_value": 1},
            severity="warning",
            reason="A shop without a single request is rare enough to look at.",
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
            kwargs={"column": "method", "value_set": METHODS, "mostly": 0.95},
            reason="Scanners send odd methods, but most requests are ordinary: else columns have slipped.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "path", "mostly": 0.95},
            reason="Requests without a path are malformed; many of them mean that the format changed.",
        ),
        Expectation(
            type="expect_column_values_to_match_regex",
            kwargs={
                "column": "client_address",
                "regex": r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
            },
            severity="warning",
            reason="Features are by address; a host name would be another entity for the same client.",
        ),
        Expectation(
            type="expect_column_values_to_match_regex",
            kwargs={"column": "path", "regex": r"^(/|\*$|https?://)", "mostly": 0.99},
            severity="warning",
            reason="A request's target is a path, a star or a whole address.",
        ),
        Expectation(
            type="expect_column_values_to_be_in_set",
            kwargs={"column": "repaired", "value_set": [False], "mostly": 0.999},
            severity="warning",
            reason="Many lines that are cut off mean that the log is shipped wrongly.",
        ),
        Expectation(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": "user_agent", "mostly": 0.9},
            severity="warning",
            reason="Browsers say what they are; a wave of clients that do not is worth a look.",
        ),
    ),
)
