from __future__ import annotations

import pytest

from riskloom import LinePattern
from riskloom.extract.formats import line_pattern
from riskloom.extract.formats.reading import Notes, RefusedError

LOGIN = LinePattern(
    r"(?P<time>\S+) \[(?P<system>[^\]]*)\] login attempt \[(?P<user>[^/]*)/(?P<password>[\s\S]*)\] (?P<result>\w+)"
)
HEAD = "2018-06-02T01:02:03.000004+0000 [SSHService 'ssh-userauth' on HoneyPotSSHTransport,9,198.18.0.1] Unable to format event "
TAIL = ": 'ascii' codec can't decode byte 0xc3 in position 26: ordinal not in range(128)"
FORMAT = "'format': 'login attempt [%(username)s/%(password)s] failed'"
TEXT = "'log_text': 'login attempt [administrat\\xc3\\xb6r/p%(x)s] failed'"


@pytest.mark.parametrize(
    ("items", "user", "password"),
    [
        (f"{FORMAT}, 'username': 'administrat\\xc3\\xb6r', 'password': 'it\\'s'", "administratör", "it's"),
        (f"'log_format': u'{{log_text}}', {TEXT}, {FORMAT}, 'isError': 0", "administratör", "p%(x)s"),
        (f"'password': \"a'b\", 'log_level': <LogLevel=info>, 'username': u'\\xf6l', {FORMAT}", "öl", "a'b"),
        (f"{FORMAT}, 'username': '\\xf6l', 'password': 7", "öl", "7"),
        (f"{FORMAT}, 'username': 'cut\\x1', 'password': 'C:\\dir'", "cut\\x1", "C:\\dir"),
    ],
)
def test_an_event_that_its_logger_could_not_format_is_read(items, user, password):
    notes = Notes()
    ((fields, _),) = line_pattern.read(f"{HEAD}{{{items}}}{TAIL}", notes, LOGIN)
    assert (fields["user"], fields["password"], fields["result"]) == (user, password, "failed")
    assert notes.repairs == ["escaped_bytes"]


def test_one_whose_values_are_missing_is_refused():
    with pytest.raises(RefusedError):
        line_pattern.read(f"{HEAD}{{{FORMAT}, 'username': 'a'}}{TAIL}", Notes(), LOGIN)
