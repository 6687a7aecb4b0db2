"""Requests that are refused: each is told what to change, and none ends in a server error."""

from __future__ import annotations

import pytest

from tests.library.serve.conftest import ASKED, READER, WRITER

pytestmark = pytest.mark.feast
SCHEMA = "as /openapi.json describes it."
BAD = {
    "no json": (b"nonsense", 400, None),
    "cut off": (b'{"entities": {"user_name": ["ann"', 400, None),
    "deep": (b'{"entities":' + b"[" * 40_000 + b"]" * 40_000 + b"}", 400, None),
    "large": (
        b'{"entities":"' + b"x" * 100_000 + b'"}',
        413,
        "the body is larger than 100000 bytes. Ask for fewer entities at a time.",
    ),
    "list": (
        [],
        422,
        "the body is no object. Its fields are entities, feature_service, features, full_feature_names, include_feature_view_version_metadata, at.",
    ),
    "field": (
        {**ASKED, "entity": 1},
        422,
        "the field 'entity' is unknown. Known: entities, feature_service, features, full_feature_names, include_feature_view_version_metadata, at.",
    ),
    "nothing": ({"entities": {"user_name": ["ann"]}}, 422, "give features or feature_service: one of the two."),
    "both": (
        {**ASKED, "features": ["user_logins:events_count_1h"]},
        422,
        "give features or feature_service: one of the two.",
    ),
    "features": (
        {**ASKED, "features": [1]},
        422,
        "features is a list of texts such as 'view:feature', and feature_service a text.",
    ),
    "names": ({**ASKED, "full_feature_names": "yes"}, 422, "full_feature_names is true or false."),
    "no entities": (
        {"feature_service": "user_v1", "entities": {}},
        422,
        "entities holds no entity. Give one at least.",
    ),
    "empty": (
        {"feature_service": "user_v1", "entities": {"user_name": []}},
        422,
        "entities holds no entity. Give one at least.",
    ),
    "scalar": (
        {"feature_service": "user_v1", "entities": {"user_name": "ann"}},
        422,
        "entities is an object of lists: a value for each entity, by the name of the key.",
    ),
    "lengths": (
        {"feature_service": "login_v1", "entities": {"user_name": ["ann"], "device_id": ["d", "e"]}},
        422,
        "the lists in entities differ in length. Give each entity a value for each key.",
    ),
    "many": (
        {"feature_service": "user_v1", "entities": {"user_name": ["ann"] * 10_000}},
        422,
        "10000 entities are asked for, and at most 1000 are answered at once. Ask in parts.",
    ),
    "many features": (
        {"features": ["user_logins:events_count_1h"] * 21, "entities": {"user_name": ["ann"]}},
        422,
        "21 features are asked for, and at most 20 are answered at once. Ask in parts.",
    ),
    "service": ({**ASKED, "feature_service": "user_v2"}, 404, "there is no service 'user_v2'. Did you mean 'user_v1'?"),
    "view": (
        {"features": ["user_login:events_count_1h"], "entities": {"user_name": ["ann"]}},
        404,
        "there is no view 'user_login'. Did you mean 'user_logins'?",
    ),
    "feature": (
        {"features": ["user_logins:events_count_2h"], "entities": {"user_name": ["ann"]}},
        404,
        "there is no feature of view 'user_logins' 'events_count_2h'. Did you mean 'events_count_1h'?",
    ),
    "reference": (
        {"features": ["events_count_1h"], "entities": {"user_name": ["ann"]}},
        422,
        "'events_count_1h' names no view. Write view:feature.",
    ),
    "key": (
        {"feature_service": "user_v1", "entities": {"user": ["ann"]}},
        404,
        "there is no key 'user'. Did you mean 'user_name'?",
    ),
    "missing key": (
        {"feature_service": "pair_v1", "entities": {"device_id": ["d1"]}},
        422,
        "entities has no 'account_id', which the views are keyed by. Give its values.",
    ),
    "one name": (
        {"feature_service": "login_v1", "entities": {"user_name": ["ann"], "device_id": ["d"], "account_id": ["a"]}},
        422,
        "features of two views have one name. Ask for full_feature_names: true.",
    ),
    "null": (
        {"feature_service": "user_v1", "entities": {"user_name": [None]}},
        422,
        "a value of key 'user_name' is null. Give one for each row.",
    ),
    "number": (
        {"feature_service": "user_v1", "entities": {"user_name": [1]}},
        422,
        "key 'user_name' is string, but a value of it is a whole number.",
    ),
    "text": (
        {"feature_service": "number_v1", "entities": {"number": ["7"]}},
        422,
        "key 'number' is int64, but a value of it is a text.",
    ),
    "bool": (
        {"feature_service": "number_v1", "entities": {"number": [True]}},
        422,
        "key 'number' is int64, but a value of it is true or false.",
    ),
    "beyond": (
        {"feature_service": "number_v1", "entities": {"number": [2**63]}},
        422,
        "key 'number' is int64, but a value of it is a number beyond 64 bits.",
    ),
    "instant": (
        {**ASKED, "at": "yesterday"},
        422,
        "at: 'yesterday' is not an instant. Give an aware datetime or ISO text such as 2010-12-01T08:00:00Z.",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_what_to_change(caller, case):
    body, status, text = BAD[case]
    answer = caller.ask(body)
    told = answer.json()["detail"]
    assert answer.status_code == status, told
    if text is None:
        assert told.startswith("the body is no JSON: ")
        assert told.endswith(SCHEMA)
    else:
        assert told == text


def test_keys_and_scopes(caller):
    needed = " Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`."
    for key, status, text in (
        (None, 401, "an API key is needed." + needed),
        (READER[:-1], 401, "the API key is unknown." + needed),
        (WRITER, 403, "the API key lacks the scope 'read'. Use one that has it."),
    ):
        answer = caller.ask(ASKED, key)
        assert (answer.status_code, answer.json()["detail"]) == (status, text)
        assert ("www-authenticate" in answer.headers) == (status == 401)
    assert caller.ask(ASKED, None, **{"X-API-Key": READER}).status_code == 200


def test_other_paths_and_methods(caller):
    paths = "/get-online-features, /push, /health, /ready, /metrics, /openapi.json"
    answer = caller.get("/secrets/of/ann")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"there is no such path. There are: {paths}.")
    answer = caller.get("/get-online-features")
    assert (answer.status_code, answer.json()["detail"], answer.headers["allow"]) == (405, "use POST.", "POST")
    assert caller.get("/health").json() == {"status": "healthy"}
    assert caller.get("/ready").json() == {"status": "ready"}
