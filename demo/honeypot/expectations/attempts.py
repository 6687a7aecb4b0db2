"""An attempt is one of four things, whichever log tells of it."""

from __future__ import annotations

from riskloom import Expectation, Suite

_ACTIONS = Expectation(
    type="expect_column_values_to_be_in_set",
    kwargs={"column": "action", "value_set": ["connect", "succeeded", "failed", "other"]},
    reason="What is none of these was read wrongly.",
)

attempts_text = Suite(source="attempts_text", expectations=(_ACTIONS,))
attempts_json = Suite(source="attempts_json", expectations=(_ACTIONS,))
