"""Scores of features that are read online at each event's own instant, beside scores of the training set's.

A virtual clock stands at the first of some events: the states are those of then, and what happens later is in the store
too, and counts once the clock is past it. So the clock runs on from event to event, and each is scored as it happens.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.models.sets import OWN, TIME
from demo.models.study import RAW
from riskloom import OnlineFeatures
from riskloom.intervals import to_datetime
from riskloom.lake import ops, tables
from riskloom.lake.paths import Lake
from riskloom.store.materialize import materialize
from riskloom.store.parity.causes import same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from demo.models.sets import Set
    from demo.models.study import Result
    from riskloom.project import Project

    Ints = npt.NDArray[np.int64]

EVENTS = 1_000
# A state keeps 1,024 events of a key as they are: before more have come, the states are cut anew.
_MOST_SINCE = 1_000
_STATES = "online.db"
# Whom a request asks for that has no such key: nobody has ever been seen under it.
_NOBODY: dict[pa.DataType, object] = {pa.string(): "", pa.int64(): -1}


@dataclass(frozen=True)
class Online:
    """How a service's online scores compare with those of its training set.

    Attributes:
        service: The service.
        events: Events that were scored.
        stops: How often the states were cut anew.
        values: Values of features that were read.
        differing: Values that are not those of the training set: numbers beyond 1e-9 of the larger one, or of 1.
        scores: Scores that were compared: of each model of each decision.
        largest: Largest difference of two scores.
    """

    service: str
    events: int
    stops: int
    values: int
    differing: int
    scores: int
    largest: float

    def as_data(self) -> dict[str, Any]:
        """Give it as a row of a table."""
        return {**asdict(self), "largest": f"{self.largest:.1e}"}


def score_online(project: Project, made: Set, results: Sequence[Result], cut: int, events: int = EVENTS) -> Online:
    """Score a service's newest events twice.

    Args:
        project: The platform's project, registered; its online store is emptied.
        made: The service's training set.
        results: The models of its decisions.
        cut: Instant from which on events were not learned from.
        events: How many to score.
    """
    service = results[0].decision.service
    judged = np.logical_or.reduce([one.decision.judged(made.rows, OWN).to_numpy() for one in results])
    at = made.rows[TIME].cast(pa.int64()).to_numpy()
    places = np.flatnonzero(judged & (at >= cut))[-events:]
    rows = made.rows.take(pa.array(places))
    times = at[places]
    own = tables.read(Lake(project.settings.lake).silver(results[0].decision.source), ["event_ts"])
    happened = np.sort(own["event_ts"].cast(pa.int64()).to_numpy())
    answers: list[dict[str, Any]] = []
    stops = list(_stops(times, happened))
    (project.settings.state / _STATES).unlink(missing_ok=True)
    for begin, end in stops:
        _stop(project, service, int(times[begin]), int(times[end - 1]) + 1)
        client = OnlineFeatures.connect(project.settings.feature_repo)
        asked = rows.slice(begin, end - begin)
        keys = _keys(asked.select(made.keys))
        for key, instant in zip(keys, times[begin:end].tolist(), strict=True):
            answers.append(client.get(service, key, to_datetime(instant)).values)
    return _compared(service, rows, answers, made, results, len(stops))


def _stops(times: Ints, happened: Ints) -> Iterator[tuple[int, int]]:
    """Give stretches of events, by place, in each of which no more happens than a state keeps as it is."""
    begin = 0
    while begin < len(times):
        first = int(np.searchsorted(happened, times[begin]))
        last = happened[min(first + _MOST_SINCE, len(happened)) - 1]
        end = max(int(np.searchsorted(times, last, "right")), begin + 1)
        yield begin, end
        begin = end


def _stop(project: Project, service: str, at: int, until: int) -> None:
    """Cut the states of a service's views at an instant; what comes before another is in the store, too."""
    lake, views = Lake(project.settings.lake), [view.name for view, _ in project.service_features(service)]
    for view in views:
        newest = ops.latest_view(lake, view)
        if newest is not None:
            ops.append_view(lake, replace(newest, watermark=at, recorded_ts=newest.recorded_ts + 1))
    materialize(project, views, until=until, full=True)


def _keys(rows: pa.Table) -> list[dict[str, Any]]:
    columns = [pc.fill_null(column, _NOBODY[column.type]) for column in rows.columns]
    return pa.table(columns, names=rows.column_names).to_pylist()


def _compared(
    service: str, rows: pa.Table, answers: list[dict[str, Any]], made: Set, results: Sequence[Result], stops: int
) -> Online:
    read, differing = rows, 0
    for name in made.features:
        column = pa.array([answer[name] for answer in answers], rows.schema.field(name).type)
        differing += _differing(column, rows[name].combine_chunks())
        read = read.set_column(read.schema.get_field_index(name), name, column)
    largest, scores = 0.0, 0
    for one in results:
        judged = one.decision.judged(rows, OWN)
        asked, trained = (table.filter(judged) for table in (read, rows))
        for name, fitted in one.models.items() if asked.num_rows else ():
            if name == RAW:
                continue
            difference = np.abs(fitted.score(asked) - fitted.score(trained))
            largest, scores = max(largest, float(difference.max())), scores + len(difference)
    return Online(
        service=service,
        events=len(answers),
        stops=stops,
        values=len(answers) * len(made.features),
        differing=differing,
        scores=scores,
        largest=largest,
    )


def _differing(online: pa.Array, trained: pa.Array) -> int:
    """Count the values that are not the same."""
    return sum(not same(one, other) for one, other in zip(online.to_pylist(), trained.to_pylist(), strict=True))
