"""Random numbers by name and entity: a stream for each pair of a purpose and an entity.

A number depends on the seed, the stream's name, the entity and the draw, and on nothing else: no order of calls, no
shared state. So a scenario that is added changes no number of the base, and a day can be made without those before
it. The generator is counter-based; its mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast
splittable pseudorandom number generators", OOPSLA 2014).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_DRAW = np.uint64(0xD1B54A32D192ED03)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ATTEMPTS = 8
_LARGE_RATE = 600.0


def mix(words: Words) -> Words:
    """Scatter 64-bit words: equal words give equal ones, neighbours give unrelated ones.

    Example:
        >>> int(mix(np.array([1], dtype=np.uint64))[0]) == int(mix(np.array([2], dtype=np.uint64))[0])
        False
    """
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def words(ids: ArrayLike) -> Words:
    """Give entity numbers as 64-bit words."""
    return np.atleast_1d(np.asarray(ids)).astype(np.int64).view(np.uint64)


@dataclass(frozen=True)
class Stream:
    """The random numbers of one purpose.

    Attributes:
        key: A word made of the seed and the purpose's name.

    Example:
        >>> one, other = Streams(7)("length"), Streams(7)("length")
        >>> bool((one.uniform([1, 2, 3]) == other.uniform([1, 2, 3])).all())
        True
    """

    key: int

    def bits(self, ids: ArrayLike, draw: ArrayLike = 0) -> Words:
        """Give 64 random bits for each entity; ``draw`` numbers the draws of an entity."""
        start = mix(words(ids) * _GOLDEN + np.uint64(self.key))
        return mix(start + (words(draw) + np.uint64(1)) * _DRAW)

    def uniform(self, ids: ArrayLike, draw: ArrayLike = 0) -> Floats:
        """Give numbers in [0, 1)."""
        return (self.bits(ids, draw) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, bound: ArrayLike, ids: ArrayLike, draw: ArrayLike = 0) -> Ints:
        """Give whole numbers in [0, bound)."""
        return (self.uniform(ids, draw) * bound).astype(np.int64)

    def chance(self, share: ArrayLike, ids: ArrayLike, draw: ArrayLike = 0) -> NDArray[np.bool_]:
        """Say for each entity whether something of this probability happens."""
        return self.uniform(ids, draw) < share

    def choose(self, weights: ArrayLike, ids: ArrayLike, draw: ArrayLike = 0) -> Ints:
        """Give places of a list, each as often as its weight says."""
        total = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.searchsorted(total / total[-1], self.uniform(ids, draw), side="right").astype(np.int64)

    def normal(self, ids: ArrayLike, draw: ArrayLike = 0) -> Floats:
        """Give numbers of the standard normal distribution, by Box and Muller's transform."""
        bits = self.bits(ids, draw)
        radius = ((bits >> np.uint64(32)).astype(np.float64) + 1.0) * 2.0**-32
        angle = (bits & np.uint64(0xFFFFFFFF)).astype(np.float64) * 2.0**-32
        return np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * angle)

    def lognormal(self, mean: ArrayLike, sigma: ArrayLike, ids: ArrayLike, draw: ArrayLike = 0) -> Floats:
        """Give numbers whose logarithm is normal."""
        return np.exp(mean + sigma * self.normal(ids, draw))

    def exponential(self, mean: ArrayLike, ids: ArrayLike, draw: ArrayLike = 0) -> Floats:
        """Give waiting times."""
        return -mean * np.log1p(-self.uniform(ids, draw))

    def geometric(self, mean: float, ids: ArrayLike, draw: ArrayLike = 0) -> Ints:
        """Give lengths of at least one, with this mean."""
        return 1 + np.floor(np.log1p(-self.uniform(ids, draw)) / np.log1p(-1.0 / mean)).astype(np.int64)

    def poisson(self, rate: ArrayLike, ids: ArrayLike, draw: ArrayLike = 0) -> Ints:
        """Give counts, by inversion; a rate above 600 is taken as 600."""
        uniform = self.uniform(ids, draw)
        rate = np.minimum(np.broadcast_to(np.asarray(rate, dtype=np.float64), uniform.shape), _LARGE_RATE)
        term = np.exp(-rate)
        below, count = term.copy(), np.zeros(uniform.shape, dtype=np.int64)
        open_ = np.flatnonzero(uniform >= below)
        number = 0
        while len(open_) and number < 2 * _LARGE_RATE:
            number += 1
            term[open_] *= rate[open_] / number
            below[open_] += term[open_]
            count[open_] = number
            open_ = open_[uniform[open_] >= below[open_]]
        return count

    def gamma(self, shape: float, ids: ArrayLike, draw: int = 0) -> Floats:
        """Give numbers of the gamma distribution with scale 1.

        By Marsaglia and Tsang, "A simple method for generating gamma variables" (2000), with its boost for shapes
        below 1. Each entity has eight attempts, of which about 19 in 20 succeed.
        """
        base = shape if shape >= 1 else shape + 1
        d = base - 1 / 3
        c = 1 / np.sqrt(9 * d)
        found = np.full(len(words(ids)), d)
        for attempt in reversed(range(_ATTEMPTS)):
            x = self.normal(ids, draw * 32 + 2 * attempt)
            v = np.maximum(1 + c * x, 1e-9) ** 3
            u = self.uniform(ids, draw * 32 + 2 * attempt + 1)
            good = np.log(np.maximum(u, 1e-300)) < 0.5 * x * x + d - d * v + d * np.log(v)
            found = np.where(good & (1 + c * x > 0), d * v, found)
        if shape < 1:
            found = found * self.uniform(ids, draw * 32 + 31) ** (1 / shape)
        return found


@dataclass(frozen=True)
class Streams:
    """Gives the stream of a purpose.

    Attributes:
        seed: The run's seed.
    """

    seed: int

    def __call__(self, name: str) -> Stream:
        """Give the stream of this name."""
        digest = hashlib.blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest()
        return Stream(int.from_bytes(digest, "little"))


def cumulative_zipf(size: int, exponent: float) -> Floats:
    """Give the cumulative shares of a Zipf distribution, most frequent first."""
    shares = np.arange(1, size + 1, dtype=np.float64) ** -exponent
    return np.cumsum(shares) / shares.sum()


def ragged(counts: Ints) -> tuple[Ints, Ints]:
    """Lay out lists of these lengths end to end: for each element its list, and its place in it.

    Example:
        >>> [part.tolist() for part in ragged(np.array([2, 0, 1]))]
        [[0, 0, 2], [0, 1, 0]]
    """
    owner = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    starts = np.cumsum(counts) - counts
    return owner, np.arange(len(owner), dtype=np.int64) - starts[owner]
