"""Time has one home: durations, instants, windows, intervals and watermarks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from riskloom.errors import TimeError
from riskloom.intervals import DAY, HOUR, MINUTE, SECOND, Interval, Window, default_hop, to_micros, watermark


@pytest.mark.parametrize(
    ("length", "hop"),
    [
        ("30s", SECOND),
        ("1m", SECOND),
        ("5m", 5 * SECOND),
        ("10m", 10 * SECOND),
        ("30m", 30 * SECOND),
        ("1h", MINUTE),
        ("12h", 5 * MINUTE),
        ("1d", 15 * MINUTE),
        ("7d", HOUR),
        ("30d", 12 * HOUR),
        ("60d", DAY),
    ],
)
def test_the_default_hop_is_at_most_a_sixtieth(length, hop):
    assert default_hop(Window.of(length).length) == hop


def test_a_window_ends_before_its_instant_and_every_tie():
    window, at = Window.of("1h"), to_micros("2010-12-01T08:26:30Z")
    assert window.covers(at - 1, at)
    assert not window.covers(at, at)
    assert window.covers(to_micros("2010-12-01T07:26:00Z"), at)
    assert not window.covers(to_micros("2010-12-01T07:25:59.999999Z"), at)


def test_a_delay_shifts_the_window_and_rounds_its_end():
    window, at = Window.of("1h", delay="1d"), to_micros("2010-12-02T08:26:30Z")
    assert window.covers(to_micros("2010-12-01T08:25:59Z"), at)
    assert not window.covers(to_micros("2010-12-01T08:26:00Z"), at)


def test_windows_before_the_epoch_round_down_too():
    assert Window.of("1m").start(-1) == -61 * SECOND


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "2010-12-01",
            "'2010-12-01' is not an interval. Write START/END, the end not included, such as 2010-12-01/2010-12-05.",
        ),
        (
            "2010-12-01/2010-12-01",
            "interval 2010-12-01/2010-12-01 is empty: its end is its start. The end is not included; give a later one.",
        ),
        (
            "2010-12-05/2010-12-01",
            "interval 2010-12-05/2010-12-01 is reversed: it ends before it starts. Swap the two.",
        ),
        (
            "2010-12-01T08:00/2010-12-02",
            "interval: 2010-12-01 08:00:00 has no time zone. Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime.",
        ),
        (
            "soon/later",
            "interval: 'soon' is not an instant. Give an aware datetime or ISO text such as 2010-12-01T08:00:00Z.",
        ),
    ],
)
def test_an_interval_that_means_nothing_is_refused(text, message):
    with pytest.raises(TimeError) as caught:
        Interval.parse(text)
    assert str(caught.value) == message


def test_a_naive_datetime_is_refused():
    with pytest.raises(TimeError) as caught:
        to_micros(datetime(2010, 12, 1), "at")  # noqa: DTZ001 - the point of the test
    assert (
        str(caught.value)
        == "at: 2010-12-01 00:00:00 has no time zone. Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime."
    )


def test_an_instant_keeps_its_microseconds():
    assert to_micros(datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)) == 1


def test_an_interval_prints_as_it_is_written():
    for text in ("2010-12-01/2010-12-05", "2015-05-17T10:05:00Z/2015-05-20T21:10:00Z"):
        assert str(Interval.parse(text)) == text


def test_an_interval_splits_at_whole_hours():
    pieces = list(Interval.parse("2010-12-01T08:30:00Z/2010-12-01T10:15:00Z").split(HOUR))
    assert [piece.end - piece.start for piece in pieces] == [30 * MINUTE, HOUR, 15 * MINUTE]


@pytest.mark.parametrize(
    ("done", "end"),
    [
        ([], None),
        ([(0, 10)], 10),
        ([(10, 20), (0, 10)], 20),
        ([(0, 10), (11, 20)], 10),
        ([(0, 30), (5, 10), (30, 31)], 31),
    ],
)
def test_the_watermark_is_the_end_of_the_unbroken_run(done, end):
    assert watermark(Interval(*pair) for pair in done) == end
