"""The Handbook's baseline protocol: its models, trained on our training set, and its three figures.

The protocol is that of the book's chapters 3 and 4 (Le Borgne, Siblini, Lebichot, Bontempi: Reproducible Machine
Learning for Credit Card Fraud Detection): a week of training, a week of delay, a week of testing, without the cards
that were known to be compromised by then.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from benchmarks.handbook import make_project, window_features
from riskloom.intervals import DAY, HOUR, floor, to_datetime

if TYPE_CHECKING:
    import argparse

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

TOP = 100
_SATURDAY, _WEEK, _NIGHT_ENDS = 5, 7, 6
# 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
_EPOCH_WEEKDAY = 3


def train(transactions: pa.Table, options: argparse.Namespace) -> list[dict[str, object]]:
    """Train each model and test it.

    Args:
        transactions: As ``read_transactions`` gives them.
        options: ``train_start``, a day since the epoch, ``train_days``, ``test_days`` and ``delay``.

    Returns:
        A row a model: area under the ROC curve, average precision, card precision at 100.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    days = transactions.column("event_timestamp").cast(pa.int64()).to_numpy() // DAY
    start = options.train_start
    _check_days(days, start, options)
    training = (days >= start) & (days < start + options.train_days)
    testing = _testing(transactions, days, start, options)
    rows = transactions.filter(pa.array(training | testing))
    inputs = _inputs(transactions, rows, options.delay)
    fraud = rows.column("fraud").to_numpy()
    of_training, of_testing = training[training | testing], testing[training | testing]
    scaled = _scaled(inputs, of_training)
    tested = rows.filter(pa.array(of_testing))
    results: list[dict[str, object]] = []
    for name, model in _models().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(scaled[of_training], fraud[of_training])
            scores = model.predict_proba(scaled[of_testing])[:, 1]
        truth = fraud[of_testing]
        results.append(
            {
                "model": name,
                "auc": round(float(roc_auc_score(truth, scores)), 4),
                "average_precision": round(float(average_precision_score(truth, scores)), 4),
                "card_precision_100": round(card_precision(tested, scores), 4),
            }
        )
    return results


def _check_days(days: Ints, start: int, options: argparse.Namespace) -> None:
    """Stop where the file does not have each day of training and testing."""
    begin = start + options.train_days + options.delay
    wanted = (start, begin, begin + options.test_days - 1)
    if days.min() <= start and wanted[-1] <= days.max():
        return
    first, last, trained, tested, until = (
        f"{to_datetime(int(day) * DAY):%Y-%m-%d}" for day in (days.min(), days.max(), *wanted)
    )
    message = (
        f"training from {trained} tests {tested} to {until}, and the file has transactions of {first} to {last} alone; "
        "give another --train-start, or a file with those days"
    )
    raise SystemExit(message)


def _testing(transactions: pa.Table, days: Ints, start: int, options: argparse.Namespace) -> Bools:
    """Choose the rows of testing: each day without the cards that were known to be compromised on it."""
    customers, fraud = transactions.column("customer_id").to_numpy(), transactions.column("fraud").to_numpy() == 1
    known = {*customers[fraud & (days >= start) & (days < start + options.train_days)].tolist()}
    chosen = np.zeros(len(days), np.bool_)
    for day in range(options.test_days):
        known |= {*customers[fraud & (days == start + options.train_days + day - 1)].tolist()}
        today = days == start + options.train_days + options.delay + day
        chosen |= today & ~np.isin(customers, list(known))
    return chosen


def _inputs(transactions: pa.Table, rows: pa.Table, delay: int) -> npt.NDArray[np.float64]:
    """Give the book's 15 inputs."""
    with tempfile.TemporaryDirectory() as folder:
        windows = window_features(make_project(Path(folder), transactions, delay), rows, delay)
    times = rows.column("event_timestamp").cast(pa.int64()).to_numpy()
    weekend = (times // DAY + _EPOCH_WEEKDAY) % _WEEK >= _SATURDAY
    night = (times - floor(times, DAY)) // HOUR <= _NIGHT_ENDS
    return np.column_stack([rows.column("amount").to_numpy(), weekend, night, *windows.values()]).astype(np.float64)


def _scaled(inputs: npt.NDArray[np.float64], training: Bools) -> npt.NDArray[np.float64]:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(inputs[training])
    scaled: npt.NDArray[np.float64] = scaler.transform(inputs)
    return scaled


def _models() -> dict[str, Any]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier
    from xgboost import XGBClassifier

    jobs = os.cpu_count()
    return {
        "logistic_regression": LogisticRegression(random_state=0),
        "decision_tree_depth_2": DecisionTreeClassifier(max_depth=2, random_state=0),
        "decision_tree": DecisionTreeClassifier(random_state=0),
        "random_forest": RandomForestClassifier(random_state=0, n_jobs=jobs),
        "xgboost": XGBClassifier(random_state=0, n_jobs=jobs),
    }


def card_precision(rows: pa.Table, scores: npt.NDArray[np.float64], top: int = TOP) -> float:
    """Give the share of compromised cards among the ``top`` cards of each day, averaged over the days.

    A card's score is that of its riskiest transaction of the day; one that was found is left out afterwards.
    """
    import pandas as pd

    frame = pd.DataFrame(
        {
            "day": rows.column("event_timestamp").cast(pa.int64()).to_numpy() // DAY,
            "customer_id": rows.column("customer_id").to_numpy(),
            "fraud": rows.column("fraud").to_numpy(),
            "score": scores,
        }
    )
    found: set[int] = set()
    precisions = []
    for _, today in frame.groupby("day"):
        cards = today[~today["customer_id"].isin(found)].groupby("customer_id")[["score", "fraud"]].max()
        best = cards.sort_values("score", ascending=False).head(top)
        compromised = best[best["fraud"] == 1].index.tolist()
        found |= set(compromised)
        precisions.append(len(compromised) / top)
    return float(np.mean(precisions))
