"""Which policies the lab tries: today's, each lever alone, a sample of all, and offspring of the best.

The search meets other random paths than those that the lab then judges by, so that no policy is there because
those happened to be kind to it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from models.attribution import Input
from models.parameters import InputError, Protocol, Scenario
from models.policy import EVENTS, MAX_POLICIES, Policy, check_rule, lab, pays_less, unbeaten
from models.shocks import Shocks
from models.stress.engine import Progress

# Settings that say nothing while the controller is off.
CONTROLLER = ("a", "r_min", "r_max", "g_down", "g_up", "k_min")
ATTEMPTS = 20
ROUNDS = 4
SEARCH_PATHS = 1000
NEW = 0.2  # chance that an offspring's lever is drawn anew


def policy_of(scenario: Scenario, levers: Sequence[str]) -> Policy:
    """What the scenario has these levers at."""
    return {name: getattr(scenario, name) for name in levers}


def explore(
    today: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    levers: Sequence[Input],
    policies: int,
    seed: int,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Policy]:
    """That many different policies: the half from `design`, the others in ROUNDS as offspring of those that
    were best so far, of all and of those that pay no less than today's: each lever from one of two parents
    or drawn anew. Raises InputError for levers or a number that cannot be, Stopped when cancelled."""
    found = design(today, levers, max(policies // 2, len(alone(today, levers))), seed)
    _check_number(policies, len(found))
    now, rng = found[0], np.random.default_rng([seed, ROUNDS])
    for rounds in range(ROUNDS, 0, -1):

        def told(done: int, out_of: int, before: int = ROUNDS - rounds) -> None:
            if progress is not None:
                progress(before * out_of + done, ROUNDS * out_of)

        wanted = len(found) + (policies - len(found)) // rounds
        parents = _best(today, protocol, shocks, found, seed, told, cancelled)
        for _ in range(ATTEMPTS):
            born = [_born(parents, levers, now, today, rng) for _ in range(wanted - len(found))]
            found = _different([*found, *born])
    return _all(found, policies)


def _best(
    today: Scenario,
    protocol: Protocol,
    shocks: Shocks,
    found: list[Policy],
    seed: int,
    progress: Progress,
    cancelled: Callable[[], bool] | None,
) -> list[Policy]:
    elsewhere = (seed + 1) % 2**64
    table = lab(
        today, protocol, shocks, found, paths=SEARCH_PATHS, seed=elsewhere, progress=progress,
        cancelled=cancelled,
    ).policies  # fmt: skip
    no_less = table.filter(~pays_less())
    best = {n for event in EVENTS for part in (table, no_less) for n in unbeaten(part, event)["number"]}
    return [found[number] for number in sorted(best)]


def _born(
    parents: list[Policy],
    levers: Sequence[Input],
    now: Policy,
    today: Scenario,
    rng: np.random.Generator,
) -> Policy:
    pair = [parents[k] for k in rng.integers(len(parents), size=2)]
    child = {
        lever.name: _at(lever, rng.random()) if rng.random() < NEW else pair[rng.integers(2)][lever.name]
        for lever in levers
    }
    return settled(child, now, today)


def design(today: Scenario, levers: Sequence[Input], policies: int, seed: int) -> list[Policy]:
    """That many different policies: `alone`, then a Latin hypercube over all levers, half of it without a
    release cap. Raises InputError for levers or a number that cannot be."""
    from scipy.stats import qmc  # here: scipy takes most of a second to load

    found = alone(today, levers)
    _check_number(policies, len(found))
    now, attempt = found[0], 0
    while len(found) < policies and attempt < ATTEMPTS:  # levers that are all choices give settings twice
        cube = qmc.LatinHypercube(len(levers), rng=np.random.default_rng([seed, attempt]))
        drawn = [
            settled({lever.name: _at(lever, u) for lever, u in zip(levers, row, strict=True)}, now, today)
            for row in cube.random(policies - len(found)).tolist()
        ]
        found, attempt = _different([*found, *drawn]), attempt + 1
    return _all(found, policies)


def alone(today: Scenario, levers: Sequence[Input]) -> list[Policy]:
    """Today's policy, then each lever alone at the ends of its range or at its other choices, a controller's
    setting with the controller on. Raises InputError for levers that cannot be."""
    names = [lever.name for lever in levers]
    if not names or len(set(names)) < len(names):
        raise InputError("each lever can be named once" if names else "no lever is named; name at least one")
    check_rule(today)
    now = policy_of(today, names)
    found = [now]
    for lever in levers:
        on = {"controller": True} if lever.name in CONTROLLER and "controller" in now else {}
        ends = lever.choices or (lever.low, lever.high)
        found += [settled({**now, **on, lever.name: value}, now, today) for value in ends]
    return _different(found)


def settled(policy: Policy, now: Policy, today: Scenario) -> Policy:
    """A controller that is off has no settings but today's; one that is on does not cut above where it
    raises."""
    if not policy.get("controller", today.controller):
        return {**policy, **{name: now[name] for name in CONTROLLER if name in policy}}
    low, high = (policy.get(name, getattr(today, name)) for name in ("r_min", "r_max"))
    if low > high:
        return {**policy, **({"r_max": low} if "r_max" in policy else {"r_min": high})}
    return policy


def _at(lever: Input, u: float) -> Any:
    """A choice, or a number of three digits: what a sample draws should be readable, and settable."""
    if lever.name == "release_cap":
        return None if u < 0.5 else _three_digits(lever, 2 * u - 1)
    return lever.at(u) if lever.choices else _three_digits(lever, u)


def _three_digits(lever: Input, u: float) -> float:
    return min(max(float(f"{lever.at(u):.3g}"), lever.low), lever.high)


def _different(policies: Sequence[Policy]) -> list[Policy]:
    """Each once, in order."""
    return list({tuple(policy.values()): policy for policy in policies}.values())


def _check_number(policies: int, least: int) -> None:
    if not least <= policies <= MAX_POLICIES:
        raise InputError(
            f"policies = {policies} is not allowed: with these levers it must be from {least} (today's and "
            f"each lever alone) to {MAX_POLICIES}"
        )


def _all(found: list[Policy], policies: int) -> list[Policy]:
    if len(found) < policies:
        raise InputError(
            f"policies = {policies} is not allowed: these levers gave only {len(found)} different ones"
        )
    return found
