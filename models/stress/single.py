"""Projections under many designed shocks: the plain-Python step compiled for one path at a time.

A path ends here at its event, and it is alone: in lanes (models/stress/cpu.py) it would cost as much as all
of them. The bits are those of models.projection.
"""

import threading
from functools import cache
from types import ModuleType
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.stress import cpu
from models.stress.plan import Plan

Event = Literal["shortfall", "underpaid"]
Array = npt.NDArray[np.float64]

_TEXT = '''"""Made by models/stress/single.py; do not edit."""

import numba

from models import economy
from models.economy import Inputs
from models.stress.compiled import compiled

step = compiled(economy.step)
is_short = compiled(economy.is_short)


@numba.njit(error_model="numpy", nogil=True, cache=True)
def happens(start, p, inputs, least, underpaid, first, end, price, demand):
    s = start
    for t in range(inputs.shape[0]):
        unlock, emission, level, relative, base = inputs[t]
        if first <= t < end:
            level, relative = level * price, relative * demand
        s, f = step(s, p, Inputs(unlock, emission, level, relative, base))
        if f.pay < least if underpaid else is_short(f):
            return True
    return False


@numba.njit(error_model="numpy", nogil=True, cache=True)
def row(start, p, inputs, least, underpaid, first, end, price_drop, demand_drops, out):
    for k in range(len(demand_drops)):
        out[k] = happens(
            start, p, inputs, least, underpaid, first, end, 1 - price_drop, 1 - demand_drops[k]
        )


@numba.njit(error_model="numpy", nogil=True, cache=True)
def edge(start, p, inputs, least, underpaid, first, end, of_price, fixed, low, high, rounds):
    for _ in range(rounds):
        middle = (low + high) / 2
        price, demand = (middle, fixed) if of_price else (fixed, middle)
        if happens(start, p, inputs, least, underpaid, first, end, 1 - price, 1 - demand):
            high = middle
        else:
            low = middle
    return high
'''


_MAKING = threading.Lock()


def _kernel() -> ModuleType:
    with _MAKING:  # once, whichever thread asks first
        return _made()


@cache
def _made() -> ModuleType:
    return cpu.loaded("vaultline_single", _TEXT)


class Triggers:
    """Does a shock of the plan's steps `first` .. `end - 1` (from 0) bring the event? Drops are fractions."""

    def __init__(self, plan: Plan, event: Event, first: int, end: int) -> None:
        self._given = (plan.start, plan.params, plan.inputs, plan.least_pay, event == "underpaid", first, end)

    def __call__(self, price_drop: float, demand_drop: float) -> bool:
        return bool(_kernel().happens(*self._given, 1 - price_drop, 1 - demand_drop))

    def row(self, price_drop: float, demand_drops: Array) -> npt.NDArray[np.bool_]:
        """For every one of `demand_drops` beside one price drop."""
        out = np.zeros(len(demand_drops), np.bool_)
        _kernel().row(*self._given, price_drop, demand_drops, out)
        return out

    def edge(self, of_price: bool, fixed: float, low: float, high: float, rounds: int) -> float:
        """The root by bisection, from its triggering side, between `low`, which does not trigger, and `high`,
        which does: of the price drop beside a demand drop `fixed`, or the other way round."""
        return float(_kernel().edge(*self._given, of_price, fixed, low, high, rounds))
