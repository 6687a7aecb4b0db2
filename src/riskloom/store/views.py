"""The states of windowed views in a store: how far each view has come, by which declaration, and its answers."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from riskloom.errors import StoreError
from riskloom.intervals import to_micros
from riskloom.store import evaluate
from riskloom.store.evaluate import UPDATING, Answer, Plan, Row
from riskloom.store.inner.base import MARK, Held, declaration_key, state_key
from riskloom.store.inner.base import Row as Written
from riskloom.store.keyed import under_each_key
from riskloom.store.packed import evaluate as packed
from riskloom.store.packed import evaluate_sides
from riskloom.store.recent import Recent
from riskloom.store.source import declared
from riskloom.store.state import Mark, decode_mark, decode_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from riskloom.store.inner.base import Found, StateStore
    from riskloom.store.state import State

    Key = tuple[Any, ...]

WALL, WATERMARK = "wall", "watermark"
_BEGUN, _COMPLETE, _CLEAN = 0, 1, 2


class Asked(NamedTuple):
    """What is asked of one view.

    Attributes:
        plan: The view as the registry has it.
        keys: Values of the entities' key columns, in the order of the columns.
        names: Features wanted.
    """

    plan: Plan
    keys: Sequence[Key]
    names: tuple[str, ...]


class Reading:
    """Reads that belong together.

    Attributes:
        at: Their instant, microseconds since the epoch; None for what the clock says.
        answers: What was asked of windowed views, and what they answered.
    """

    __slots__ = ("answers", "at")

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.answers: list[tuple[Asked, Answer]] = []


_READING: ContextVar[Reading | None] = ContextVar("reads that belong together", default=None)


class Views:
    """Windowed views in one store of states.

    Args:
        states: The store.
        clock: Instant of a read that names none: ``wall``, ``watermark``, or a fixed one as ISO text.
    """

    def __init__(self, states: StateStore, clock: str) -> None:
        self.states = states
        self._clock = clock if clock in (WALL, WATERMARK) else to_micros(clock)
        self._slots: dict[str, int] = {}
        self._marks: dict[str, tuple[bytes, Mark]] = {}
        self._former: dict[bytes, Plan] = {}

    def read_mark(self, view: str) -> Mark | None:
        """Read how far a view has come, under whatever declaration; None where nothing was begun."""
        return self._decoded(view, self.states.read([(view, [MARK])])[0][0])

    def write_mark(self, view: str, mark: Mark) -> None:
        """Write how far a view has come, unless a later materialization has begun."""
        phase = _BEGUN if not mark.complete else _COMPLETE if mark.spare else _CLEAN
        self.states.write(view, [Written(MARK, mark.attempt, phase, mark.encode())])

    def write_declaration(self, view: str, mark: Mark, configuration: bytes) -> None:
        """Keep what a view was declared as, so that its states serve until those of another one are complete."""
        self.states.write(view, [Written(declaration_key(mark.declaration), mark.attempt, _BEGUN, configuration)])

    def answers(self, asked: Sequence[Asked], at: int | None) -> list[Answer]:
        """Give features of several views, read in one round trip.

        Args:
            asked: What is asked of each.
            at: Microseconds since the epoch; None for what the clock says.

        Raises:
            StoreError: A state is damaged, or the store can't be reached.
        """
        # An entity that is asked for twice is read and evaluated once.
        distinct = [list(dict.fromkeys(part.keys)) if len(part.keys) > 1 else list(part.keys) for part in asked]
        tokened = any([part.plan.tokened for part in asked])  # noqa: C419 - a generator costs more than it saves here
        stored = (
            [under_each_key(part.plan.view, keys) for part, keys in zip(asked, distinct, strict=True)]
            if tokened
            else None
        )
        wanted = distinct if stored is None else [forms[0] for forms in stored]
        answers = []
        for place, (mark, states) in enumerate(self._found(asked, wanted)):
            part, keys = asked[place], wanted[place]
            if stored is not None:
                self._find_older(part, keys, stored[place][1:], states)
            answer = self._answer(part, keys, mark, states, at)
            if len(keys) != len(part.keys):
                rows = dict(zip(distinct[place], answer.rows, strict=True))
                answer = answer._replace(rows=[rows[key] for key in part.keys])
            answers.append(answer)
        reading = _READING.get()
        if reading is not None:
            reading.answers += zip(asked, answers, strict=True)
        return answers

    def _find_older(self, part: Asked, keys: list[Key], older: Sequence[list[Key]], states: list[Found]) -> None:
        """Look for states that stand under an older key for tokens, as they do until a view is built anew."""
        for again in older:
            missing = [place for place, state in enumerate(states) if state is None]
            if not missing:
                return
            ((_, more),) = self._found([part], [[again[place] for place in missing]])
            for place, state in zip(missing, more, strict=True):
                if state is not None:
                    states[place], keys[place] = state, again[place]

    def outdated(self, plan: Plan) -> bool:
        """Say whether a view's states, when last read, were of another declaration."""
        known = self._marks.get(plan.view.name)
        return known is not None and known[1].generation > 0 and known[1].declaration != plan.declaration

    def _found(self, asked: Sequence[Asked], keys: Sequence[list[Key]]) -> list[tuple[Mark | None, list[Found]]]:
        guessed = [self._slots.get(part.plan.view.name, 0) for part in asked]
        read = self._read(asked, keys, guessed)
        slots = [guessed[place] if mark is None else mark.slot for place, (mark, _) in enumerate(read)]
        if slots == guessed:
            return read
        # A view was built anew since its mark was last read: read once more, from the build that serves now.
        self._slots.update((part.plan.view.name, slot) for part, slot in zip(asked, slots, strict=True))
        return self._read(asked, keys, slots)

    def _read(
        self, asked: Sequence[Asked], keys: Sequence[list[Key]], slots: Sequence[int]
    ) -> list[tuple[Mark | None, list[Found]]]:
        wanted = []
        for part, mine, slot in zip(asked, keys, slots, strict=True):
            prefix = state_key(slot, b"")
            wanted.append((part.plan.view.name, [MARK, *[prefix + encoded for encoded in map(part.plan.encode, mine)]]))
        found = self.states.read(wanted)
        return [(self._decoded(view, mark), states) for (view, _), (mark, *states) in zip(wanted, found, strict=True)]

    def _decoded(self, view: str, data: Found) -> Mark | None:
        if not isinstance(data, bytes):
            return None
        known = self._marks.get(view)
        if known is None or known[0] != data:
            known = self._marks[view] = (data, decode_mark(view, data))
        return known[1]

    def _answer(self, part: Asked, keys: list[Key], mark: Mark | None, states: list[Found], at: int | None) -> Answer:
        if mark is not None and mark.generation == 0:
            mark = None
        instant = self.now(mark) if at is None else at
        if mark is None or mark.declaration == part.plan.declaration:
            return _evaluated(part.plan, keys, mark, states, instant, part.names)
        former = self._declared(part.plan.view.name, mark)
        if former.view.entity.keys != part.plan.view.entity.keys:
            return _evaluated(part.plan, keys, None, states, instant, part.names)
        served = tuple(name for name in part.names if name in former.features)
        answer = _evaluated(former, keys, mark, states, instant, served)
        return answer._replace(rows=[_spread(row, served, part.names) for row in answer.rows])

    def serving(self, plan: Plan, mark: Mark) -> Plan:
        """Give the declaration that serves a view."""
        return plan if mark.declaration == plan.declaration else self._declared(plan.view.name, mark)

    def _declared(self, view: str, mark: Mark) -> Plan:
        """Give the declaration that a view's states were written under."""
        plan = self._former.get(mark.declaration)
        if plan is None:
            data = self.states.read([(view, [declaration_key(mark.declaration)])])[0][0]
            if not isinstance(data, bytes):
                raise StoreError.other_declaration(view, "the watermark")
            plan = self._former[mark.declaration] = Plan(declared(data))
        return plan

    def now(self, mark: Mark | None = None) -> int | None:
        """Give the instant of a read that names none; None where the view's watermark is the clock and it has none."""
        reading = _READING.get()
        if reading is not None and reading.at is not None:
            return reading.at
        if self._clock == WATERMARK:
            return None if mark is None else mark.watermark
        return time.time_ns() // 1000 if isinstance(self._clock, str) else self._clock

    @contextmanager
    def reading_at(self, at: int | None) -> Iterator[Reading]:
        """Give the reads within a block an instant, also those that Feast makes, whose calls carry none.

        Args:
            at: Microseconds since the epoch; None for what the clock says, once for all where it is no watermark.
        """
        reading = Reading(self.now() if at is None else at)
        token = _READING.set(reading)
        try:
            yield reading
        finally:
            _READING.reset(token)

    def drop_builds(self, view: str, slots: Iterable[int]) -> None:
        """Remove states of builds that serve no more."""
        for slot in slots:
            self.states.drop(view, state_key(slot, b""))


def _evaluated(
    plan: Plan,
    keys: list[Key],
    mark: Mark | None,
    states: list[Found],
    at: int | None,
    names: tuple[str, ...],
) -> Answer:
    if plan.sided:
        return evaluate_sides.evaluate(plan, mark, keys, states, at, names)
    if plan.packed:
        return packed.evaluate(plan, mark, states, at, names)
    reach, view = plan.view.reach, plan.view.name
    held: list[State | None] = [None] * len(states)
    if mark is not None and at is not None:
        for place, data in enumerate(states):
            body = data.body if isinstance(data, Held) else data
            state = decode_state(view, body, plan.schema, mark, reach) if body else None
            if isinstance(data, Held):
                state = evaluate.with_pushed(plan, mark, state, Recent.decode(view, data.recent), at)
            held[place] = state
    return evaluate.evaluate(plan, mark, keys, held, at, names)


def _spread(row: Row, served: tuple[str, ...], names: tuple[str, ...]) -> Row:
    """Put features that the former declaration lacks among those that it has."""
    cells = dict(zip(served, zip(row.values, row.statuses, strict=True), strict=True))
    values, statuses = zip(*(cells.get(name, (None, UPDATING)) for name in names), strict=True)
    return Row(values, statuses)
