"""The study: for each decision models of what was known by the cut, and how they rank what came later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.models.decisions import DECISIONS
from demo.models.inputs import Encoder, when
from demo.models.learn import BOOSTING, FOREST, LINEAR, boosting, forest, linear, suspicion
from demo.models.measure import measure
from demo.models.sets import OWN, TIME, training_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from demo.models.decisions import Decision
    from demo.models.measure import Measures
    from demo.models.sets import Set
    from demo.simulate.calendar import Calendar
    from riskloom.project import Project

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

RAW = "LightGBM, own fields"
LEAST_LABELS, LEAST_ATTACKS, LEAST_UNSEEN = 5, 10, 5
MOST_IMPORTANT = 3


@dataclass(frozen=True)
class Fitted:
    """A model that has learned, and how it reads rows.

    Attributes:
        encoder: Reads columns as numbers.
        model: The model.
    """

    encoder: Encoder
    model: Any

    @classmethod
    def of(cls, model: Any, rows: pa.Table, columns: Sequence[str], known: Bools) -> Fitted:  # noqa: ANN401 - any of them
        """Let a model learn from some columns of rows, and of which of them are known as attacks."""
        encoder = Encoder.of(rows, columns)
        return cls(encoder, model.fit(_inputs(encoder, rows), known))

    def score(self, rows: pa.Table) -> Floats:
        """Score rows, the most suspect highest."""
        return suspicion(self.model, _inputs(self.encoder, rows))

    def importance(self) -> dict[str, float]:
        """Give the columns that a boosting splits by most, and their share of its gain."""
        gain = self.model.booster_.feature_importance("gain")
        names = (*self.encoder.names, "hour", "weekday")
        best = np.argsort(-gain, kind="stable")[:MOST_IMPORTANT].tolist()
        return {names[place]: float(gain[place] / max(gain.sum(), 1e-9)) for place in best}


def _inputs(encoder: Encoder, rows: pa.Table) -> Floats:
    return np.column_stack([encoder.encode(rows), when(rows, TIME)])


@dataclass(frozen=True)
class Result:
    """What models of one decision are worth.

    Attributes:
        decision: The decision.
        models: Its models by name; the supervised ones only where there were labels.
        labels: Attacks known by the cut among the rows that were learned from.
        learned: Rows that were learned from.
        tested: Rows that came later, by phase; 0 for all.
        attacks: Attacks among them, by phase.
        measures: By phase and model; none where there are too few attacks, none of a model that had too few labels.
        unseen: Measures of the isolation forest on the rows before any label of an attack of which none was known by
            the cut; None where one was, or there are too few attacks.
        unseen_rows: Those rows.
        unseen_attacks: Attacks among them.
    """

    decision: Decision
    models: dict[str, Fitted]
    labels: int
    learned: int
    tested: dict[int, int]
    attacks: dict[int, int]
    measures: dict[int, dict[str, Measures]]
    unseen: Measures | None
    unseen_rows: int
    unseen_attacks: int


def study(
    project: Project, world: Path, calendar: Calendar, cut: int, decisions: Sequence[Decision] = DECISIONS
) -> Iterator[tuple[Set, list[Result]]]:
    """Train and test each decision, service by service.

    Args:
        project: The platform's project, its tables there.
        world: Folder of the simulation.
        calendar: Its period.
        cut: Instant up to which models learn, in microseconds.
        decisions: What to decide.

    Yields:
        A service's training set and the results of its decisions.
    """
    for service in dict.fromkeys(decision.service for decision in decisions):
        mine = [decision for decision in decisions if decision.service == service]
        made = training_set(project, world, mine, cut)
        yield made, [result(made, decision, calendar, cut) for decision in mine]


def result(made: Set, decision: Decision, calendar: Calendar, cut: int) -> Result:
    """Train the models of one decision, and measure them."""
    rows = made.rows.filter(decision.judged(made.rows, OWN))
    at = rows[TIME].cast(pa.int64()).to_numpy()
    truth = pc.fill_null(pc.equal(rows["scenario"], decision.risk), False)
    fraud = pc.and_(truth, rows["counts"]).to_numpy()
    # What else is an attack, or part of one, is neither: to find it is no fault.
    honest = pc.is_null(rows["scenario"]).to_numpy()
    known = pc.fill_null(rows[decision.label], False).to_numpy()
    early = at < cut
    tested = ~early & (fraud | honest)
    models = _fit(made, rows.filter(pa.array(early)), known[early])
    later = rows.filter(pa.array(tested))
    scores = {name: fitted.score(later) for name, fitted in models.items()}
    at, fraud = at[tested], fraud[tested]
    phase = calendar.phase(at)
    parts = {0: np.ones(len(at), np.bool_), **{int(one): phase == one for one in np.unique(phase)}}
    before = at < (made.first_known[decision.label] or calendar.end)
    unseen = not known[early].any() and fraud[before].sum() >= LEAST_UNSEEN
    return Result(
        decision=decision,
        models=models,
        labels=int(known[early].sum()),
        learned=int(early.sum()),
        tested={name: int(part.sum()) for name, part in parts.items()},
        attacks={name: int(fraud[part].sum()) for name, part in parts.items()},
        measures={
            name: measure({model: column[part] for model, column in scores.items()}, fraud[part], name)
            for name, part in parts.items()
            if fraud[part].sum() >= LEAST_ATTACKS
        },
        unseen=measure({FOREST: scores[FOREST][before]}, fraud[before], 0)[FOREST] if unseen else None,
        unseen_rows=int(before.sum()),
        unseen_attacks=int(fraud[before].sum()),
    )


def _fit(made: Set, learned: pa.Table, known: Bools) -> dict[str, Fitted]:
    """Fit each model on early rows.

    The forest reads of features only those of the events' own source: in the history of everything else it is busy
    customers who stand apart from all others.
    """
    every, few = (*made.fields, *made.features), (*made.fields, *made.of_source)
    models = {FOREST: Fitted.of(forest(learned.num_rows), learned, few, known)}
    if known.sum() >= LEAST_LABELS:
        for name, model, columns in (
            (BOOSTING, boosting(), every),
            (LINEAR, linear(), every),
            (RAW, boosting(), made.fields),
        ):
            models[name] = Fitted.of(model, learned, columns, known)
    return models
