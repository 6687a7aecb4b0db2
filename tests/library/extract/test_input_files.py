from __future__ import annotations

from types import SimpleNamespace

import pytest

from riskloom import EventSource
from riskloom.errors import DeclarationError, ExtractError
from riskloom.extract.files import matching
from riskloom.intervals import Interval


def source(files):
    return EventSource(name="logins", files=files, transform="logins:to_events", columns={"user_name": "string"})


@pytest.fixture
def data(tmp_path):
    for name in (
        "d/2010-12-01.csv",
        "d/2010-12-02.csv.gz",
        "d/2010-12-03.csv",
        "d/2010-13-45.csv",
        "d/.2010-12-01.csv",
        "h/2010/12/01/07.log",
        "h/2010/12/01/08.log",
        "m/2010-12.log",
        "u/b.log",
        "u/a.log",
        "u/[x].log",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def names(data, files, interval):
    project = SimpleNamespace(settings=SimpleNamespace(data=data))
    return [file.name for file in matching(project, source(files), Interval.parse(interval))]


@pytest.mark.parametrize(
    ("files", "interval", "expected"),
    [
        ("d/{date}.csv", "2010-12-01/2010-12-03", ["d/2010-12-01.csv"]),
        ("d/{date}.csv*", "2010-12-01/2010-12-03", ["d/2010-12-01.csv", "d/2010-12-02.csv.gz"]),
        ("d/{yyyy}-{mm}-{dd}.csv", "2010-12-03T23:00:00Z/2010-12-04", ["d/2010-12-03.csv"]),
        ("h/{yyyy}/{mm}/{dd}/{hh}.log", "2010-12-01T08:00:00Z/2010-12-01T09:00:00Z", ["h/2010/12/01/08.log"]),
        ("m/{yyyy}-{mm}.log", "2010-12-31/2011-01-01", ["m/2010-12.log"]),
        ("u/*.log", "1999-01-01/1999-01-02", ["u/[x].log", "u/a.log", "u/b.log"]),
        ("u/?.log", "1999-01-01/1999-01-02", ["u/a.log", "u/b.log"]),
        ("u/[x].log", "1999-01-01/1999-01-02", ["u/[x].log"]),
    ],
)
def test_files_of_an_interval(data, files, interval, expected):
    assert names(data, files, interval) == expected


def test_an_interval_without_files_is_empty(data):
    assert names(data, "d/{date}.csv", "2012-01-01/2012-01-02") == []


def test_no_match_names_what_is_there(data):
    with pytest.raises(ExtractError) as caught:
        names(data, "u/{date}.csv", "2012-01-01/2012-01-02")
    assert str(caught.value) == (
        f"source 'logins': no file matches 'u/{{date}}.csv' in {data}/u. "
        "Its files are [x].log, a.log, b.log. Check the source's files=."
    )


def test_a_folder_without_files_says_so(data):
    (data / "empty").mkdir()
    with pytest.raises(ExtractError) as caught:
        names(data, "empty/*.log", "2012-01-01/2012-01-02")
    assert str(caught.value) == (
        f"source 'logins': no file matches 'empty/*.log' in {data}/empty. It holds no files. Check the source's files=."
    )


def test_a_missing_folder_says_which(data):
    with pytest.raises(ExtractError) as caught:
        names(data, "gone/{date}/*.csv", "2012-01-01/2012-01-02")
    assert str(caught.value) == (
        f"source 'logins': the folder {data}/gone does not exist. "
        "Create it, or set [paths] data in riskloom.toml or RISKLOOM_DATA."
    )


def test_fields_that_name_no_stretch_are_refused(data):
    with pytest.raises(DeclarationError) as caught:
        names(data, "h/{hh}.log", "2012-01-01/2012-01-02")
    assert str(caught.value) == (
        "source 'logins': files='h/{hh}.log' has {hh} without the day. Add {date}, or {yyyy}, {mm} and {dd}."
    )
