"""The policy lab: which settings of the engine burn most for the safety that they leave.

Every policy meets the same random paths, so that a difference between two of them comes from the settings
alone, and its error is that of the paired differences. Nothing here says what is best: more burn for less
safety is a choice, and only a policy that another one beats in both is a mistake.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from models.parameters import InputError, Protocol, Scenario, parse_scenario
from models.shocks import Shocks
from models.stress import cpu
from models.stress.compare import watched
from models.stress.engine import Progress, check_request
from models.stress.plan import Plan, make_plan
from models.stress.summary import NORMAL_95, probability
from models.stress.sweep import sweep

Array = npt.NDArray[np.float64]
Policy = dict[str, Any]  # a value for every lever, by the Scenario's names
MAX_POLICIES = 1000
# Numbers that are held in memory at a time: paths x policies x quantities.
HELD = 8_000_000
ROUNDING = 1e-9
EFFICIENT, DOMINATED, UNCLEAR = "efficient", "dominated", "not told apart"


class Quantity(NamedTuple):
    """What a policy did over the run; for an event, whether it came."""

    title: str
    unit: str


QUANTITIES = {
    "burned": Quantity("Burned, mean", "IO"),
    "p_shortfall": Quantity("Chance of a shortfall", "fraction"),
    "p_underpaid": Quantity("Chance of underpaid suppliers", "fraction"),
    "lowest_pay": Quantity("Lowest supplier pay, mean", "fraction of H0"),
    "shortfall_usd": Quantity("Shortfall, mean", "USD"),
    "released": Quantity("Released to suppliers, mean", "IO"),
    "retired": Quantity("Retired, mean", "IO"),
}
EVENTS = {"shortfall": "p_shortfall", "underpaid": "p_underpaid"}
_WATCHED = (
    "burned", "first_shortfall", "first_underpaid", "lowest_pay", "shortfall_usd", "released", "retired",
)  # fmt: skip
_COMPARED = ("burned", *EVENTS.values())  # pair by pair


@dataclass(frozen=True)
class Lab:
    """`policies`: number, then the value of each lever (release_cap: null is no cap), then for each of
    QUANTITIES its mean over the paths NAME with its standard error NAME_error, and NAME_less and
    NAME_less_error, the paired difference to policy 0 with its own; for each chance its 95 % interval
    NAME_low, NAME_high; for each of EVENTS its verdict (EFFICIENT, DOMINATED, UNCLEAR) verdict_EVENT and
    beaten_by_EVENT, the number of a policy that beats it (null: none)."""

    policies: pl.DataFrame
    paths: int


def lab(
    scenario: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    policies: Sequence[Policy],
    *,
    paths: int = 20_000,
    seed: int = 1,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Lab:
    """Runs every policy over paths 0 .. paths - 1; the first is what the others are compared with. Memory
    does not grow with the paths. Raises InputError for an impossible question, Stopped when cancelled."""
    check_request(paths, seed)
    check_rule(scenario)
    if not policies or len(policies) > MAX_POLICIES:
        raise InputError(f"{len(policies)} policies are not allowed: 1 to {MAX_POLICIES} are")
    plans = [make_plan(parse_scenario(policy, scenario), protocol, shocks) for policy in policies]
    sums = _run(plans, seed, paths, progress, cancelled)
    columns: dict[str, Any] = {"number": range(len(policies))}
    columns |= {name: [policy[name] for policy in policies] for name in policies[0]}
    for k, name in enumerate(QUANTITIES):
        columns |= _told(name, sums, k, paths)
    errors = {name: _pair_errors(sums, k, paths) for k, name in enumerate(_COMPARED)}
    for event, chance in EVENTS.items():
        verdict, beaten_by = verdicts(columns["burned"], columns[chance], errors["burned"], errors[chance])
        columns |= {f"verdict_{event}": verdict, f"beaten_by_{event}": beaten_by}
    numbers = [name for name, value in policies[0].items() if not isinstance(value, bool | str)]
    types: dict[str, Any] = dict.fromkeys(numbers, pl.Float64)
    types |= {f"beaten_by_{event}": pl.Int64 for event in EVENTS}
    return Lab(pl.DataFrame(columns, schema_overrides=types), paths)


def check_rule(scenario: Scenario) -> None:
    """Raises InputError for a rule that no lever moves."""
    if scenario.rule != "ide":
        raise InputError(
            f"rule = {scenario.rule!r} is not allowed: only the engine (rule ide) has a policy to set"
        )


def verdicts(
    burned: Array, chance: Array, burned_error: Array, chance_error: Array
) -> tuple[list[str], list[int | None]]:
    """For each policy whether another beats it, and which. `burned` and `chance` have one entry a policy,
    the errors of their paired differences one a pair.

    One beats another where it burns no less at no more chance and is better in one of the two. DOMINATED: by
    one that is better by more than the 95 % error of that difference. UNCLEAR: only by less than that, so
    another draw might turn it. Each pair is judged alone: among very many, some lie beyond their error by
    luck. Named is, of those that beat it most surely, the one that burns most (then: has the lowest chance,
    the lowest number)."""
    more = _rounded(burned[None, :] - burned[:, None], burned)
    safer = _rounded(chance[:, None] - chance[None, :], chance)
    no_worse = (more >= 0) & (safer >= 0)
    better = no_worse & ((more > 0) | (safer > 0))
    surely = no_worse & ((more > NORMAL_95 * burned_error) | (safer > NORMAL_95 * chance_error))
    order = np.lexsort((np.arange(len(burned)), chance, -burned))
    found: list[str] = []
    beaten_by: list[int | None] = []
    for mine, sure in zip(better, surely, strict=True):
        of = sure if sure.any() else mine
        found.append(DOMINATED if sure.any() else UNCLEAR if mine.any() else EFFICIENT)
        beaten_by.append(int(order[of[order]][0]) if of.any() else None)
    return found, beaten_by


def _rounded(differences: Array, values: Array) -> Array:
    """Without what sums in another order make of nothing."""
    return np.where(np.abs(differences) <= ROUNDING * np.abs(values).max(), 0.0, differences)


class _Sums(NamedTuple):
    """Over the paths, for quantities x policies: values, their squares about `centre`, differences to
    policy 0 and their squares; for _COMPARED, products of any two policies' differences to policy 0."""

    centre: Array
    values: Array
    squares: Array
    less: Array
    less_squares: Array
    products: Array


def _run(
    plans: Sequence[Plan],
    seed: int,
    paths: int,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> _Sums:
    shape = (len(QUANTITIES), len(plans))
    chunk = max(HELD // (shape[0] * shape[1] * cpu.LANES), 1) * cpu.LANES
    centre, total, squares, less_total, less_squares = np.zeros((5, *shape))
    products = np.zeros((len(_COMPARED), len(plans), len(plans)))
    for first in range(0, paths, chunk):
        number = min(chunk, paths - first)

        def told(done: int, out_of: int, first: int = first, number: int = number) -> None:
            if progress is not None:
                progress(first * out_of + number * done, paths * out_of)

        def work(plan: Plan, first: int = first, number: int = number) -> Array:
            return _values(plan, seed, first, number)

        values = np.array(sweep(plans, work, progress=told, cancelled=cancelled)).transpose(1, 0, 2)
        if first == 0:
            centre = values.mean(axis=2)
        less = values - values[:, :1]
        total += values.sum(axis=2)
        squares += ((values - centre[..., None]) ** 2).sum(axis=2)
        less_total += less.sum(axis=2)
        less_squares += (less**2).sum(axis=2)
        for k in range(len(_COMPARED)):
            products[k] += less[k] @ less[k].T
    return _Sums(centre, total, squares, less_total, less_squares, products)


def _values(plan: Plan, seed: int, first: int, paths: int) -> Array:
    """QUANTITIES of each path."""
    values = watched(plan, seed, first, paths, _WATCHED, plan.steps)
    for k, name in enumerate(_WATCHED):
        if name.startswith("first_"):
            values[k] = values[k] > 0
    return values


def _told(name: str, sums: _Sums, k: int, paths: int) -> dict[str, Array | list[float]]:
    mean, less = sums.values[k] / paths, sums.less[k] / paths
    columns: dict[str, Array | list[float]] = {
        name: mean,
        f"{name}_error": _error(sums.squares[k] / paths, mean - sums.centre[k], paths),
        f"{name}_less": less,
        f"{name}_less_error": _error(sums.less_squares[k] / paths, less, paths),
    }
    if name in EVENTS.values():
        sure = [probability(int(hits), paths) for hits in sums.values[k].tolist()]
        columns |= {f"{name}_low": [p.low for p in sure], f"{name}_high": [p.high for p in sure]}
    return columns


def _pair_errors(sums: _Sums, k: int, paths: int) -> Array:
    """Standard errors of the mean difference between any two policies."""
    squares = np.diag(sums.products[k])
    both = squares[:, None] + squares[None, :]
    of_pair = both - 2 * sums.products[k]
    of_pair[of_pair < ROUNDING * both] = 0.0  # two that did the same on every path
    less = (sums.less[k][:, None] - sums.less[k][None, :]) / paths
    return _error(of_pair / paths, less, paths)


def _error(mean_square: Array, mean: Array, paths: int) -> Array:
    return np.sqrt(np.maximum(mean_square - mean**2, 0.0) / paths)


def pays_less() -> pl.Expr:
    """Whether a policy's lowest pay is below policy 0's by more than the 95 % error of the difference."""
    return pl.col("lowest_pay_less") < -NORMAL_95 * pl.col("lowest_pay_less_error")


def unbeaten(policies: pl.DataFrame, event: str) -> pl.DataFrame:
    """Those of these rows that no other of them beats, whatever the errors, from the least burn to the
    most; of equals the first."""
    chance = pl.col(EVENTS[event])
    by_burn = policies.sort("burned", chance, "number", descending=[True, False, False])
    return by_burn.filter(chance < chance.cum_min().shift(1, fill_value=2.0)).reverse()


def best(policies: pl.DataFrame, event: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Against policy 0: the row that burns most at no more chance of the event, and the one with the lowest
    chance that burns no less. They are the best of many on the same paths, which flatters them by about an
    error. Policy 0 itself where none is better."""
    chance = EVENTS[event]
    none_worse = policies.filter(pl.col(f"{chance}_less") <= 0)
    no_less = policies.filter(pl.col("burned_less") >= -ROUNDING * pl.col("burned").abs())
    return (
        none_worse.sort("burned", chance, "number", descending=[True, False, False]).row(0, named=True),
        no_less.sort(chance, "burned", "number", descending=[False, True, False]).row(0, named=True),
    )
