"""Measures of a ranking, beside those of scikit-learn, and inputs as numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from demo.models.inputs import Encoder
from demo.models.measure import TOP, Ranking, measure


def ranked(seed, rows, levels):
    chance = np.random.default_rng(seed)
    fraud = chance.random(rows) < 0.2
    # Few levels make many ties.
    return np.round(chance.random(rows) + fraud * 0.3, levels), fraud, chance.poisson(1.0, (5, rows)).astype(float)


@pytest.mark.parametrize("levels", [1, 2, 9])
def test_measures_of_resamples_are_those_of_scikit_learn(levels):
    scores, fraud, weights = ranked(levels, 700, levels)
    for found, drawn in zip(Ranking(scores, fraud).measure(weights), weights, strict=True):
        assert found[0] == pytest.approx(roc_auc_score(fraud, scores, sample_weight=drawn))
        assert found[1] == pytest.approx(average_precision_score(fraud, scores, sample_weight=drawn))


def test_precision_at_the_top_shares_ties():
    scores = np.concatenate([np.full(60, 2.0), np.full(80, 1.0), np.zeros(100)])
    fraud = np.zeros(240, bool)
    fraud[:30], fraud[60:100] = True, True
    (found,) = Ranking(scores, fraud).measure(np.ones((1, 240)))
    # Of the second group forty of eighty rows are taken, half of which are attacks.
    assert found[2] == pytest.approx((30 + 20) / TOP)


def test_two_rankings_are_compared_on_the_same_resamples():
    scores, fraud, _ = ranked(4, 500, 9)
    found = measure({"one": scores, "same": scores, "none": np.zeros(500)}, fraud, seed=1, resamples=200)
    same = found["one"].lift(found["same"], "auc")
    assert (same.value, same.low, same.high) == (0, 0, 0)
    more = found["one"].lift(found["none"], "auc")
    assert more.low > 0
    assert found["none"]["auc"].value == pytest.approx(0.5)
    assert found["one"]["auc"].low < found["one"]["auc"].value < found["one"]["auc"].high


def test_texts_of_too_many_values_tell_a_model_nothing():
    rows = pa.table(
        {
            "id": [str(number) for number in range(200)],
            "kind": ["a", "b", None, "a"] * 50,
            "night": [True, None, False, True] * 50,
            "list": [["a"]] * 200,
        }
    )
    encoder = Encoder.of(rows, rows.column_names)
    assert encoder.names == ("night", "kind")
    later = pa.table({"kind": ["b", "new"], "night": [False, None]})
    assert np.array_equal(encoder.encode(later), [[0, 1], [np.nan, np.nan]], equal_nan=True)
