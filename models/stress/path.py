"""One step of one random path, whole: draws, shock, economy, and what a stress test remembers of it.

Restricted Python, like everything that it calls: CPython runs it as the reference, and the CPU lanes and the
GPU run the same source.
"""

from typing import NamedTuple

from models.economy import UNLIMITED, Inputs, Params, State, is_empty, is_short, step
from models.shocks import ShockParams, shock, start_regime
from models.stress.draws import Draws, Words, draw, draw_block, draw_start


class Tally(NamedTuple):
    """What a stress test remembers of a path besides its state."""

    price: float  # USD per IO, of the last step
    demand: float  # relative, of the last step
    coverage: float  # lowest of the month so far
    pay: float  # lowest of the month so far
    psi: float  # lowest of the month so far
    runway: float  # months; lowest of the month so far
    lowest_pay: float  # of the run so far
    shortfall_usd: float  # USD short, summed over the run
    burned: float  # IO, summed over the run: rule 7's whole burn
    retired: float  # IO, summed over the run
    emitted: float  # IO into V, summed over the run
    released: float  # IO out of V to suppliers, summed over the run
    circulating: float  # IO: C + K + Q
    first_shortfall: float  # step of the event, 0 while it has not happened
    first_empty: float
    first_underpaid: float


class Path(NamedTuple):
    """One random path between two steps."""

    state: State
    tally: Tally
    regime: float


# The numbers of a path, in the order in which every executor keeps them.
ROWS = (*State._fields, *Tally._fields, "regime")


class Moment(NamedTuple):
    """What a step has beside its Inputs: its place in the run, and what a bootstrap must know of its days."""

    step: float  # 1, 2, ..
    new_month: float  # 1 in the first step of a month
    mean_return: float  # expected log return of the step's days in the history
    inverse_sd: float  # 1 / standard deviation of that return; 0 for a step without days


def begin(start: State, q: ShockParams, seed: Words, path: Words) -> Path:
    """A path before its first step."""
    tally = Tally(
        0.0,
        1.0,
        1.0,
        1.0,
        UNLIMITED,
        UNLIMITED,
        UNLIMITED,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        start.C + start.K + start.Q,
        0.0,
        0.0,
        0.0,
    )
    return Path(start, tally, start_regime(draw_start(seed, path), q))


def block_start(seed: Words, path: Words, block: int, days: int) -> int:
    """The day of the history, 0 .. days - 1, at which a block of the bootstrap starts."""
    return (draw_block(seed, path, block) * days) >> 32


def shaken(a: Path, q: ShockParams, m: Moment, e: Draws, moved: float) -> Path:
    """A path after a step's random move and before its economy. `moved` is the bootstrap's log return of the
    step's days, 0 without one."""
    normed = (moved - m.mean_return) * m.inverse_sd
    s = a.state
    b = shock(a.regime, s.x, s.y, q, e, moved, normed)
    return Path(State(s.U, s.V, s.L, s.C, s.K, s.Q, s.B, s.F, s.N, s.k, s.g, b.x, b.y), a.tally, b.regime)


def settled(a: Path, p: Params, i: Inputs, m: Moment, least: float) -> Path:
    """A path after a step's economy. `least` is the pay below which suppliers count as underpaid."""
    s, f = step(a.state, p, i)
    o = a.tally
    fresh = m.new_month > 0.5
    return Path(
        s,
        Tally(
            f.price,
            f.demand,
            f.coverage if fresh else min(o.coverage, f.coverage),
            f.pay if fresh else min(o.pay, f.pay),
            f.psi if fresh else min(o.psi, f.psi),
            f.runway if fresh else min(o.runway, f.runway),
            min(o.lowest_pay, f.pay),
            o.shortfall_usd + f.short,
            o.burned + (f.burned_market + f.burned_vault + f.burned_unissued + f.overflow_burned),
            o.retired + f.retired,
            o.emitted + f.emitted,
            o.released + f.released,
            s.C + s.K + s.Q,
            m.step if o.first_shortfall == 0.0 and is_short(f) else o.first_shortfall,
            m.step if o.first_empty == 0.0 and is_empty(s, f, p) else o.first_empty,
            m.step if o.first_underpaid == 0.0 and f.pay < least else o.first_underpaid,
        ),
        a.regime,
    )


def advance(
    a: Path,
    p: Params,
    q: ShockParams,
    i: Inputs,
    m: Moment,
    least: float,
    seed: Words,
    path: Words,
    t: int,
    moved: float,
) -> Path:
    """One step, whole; `t` is its number as a whole number."""
    return settled(shaken(a, q, m, draw(seed, path, t), moved), p, i, m, least)
