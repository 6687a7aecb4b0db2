"""The forty kinds of mess that logs really hold, each through the whole way from file to silver or quarantine."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.spark
DATA = Path(__file__).resolve().parents[3] / "data"


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def parsed(found, count=1):
    """Check that nothing was refused and nothing repaired."""
    events, rejects = found
    assert (len(events), rejects) == (count, [])
    assert all(row["repair_codes"] == [] for row in events)
    return events


def repaired(found, *codes, count=1):
    events, rejects = found
    assert (len(events), rejects) == (count, [])
    assert all(row["repair_codes"] == list(codes) for row in events)
    return events


def reasons(found):
    events, rejects = found
    assert events == []
    return [row["reason"] for row in rejects]


def test_case_01_a_combined_line_is_parsed(mixed):
    (row,) = parsed(mixed(1))
    assert (row["event_ts"], row["method"], row["path"], row["status"], row["bytes"]) == (
        utc(2015, 5, 17, 10, 5, 3),
        "GET",
        "/a",
        200,
        203_023,
    )
    assert (row["ip"], row["user_agent"], row["ts_precision"], row["tz_source"]) == (
        "83.149.9.216",
        "Mozilla/5.0",
        "s",
        "explicit",
    )


def test_case_02_quotes_around_the_line_are_taken_off(mixed):
    (row,) = repaired(mixed(2), "outer_quotes")
    assert (row["event_ts"], row["user_agent"]) == (utc(2015, 5, 17, 7, 5, 3), "Mozilla/5.0")


def test_case_03_a_cut_user_agent_is_kept(mixed):
    (row,) = repaired(mixed(3), "truncated_tail")
    assert row["is_bot_ua"] is True


def test_case_04_a_dash_for_bytes_is_none(mixed):
    (row,) = parsed(mixed(4))
    assert row["bytes"] is None


def test_case_05_no_request_is_flagged(mixed):
    rows = parsed(mixed(5), 2)
    assert [(row["method"], row["flags"]) for row in rows] == [(None, ["malformed_request"])] * 2


def test_case_06_an_escaped_quote_is_unescaped_once(mixed):
    (row,) = parsed(mixed(6))
    assert row["user_agent"] == 'Agent "7"'


def test_case_07_json_cut_mid_string_is_quarantined(mixed):
    assert reasons(mixed(7)) == ["truncated_json"]
    assert mixed(7)[1][0]["detail"] == "at character 76"


def test_case_08_json_cut_in_its_closing_brackets_is_closed(run, mixed):
    (row,) = repaired(mixed(8), "closed_brackets")
    assert (row["user_name"], row["payload_a"]) == ("u8", "x")
    # What is required may have stood in what is cut off.
    assert reasons(run[0]["shop"].of("cut.json")) == ["truncated_json"]


def test_case_09_glued_objects_are_split(mixed):
    rows = repaired(mixed(9), "split_objects", count=2)
    assert [(row["user_name"], row["ordinal"]) for row in rows] == [("u9", 0), ("v9", 1)]
    assert rows[0]["line_no"] == rows[1]["line_no"]


def test_case_10_a_pretty_printed_object_is_one_event(run):
    events, rejects = run[0]["shop"].of("pretty.json")
    assert [(row["user_name"], row["extras"], row["repair_codes"]) for row in events] == [
        ("u10", {"tags": '["x"]'}, ["joined_lines"])
    ]
    # One that is cut off does not swallow the next.
    assert [(row["line_no"], row["reason"]) for row in rejects] == [
        (8, "truncated_json"),
        (9, "missing_required:user_name"),
    ]
    assert run[0]["shop"].files["pretty.json"].continuation == 7


def test_case_11_json_inside_json_is_opened(mixed):
    (row,) = repaired(mixed(11), "nested_json_decoded")
    assert (row["payload_a"], row["payload_a_b_c"]) == ('{"b": "{\\"c\\": 1}"}', 1)


def test_case_12_of_a_repeated_key_the_last_wins_unless_it_decides(mixed):
    events, rejects = mixed(12)
    assert [(row["note"], row["repair_codes"]) for row in events] == [("b", ["dup_key"]), (None, ["dup_key"])]
    assert [(row["reason"], row["detail"]) for row in rejects] == [
        ("conflicting_key", "amount"),
        ("conflicting_key", "user_id"),
    ]


def test_case_13_python_literals_are_read_and_infinity_is_refused(mixed):
    events, rejects = mixed(13)
    assert [(row["amount"], row["note"], row["repair_codes"]) for row in events] == [(None, None, ["py_literal"])] * 2
    assert events[1]["extras"] == {"ok": "true"}
    assert [(row["reason"], row["detail"]) for row in rejects] == [("bad_number", "amount")]


def test_case_14_json_behind_a_prefix_is_parsed(mixed):
    (row,) = parsed(mixed(14))
    assert (row["type"], row["result"], row["event_ts"], row["tz_source"]) == (
        "payment",
        "fail",
        utc(2022, 2, 11, 14, 44, 34),
        "assumed",
    )


def test_case_15_pairs_with_quotes_and_a_decimal_comma_are_parsed(run):
    (row,) = parsed(run[0]["shop"].of("pairs.log"))
    assert (row["user_name"], row["amt"]) == ("a b", 3.5)


def test_case_16_a_stack_trace_goes_with_the_event_before_it(mixed):
    rows = parsed(mixed(16), 2)
    assert rows[0]["extras"]["trace"] == 'Traceback (most recent call last):\n  File "a.py", line 1'
    assert "trace" not in rows[1]["extras"]


def test_case_17_a_byte_order_mark_is_no_part_of_the_first_name(run):
    (row,) = parsed(run[0]["shop"].of("bom.csv"))
    assert row["user_name"] == "u17"


def test_case_18_latin1_bytes_are_read(mixed):
    (row,) = repaired(mixed(18), "latin1_fallback")
    assert row["user_name"] == "Andr\u00e9"


def test_case_19_mojibake_is_undone_and_what_only_looks_like_it_stays(mixed):
    events, rejects = mixed(19)
    assert [(row["user_name"], row["note"], row["repair_codes"]) for row in events[:2]] == [
        ("and\u017eejs", "Fran\u00e7ois", ["mojibake"]),
        ("AH\u00c5\u2122, the", None, []),
    ]
    negative = json.loads((DATA / "ftfy/negative.json").read_text())
    assert [(row["user_name"], row["repair_codes"]) for row in events[2:]] == [
        (one["original"], []) for one in negative
    ]
    assert rejects == []


def test_case_20_escaped_bytes_are_read(mixed):
    (row,) = repaired(mixed(20), "escaped_bytes")
    assert (row["user_name"], row["password"], row["result"]) == ("administrat\u00f6r", "it's", "failed")


def test_case_21_a_newline_inside_a_value_is_kept(mixed):
    (row,) = repaired(mixed(21), "embedded_newline")
    assert (row["user_name"], row["password"], row["result"]) == ("admin", "\r\n123", "failed")


def test_case_22_what_is_not_seen_goes_and_look_alikes_are_flagged(mixed):
    events, rejects = mixed(22)
    assert [(row["user_name"], row["repair_codes"], row["flags"]) for row in events] == [
        ("abc", ["control_chars"], []),
        ("p\u0430ypal", [], ["homoglyph"]),
    ]
    assert rejects == []


def test_case_23_line_ends_and_empty_lines_are_no_matter(run, mixed):
    assert [row["user_name"] for row in parsed(mixed(23), 2)] == ["u23", "v23"]
    assert run[0]["mess"].files["mixed.log"].blank == 3


def test_case_24_content_decides_and_a_cut_archive_gives_what_can_be_read(run):
    (row,) = parsed(run[0]["shop"].of("lies.json"))
    assert row["user_name"] == "u24"
    events, rejects = run[0]["shop"].of("packed")
    assert 500 < len(events) < 2000
    assert [row["reason"] for row in rejects] == ["truncated_file"]


def test_case_25_an_epoch_is_known_by_its_size(mixed):
    rows = parsed(mixed(25), 7)
    base = utc(2014, 4, 2, 11, 17, 46)
    micros = [(row["event_ts"] - base) // timedelta(microseconds=1) for row in rows]
    assert micros == [0, 123_000, 123_456, 123_456, 940_000, 940_000, 123_000]
    assert [row["ts_precision"] for row in rows] == ["s", "ms", "us", "us", "ms", "ms", "ms"]
    assert {row["tz_source"] for row in rows} == {"epoch"}


def test_case_26_a_clock_that_was_never_set_is_refused(mixed):
    assert reasons(mixed(26)) == ["ts_out_of_range"] * 4


def test_case_27_a_date_with_two_readings_needs_a_profile(mixed, shop):
    events, rejects = mixed(27)
    assert [row["event_ts"] for row in events] == [utc(2017, 7, 25, 9, 30)]
    assert [row["reason"] for row in rejects] == ["ambiguous_date"]
    (row,) = parsed(shop(27))
    assert row["event_ts"] == utc(2017, 7, 11, 13, 30)


def test_case_28_a_year_of_two_digits_has_a_pivot(mixed, shop):
    events, rejects = mixed(28)
    assert [(row["event_ts"], row["ts_precision"]) for row in events] == [(utc(2015, 2, 24, 22, 55), "min")]
    # The pivot lies between 68 and 69: this one is of 1969, when no log was.
    assert [row["reason"] for row in rejects] == ["ts_out_of_range"]
    (row,) = parsed(shop(28))
    assert (row["event_ts"], row["ts_precision"]) == (utc(2015, 2, 25, 3, 55), "min")


def test_case_29_a_missing_year_follows_from_the_files_date(run):
    rows = parsed(run[0]["mess"].of("auth-2024-01-01.log"), 2)
    assert [row["event_ts"] for row in rows] == [utc(2023, 12, 31, 23, 59, 58), utc(2024, 1, 1, 0, 0, 3)]
    assert [row["user_name"] for row in rows] == ["ann", "bob"]


def test_case_30_skipped_and_repeated_local_times(shop):
    events, rejects = shop(30)
    assert [(row["event_ts"], row["repair_codes"], row["flags"]) for row in events] == [
        (utc(2024, 3, 10, 7, 30), ["dst_gap"], []),
        (utc(2024, 11, 3, 5, 30), [], ["dst_ambiguous"]),
    ]
    assert rejects == []


def test_case_31_one_instant_in_four_dialects(mixed):
    rows = parsed(mixed(31), 4)
    assert {row["event_ts"] for row in rows} == {utc(2024, 5, 1, 16, 1, 47, 978_000)}


def test_case_32_a_clock_that_is_ahead_is_flagged_or_refused(mixed):
    events, rejects = mixed(32)
    assert [row["flags"] for row in events] == [[], ["clock_skew"]]
    assert events[1]["event_ts"] == events[1]["ingest_ts"]
    # What the clock said is kept beside the time that counts.
    assert datetime.fromisoformat(events[1]["extras"]["event_ts_raw"]) - events[1]["event_ts"] > timedelta(hours=2)
    assert [row["reason"] for row in rejects] == ["future_ts"]


def test_case_34_identical_lines_of_a_file_are_separate_events(mixed):
    assert len(parsed(mixed(34), 2)) == 2


def test_case_36_renamed_retyped_new_and_missing_fields(run, mixed, shop):
    events, rejects = mixed(36)
    assert (events[0]["user_name"], events[0]["port"], events[0]["extras"]) == (
        "u36",
        12,
        {"geo": '{"city":"Oslo"}'},
    )
    assert events[1]["extras"] == {"nobody": "1"}
    assert rejects == []
    drift = run[0]["mess"].drift
    counters = ("alias:uid", "retyped:port", "new:geo", "new:nobody")
    assert [drift[name] for name in counters] == [1, 1, 1, 1]
    assert reasons(shop(36)) == ["missing_required:user_name"]
    # This one, and the object of case 10 that has nothing in it.
    assert run[0]["shop"].drift["missing:user_name"] == 2


def test_case_37_amounts_become_minor_units_with_their_currency(mixed, shop):
    events, rejects = mixed(37)
    assert [(row["amount"], row["amount_currency"], row["flags"]) for row in events] == [
        (129_900, None, []),
        (1_200, "USD", []),
        (500, "JPY", []),
        (-350, None, ["refund"]),
    ]
    assert [row["reason"] for row in rejects] == ["bad_number"] * 2
    (row,) = parsed(shop(37))
    assert (row["amount"], row["amount_currency"]) == (129_900, "EUR")


def test_case_38_addresses_have_one_form(mixed):
    events, rejects = mixed(38)
    assert [row["ip"] for row in events] == [
        "1.2.3.4",
        "1.2.3.4",
        "10.1.2.3",
        "43.173.1.96",
        "8.8.8.8",
        "10.0.0.7",
        None,
        "::1",
    ]
    assert [row["repair_codes"] for row in events if row["repair_codes"]] == [["ip_int"]]
    assert [(row["reason"], row["detail"]) for row in rejects] == [("bad_address", "ip")]


def test_case_40_delimited_values(run, shop):
    events, rejects = shop(40)
    assert [(row["user_name"], row["note"], row["repair_codes"]) for row in events] == [
        ("u40", "two\nlines", []),
        ("v40", 'a "b"', []),
        ("w40", '6" nail', ["stray_quote"]),
    ]
    assert [(row["reason"], row["detail"]) for row in rejects] == [
        ("column_count", f"{count} of 4") for count in (5, 2, 3)
    ]
    assert run[0]["shop"].files["rows.csv"].header == 2


def test_both_sums_hold_for_every_file(run):
    for found in run[0].values():
        for file in found.files.values():
            file.check("cases")
            assert file.records + file.extra_events == file.events + file.duplicates + file.quarantined
