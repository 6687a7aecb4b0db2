"""Sources with a declared format: what they take, what is refused, and the way into a registry and back."""

from __future__ import annotations

import json

import pytest

from riskloom import (
    AccessLog,
    Csv,
    Entity,
    EventSource,
    FeatureView,
    JsonLines,
    KeyValue,
    LinePattern,
    Profile,
    Sshd,
    aggregate,
)
from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.errors import DeclarationError
from riskloom.intervals import Interval
from riskloom.plan import build, explain
from riskloom.project import Project
from riskloom.template.write import write_project

GOOD = {"name": "s", "files": "s/*", "format": JsonLines(), "columns": {"user": "string", "amount": "int64"}}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"format": ()}, "source 's': give a format, a transform, or both."),
        ({"format": ("json",)}, "source 's': format='json' is no format."),
        ({"format": Csv()}, "source 's': a Csv format has names, or the source header=True, and not both."),
        ({"fields": {"usr": "u"}}, "source 's': there is no column 'usr'. Did you mean 'user'?"),
        ({"required": ("usr",)}, "source 's': there is no column 'usr'. Did you mean 'user'?"),
        ({"meanings": {"user": "name"}}, "source 's': column 'user' has the unknown meaning 'name'. Known: ip, money, handle."),
        ({"parsed": {"a": "string"}}, "source 's': parsed is for sources with a format and a transform."),
        ({"format": (), "transform": "a:b", "timestamp": ("ts",)}, "source 's': timestamp is for sources with a format."),
    ],
)  # fmt: skip
def test_a_source_whose_format_does_not_fit_is_refused(changes, text):
    with pytest.raises(DeclarationError) as caught:
        EventSource(**{**GOOD, **changes})
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: LinePattern(), "LinePattern: give at least one regular expression."),
        (lambda: LinePattern("a(b"), "LinePattern: pattern_1='a(b' is no regular expression: missing ), unterminated subpattern at position 1."),
        (lambda: LinePattern("ab"), "LinePattern: 'ab' has no named group (?P<name>...)."),
        (lambda: JsonLines(prefix="["), "JsonLines: prefix='[' is no regular expression: unterminated character set at position 0."),
        (lambda: Csv(delimiter="||"), "Csv: delimiter='||' is not one ASCII character."),
        (lambda: Csv(delimiter='"'), "Csv: delimiter and quote are the same."),
        (lambda: Csv(names=("a", "a")), "Csv: a name comes twice in names."),
        (lambda: Profile(zone="Europe/Pari"), "profile: zone='Europe/Pari' is no IANA time zone."),
        (lambda: Profile(decimal=";"), "profile: decimal=';' is neither '.' nor ','."),
        (lambda: Profile(date_order="dym"), "profile: date_order='dym' is not dmy, mdy or ymd."),
        (lambda: Profile(pivot=100), "profile: pivot=100 is not between 0 and 99."),
    ],
)  # fmt: skip
def test_a_format_that_contradicts_itself_is_refused(make, text):
    with pytest.raises(DeclarationError) as caught:
        make()
    assert str(caught.value) == text


def test_one_format_and_several_compare_equal():
    assert EventSource(**GOOD) == EventSource(**{**GOOD, "format": (JsonLines(),)})


def test_formats_go_into_a_registry_and_come_back():
    formats = (
        JsonLines(prefix="x"),
        AccessLog(),
        Sshd(),
        KeyValue(),
        LinePattern(r"(?P<a>.)", r"(?P<b>.)"),
        Csv(names=("a",)),
    )
    source = EventSource(
        **{**GOOD, "format": formats, "fields": {"user": ("a", "b")}, "profile": Profile(zone="Europe/Paris")}
    )
    view = FeatureView(
        name="v",
        entity=Entity.of("user", user="string"),
        source=source,
        windows=("1h",),
        aggregations=(aggregate.count(),),
    )
    assert view_from_dict(json.loads(json.dumps(view_to_dict(view)))) == view


def test_a_project_whose_source_has_no_transform_loads_and_plans(tmp_path):
    write_project(tmp_path / "shop")
    path = tmp_path / "shop/features/logins.py"
    text = path.read_text().replace('parsed={"user_name": "string", "address": "string", "result": "string"},', "")
    path.write_text(text.replace('transform="logins:to_events",', ""))
    plan = explain.as_text(build(Project.load(tmp_path / "shop"), Interval.parse("2026-01-01/2026-01-03")))
    assert "bronze.logins -> staging.logins  (Csv)\n" in plan
