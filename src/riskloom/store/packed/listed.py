"""Reads the functions that need more than a row off a state's lists, by the kernel's own compiled loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from riskloom.declare.functions import DISTINCT_CAP, NEWEST_CAP, edges, middles
from riskloom.intervals import SECOND
from riskloom.store.packed.codes import CodedPart, Stretches, weights
from riskloom.store.packed.lists import TIMES
from riskloom.store.packed.merge import BITS
from riskloom.store.packed.shape import GAPS
from riskloom.windows.loops import counting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from riskloom.declare import Feature
    from riskloom.intervals import Window
    from riskloom.store.packed.picks import PickTable
    from riskloom.store.packed.shape import Coded, Shape

    Ints = npt.NDArray[np.int64]
    Record = tuple[Any, ...]
    Found = tuple[Any, bool]


class Windows:
    """What each window of a read holds.

    Args:
        counts: Numbers of folded events of each channel, by window and channel.
        raw: The raw events of each window; nothing where there are none.
    """

    __slots__ = ("counts", "raw")

    def __init__(self, counts: Sequence[Mapping[int, int]], raw: Sequence[Sequence[Record]]) -> None:
        self.counts, self.raw = counts, raw

    def of(self, window: int, channel: int) -> tuple[int, list[Record]]:
        """Give how many folded events of a channel a window holds, and its raw ones."""
        raw = [record for record in self.raw[window] if record[BITS] >> channel & 1] if self.raw else []
        return self.counts[window][channel], raw


class ListReader:
    """Some features that need lists, as they are read.

    Args:
        shape: The layout.
        leaves: The features.
        windows: The windows of a read, in order.
    """

    def __init__(self, shape: Shape, leaves: Sequence[Feature], windows: Sequence[Window]) -> None:
        self._shape = shape
        self._asked: list[tuple[str, int, int, tuple[float, ...]]] = [
            (leaf.function, windows.index(leaf.window), shape.channel_of(leaf), leaf.params) for leaf in leaves
        ]
        self._counts = {channel: shape.place[channel, "count"] for _, _, channel, _ in self._asked}
        self._coded = [_coded_of(shape, function, channel, params) for function, _, channel, params in self._asked]

    def counts(self, row: Sequence[Any]) -> dict[int, int]:
        """Give how many events of each channel a row has."""
        return {channel: row[place] for channel, place in self._counts.items()}

    def values(
        self, data: bytes, offset: int, windows: Windows, picks: PickTable | None, named: Mapping[tuple[int, int], Any]
    ) -> list[Found]:
        """Give the value of each feature, and whether the state lacks what it is made of.

        Args:
            data: The state.
            offset: Where its lists start.
            windows: What each window holds.
            picks: The single values.
            named: Values of pushed events by list and number, where the state has none.
        """
        times, parts = self._parts(data, offset)
        tallied: dict[Any, dict[int, Any]] = {}
        found: list[Found] = []
        for (function, window, channel, params), item in zip(self._asked, self._coded, strict=True):
            if item is not None:
                kind = (item, function if function in ("top_k", "quantile") else "tally", params)
                if kind not in tallied:
                    tallied[kind] = self._tallied(item, function, params, parts[item], windows, named)
                found.append(_FROM_TALLY[function](tallied[kind][window]))
            elif function in GAPS:
                found.append((_gap(function, times[channel], *windows.of(window, channel)), False))
            else:
                found.append((self._last_k(channel, int(params[0]), windows.of(window, channel), picks), False))
        return found

    def _parts(self, data: bytes, offset: int) -> tuple[dict[int, Ints], dict[Coded, CodedPart]]:
        times, parts = {}, {}
        for channel in self._shape.gaps:
            (count,) = TIMES.unpack_from(data, offset)
            offset += TIMES.size
            times[channel] = np.frombuffer(data, "<i8", count, offset)
            offset += 8 * count
        for item in self._shape.coded:
            parts[item] = part = CodedPart(item, str(self._shape.channels[item.channel].dtype), data, offset)
            offset = part.end
        return times, parts

    def _last_k(
        self, channel: int, k: int, held: tuple[int, list[Record]], picks: PickTable | None
    ) -> list[Any] | None:
        count, raw = held
        if picks is None or not (count or raw):
            return None
        place = self._shape.picked.index(channel)
        cell = self._shape.raw_picks[channel]
        newest = picks.newest(place, min(k, count)) if count else []
        if raw:
            newest = sorted([*newest, *(record[cell] for record in raw)], reverse=True)[:k]
        return [picks.value(place, one) for one in newest]

    def _tallied(
        self,
        item: Coded,
        function: str,
        params: tuple[float, ...],
        part: CodedPart,
        windows: Windows,
        named: Mapping[tuple[int, int], Any],
    ) -> dict[int, Any]:
        """Run a compiled loop over all windows of a list at once."""
        cell = self._shape.raw_codes[item]
        held = [windows.of(window, item.channel) for window in range(len(windows.counts))]
        stretches = Stretches(part.codes, [(count, [record[cell] for record in raw]) for count, raw in held])
        if function == "quantile":
            return stretches.by_window(_quantiles(item, params[0], stretches))
        size = max(part.size, int(stretches.codes.max(initial=-1)) + 1)
        if function != "top_k":
            return stretches.by_window(_shares(stretches, size))
        place = self._shape.coded.index(item)
        new = {number: value for (owner, number), value in named.items() if owner == place}
        return stretches.by_window(_most_frequent(part, int(params[0]), stretches, size, new))


def _coded_of(shape: Shape, function: str, channel: int, params: tuple[float, ...]) -> Coded | None:
    if function in GAPS or function == "last_k":
        return None
    low = params[1] if function == "quantile" else None
    high = params[2] if function == "quantile" else None
    return next(item for item in shape.coded if (item.channel, item.low, item.high) == (channel, low, high))


def _gap(function: str, times: Ints, count: int, raw: Sequence[Record]) -> float | None:
    """Give a function of the gaps between the newest events."""
    times = times[max(0, len(times) - count) :]
    if raw:
        times = np.sort(np.append(times, [record[0] for record in raw]))
    size = len(times)
    if size < (2 if function in ("gap_mean", "gap_last") else 3):
        return None
    if function == "gap_last":
        return float(times[-1] - times[-2]) / SECOND
    windows = (np.zeros(1, np.int64), np.full(1, size), NEWEST_CAP)
    if function == "gap_entropy":
        return float(counting.gap_entropies(times, *windows)[0])
    means, deviations = counting.gaps(times, *windows)
    return float((means if function == "gap_mean" else deviations)[0]) / SECOND


def _quantiles(item: Coded, q: float, stretches: Stretches) -> list[Found]:
    uppers = edges(float(item.low or 0), float(item.high or 0))
    values = middles(uppers)
    found = counting.quantiles(stretches.codes, len(uppers), stretches.low, stretches.high, float(q)).tolist()
    return [
        (values[bucket] if size and not lacking else None, lacking)
        for bucket, size, lacking in zip(found, stretches.sizes, stretches.lacking, strict=True)
    ]


def _shares(stretches: Stretches, size: int) -> list[tuple[Any, ...]]:
    tallies = counting.tallies(stretches.codes, size, stretches.low, stretches.high, weights(max(stretches.sizes)))
    columns = (tally.tolist() for tally in tallies)
    return list(zip(stretches.sizes, stretches.lacking, *columns, strict=True))


def _most_frequent(part: CodedPart, most: int, stretches: Stretches, size: int, new: Mapping[int, Any]) -> list[Found]:
    if new:
        return [_with_new(part, most, stretches, place, new) for place in range(len(stretches.sizes))]
    offsets, listed = counting.most_frequent(stretches.codes, size, stretches.low, stretches.high, most, DISTINCT_CAP)
    names = [part.value(code) for code in listed.tolist()]
    found: list[Found] = []
    for place, (count, lacking) in enumerate(zip(stretches.sizes, stretches.lacking, strict=True)):
        values = names[offsets[place] : offsets[place + 1]]
        too_many = lacking or (count > 0 and not values)
        found.append((None if too_many or not count else values, too_many))
    return found


def _with_new(part: CodedPart, most: int, stretches: Stretches, place: int, new: Mapping[int, Any]) -> Found:
    """List the most frequent values where some of them are of pushed events alone, and have no place among the rest."""
    codes, counts = np.unique(stretches.codes[stretches.low[place] : stretches.high[place]], return_counts=True)
    if not len(codes) or stretches.lacking[place] or len(codes) > DISTINCT_CAP:
        return None, len(codes) > DISTINCT_CAP or stretches.lacking[place]
    named = [
        (-count, new[code] if code in new else part.value(code))
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
    ]
    return [value for _, value in sorted(named)[:most]], False


def _share(of: Callable[..., float]) -> Callable[[tuple[Any, ...]], Found]:
    def value(tally: tuple[Any, ...]) -> Found:
        size, lacking, differ, *rest = tally
        too_many = lacking or differ > DISTINCT_CAP
        return (None if too_many or not size else of(size, differ, *rest), too_many)

    return value


def _entropy(size: int, differ: int, _squares: int, weighed: int, _largest: int) -> float:
    return max(0.0, float(np.log(size)) - weighed / (size * 2.0**30)) if differ > 1 else 0.0


_FROM_TALLY: dict[str, Callable[[Any], Found]] = {
    "entropy": _share(_entropy),
    "hhi": _share(lambda size, _differ, squares, *_: squares / (float(size) * size)),
    "top_share": _share(lambda size, *rest: rest[-1] / size),
    "top_k": lambda found: found,
    "quantile": lambda found: found,
}
