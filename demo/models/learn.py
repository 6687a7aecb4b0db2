"""The models: gradient boosting, a linear baseline, and a score that needs no label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

BOOSTING, LINEAR, FOREST = "LightGBM", "linear", "isolation forest"
SEED = 7
_THREADS = 2
_SAMPLED = 1_024


def boosting() -> Any:  # noqa: ANN401 - LightGBM has no types
    """Make a gradient boosting of shallow trees, the same on every run."""
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=150, learning_rate=0.05, num_leaves=15, min_child_samples=5, reg_lambda=5.0, colsample_bytree=0.5,
        subsample=0.8, subsample_freq=1, random_state=SEED, n_jobs=_THREADS, deterministic=True, force_row_wise=True,
        verbose=-1,
    )  # fmt: skip


def linear() -> Any:  # noqa: ANN401 - a pipeline of scikit-learn
    """Make a logistic regression on numbers whose long tails are drawn in."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    model = LogisticRegression(C=0.05, max_iter=200, class_weight="balanced")
    return make_pipeline(FunctionTransformer(drawn_in), StandardScaler(), model)


def forest(rows: int) -> Any:  # noqa: ANN401 - a pipeline of scikit-learn
    """Make an isolation forest for so many rows (Liu, Ting, Zhou 2008): how few cuts part a row from all others."""
    from sklearn.ensemble import IsolationForest
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    model = IsolationForest(n_estimators=200, max_samples=min(rows, _SAMPLED), random_state=SEED, n_jobs=_THREADS)
    return make_pipeline(FunctionTransformer(drawn_in), model)


def drawn_in(rows: Floats) -> Floats:
    """Take the logarithm of what is far from 0, keep the sign, and read nothing as 0.

    Example:
        >>> drawn_in(np.array([[np.e - 1, -1 + 1 / np.e, np.nan]])).round(2).tolist()
        [[1.0, -0.49, 0.0]]
    """
    filled = np.nan_to_num(rows)
    return np.sign(filled) * np.log1p(np.abs(filled))


def suspicion(model: Any, rows: Floats) -> Floats:  # noqa: ANN401 - any of the three
    """Score rows, the most suspect highest."""
    if hasattr(model, "predict_proba"):
        scores: Floats = np.asarray(model.predict_proba(rows))[:, 1]
    else:
        scores = -np.asarray(model.score_samples(rows))
    return scores
