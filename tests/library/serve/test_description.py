"""The API is as its own description says: requests made from it, good ones and bad ones, by schemathesis."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, given, settings

from tests.library.serve.conftest import READER, WRITER, application_of

pytestmark = [pytest.mark.feast, pytest.mark.server]
FROM_IT = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.filterwarnings("ignore")
def test_the_api_is_as_it_says_of_itself(caller):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis")
        from schemathesis.checks import positive_data_acceptance
    modes = schemathesis.GenerationMode
    # Larger than what schemathesis tries: one that is too large is told so before it is read.
    application = application_of(caller.repo, 2**24)
    application.load()
    api = schemathesis.openapi.from_asgi("/openapi.json", application)
    tried = set()

    def ask(case):
        key = WRITER if case.path == "/push" else READER
        # A schema cannot say that lists are of one length.
        unsaid = [positive_data_acceptance]
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, excluded_checks=unsaid)
        tried.add(case.path)

    for found in api.get_all_operations():
        operation = found.ok()
        # What takes no body has little to vary.
        posts = operation.method == "post"
        tries = FROM_IT if posts else settings(FROM_IT, max_examples=3)
        for mode in (modes.POSITIVE, modes.NEGATIVE) if posts else (modes.POSITIVE,):
            tries(given(case=operation.as_strategy(generation_mode=mode))(ask))()
    assert tried == {"/get-online-features", "/push", "/health", "/ready", "/metrics"}
