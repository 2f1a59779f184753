"""What a stress run keeps: whole numbers only, so that any split of its paths gives the same, to the bit."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.parameters import InputError
from models.stress.bins import Bins, bin_of_code, from_ordered, make_bins, size
from models.stress.path import ROWS

EVENTS = ("shortfall", "empty", "underpaid")
LOSS = "shortfall_usd"
_IO = make_bins(-4, 31, signed=False)
_USD = make_bins(-4, 44, signed=False)
_SHARE = make_bins(-16, 4, signed=False)
_LOG = make_bins(-12, 7, signed=True)
# Bins of every quantity that a fan can show. Names as in State and Tally.
BINS: dict[str, Bins] = {
    **dict.fromkeys(("U", "V", "L", "C", "K", "Q", "B"), _IO),
    **dict.fromkeys(("burned", "retired", "emitted", "released", "circulating"), _IO),
    **dict.fromkeys(("F", "g", LOSS), _USD),
    **dict.fromkeys(("N", "k", "coverage", "pay", "lowest_pay"), _SHARE),
    **dict.fromkeys(("x", "y"), _LOG),
    "price": make_bins(-60, 40, signed=False),
    "demand": make_bins(-40, 24, signed=False),
    "psi": make_bins(-16, 24, signed=False),
    "runway": make_bins(-16, 40, signed=False),
}
ALL_FANS = tuple(BINS)
_NOTHING = (np.iinfo(np.int64).max, np.iinfo(np.int64).min)


@dataclass(frozen=True)
class Layout:
    """Where the counts of each chosen quantity stand."""

    fans: tuple[str, ...]
    months: int
    steps: int

    def __post_init__(self) -> None:
        for name in self.fans:
            if name not in BINS:
                raise InputError(f"there is no fan of {name!r}; allowed are: {' '.join(BINS)}")
        if len(set(self.fans)) < len(self.fans):
            raise InputError("each fan can be asked for once")

    @cached_property
    def offsets(self) -> dict[str, int]:
        """First bin of each quantity within a month."""
        ends = np.cumsum([0, *(size(BINS[name]) for name in self.fans)])
        return dict(zip(self.fans, ends.tolist(), strict=False))

    @cached_property
    def width(self) -> int:
        """Bins of one month."""
        return sum(size(BINS[name]) for name in self.fans)

    @cached_property
    def slots(self) -> np.ndarray:
        """For each row of a path, the number of its fan, or -1."""
        out = np.full(len(ROWS), -1, np.int64)
        for slot, name in enumerate(self.fans):
            out[ROWS.index(name)] = slot
        return out

    @cached_property
    def table(self) -> np.ndarray:
        """For each row of a path: low, top, centre of its bins, and their offset within a month."""
        out = np.zeros((len(ROWS), 4), np.int64)
        for name, b in BINS.items():
            out[ROWS.index(name)] = (*b, self.offsets.get(name, 0))
        return out


@dataclass
class Counts:
    """The counts of some paths. `merge` adds others'; order and split do not matter."""

    layout: Layout
    paths: int
    counts: np.ndarray  # int32 [months * width]: half the memory to go through, enough for engine.MAX_PATHS
    extremes: np.ndarray  # int64 [months, fans, 2]: least and greatest, as bins.ordered
    events: np.ndarray  # int64 [3, steps + 1]: paths by the step of each event; column 0: it did not happen
    sums: np.ndarray  # int64 [bins of the loss, 3]: paths, and their losses in quanta (low 32 bits, the rest)

    @classmethod
    def empty(cls, layout: Layout) -> "Counts":
        extremes = np.empty((layout.months, len(layout.fans), 2), np.int64)
        extremes[:] = _NOTHING
        return cls(
            layout,
            0,
            np.zeros(layout.months * layout.width, np.int32),
            extremes,
            np.zeros((len(EVENTS), layout.steps + 1), np.int64),
            np.zeros((size(BINS[LOSS]), 3), np.int64),
        )

    def merge(self, other: "Counts") -> None:
        """Adds the counts of other paths of the same run."""
        for place in other.filled():
            self.counts[place] += other.counts[place]
        np.minimum(self.extremes[..., 0], other.extremes[..., 0], out=self.extremes[..., 0])
        np.maximum(self.extremes[..., 1], other.extremes[..., 1], out=self.extremes[..., 1])
        self.events += other.events
        self.sums += other.sums
        self.paths += other.paths

    def filled(self) -> Iterator[slice]:
        """The stretches of `counts` that can hold anything: between the least and the greatest of each
        fan."""
        for month in range(self.layout.months):
            for slot, name in enumerate(self.layout.fans):
                least, greatest = self.extremes[month, slot].tolist()
                if least <= greatest:
                    start = month * self.layout.width + self.layout.offsets[name]
                    low, high = bin_of_code(least, BINS[name]), bin_of_code(greatest, BINS[name])
                    yield slice(start + low, start + high + 1)

    def of(self, fan: str, month: int) -> tuple[np.ndarray, float, float]:
        """Counts by bin, least and greatest of one quantity at the end of a month (1, 2, ..)."""
        if fan not in self.layout.fans:
            raise InputError(f"this run has no fan of {fan!r}; it has: {' '.join(self.layout.fans)}")
        start = (month - 1) * self.layout.width + self.layout.offsets[fan]
        least, greatest = self.extremes[month - 1, self.layout.fans.index(fan)].tolist()
        return self.counts[start : start + size(BINS[fan])], from_ordered(least), from_ordered(greatest)

    def sha256(self) -> str:
        """One hash over all counts: equal on every device and for every split of the same paths."""
        digest = hashlib.sha256(f"{self.layout.fans} {self.layout.steps} {self.paths}".encode())
        for place in self.filled():
            part = self.counts[place]
            used = np.flatnonzero(part)
            digest.update((used + place.start).astype("<i8").tobytes() + part[used].astype("<i8").tobytes())
        loss = self.sums.copy()  # the two parts of a sum depend on the split, what they say together does not
        loss[:, 2] += loss[:, 1] >> 32
        loss[:, 1] &= 0xFFFFFFFF
        for whole in (self.extremes, self.events, loss):
            digest.update(whole.astype("<i8").tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Watch:
    """Some quantities of every path of a block at the end of one step, path by path."""

    rows: np.ndarray  # int64: numbers of the quantities in path.ROWS
    step: int  # 1, 2, ..; 0: nothing is watched
    values: np.ndarray  # float64 [quantities, paths], written by the executor

    @classmethod
    def of(cls, names: tuple[str, ...], step: int, paths: int) -> "Watch":
        return cls(np.array([ROWS.index(n) for n in names], np.int64), step, np.zeros((len(names), paths)))

    @classmethod
    def nothing(cls) -> "Watch":
        return cls.of((), 0, 0)
