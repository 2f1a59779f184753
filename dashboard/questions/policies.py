"""The policy lab and the networks' rules on random futures, as questions that risks.py records."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboard.progress import Parts, Progress
from data.mechanisms import build_mechanisms
from data.policy_inputs import LEVERS, levers_for
from data.registry import Registry
from models.mechanism_futures import rules_on_futures
from models.parameters import Scenario, parse_scenario
from models.policy import EVENTS, QUANTITIES, Policy, best, check_rule, lab, pays_less
from models.policy_design import ROUNDS, SEARCH_PATHS, explore, policy_of, settled
from models.shocks import Shocks

if TYPE_CHECKING:
    from dashboard.answers import Answers

Tables = dict[str, pl.DataFrame]
Cancelled = Callable[[], bool]
TODAY, YOURS, ALONE, SAMPLED = "today", "yours", "one lever", "sampled"


@dataclass(frozen=True)
class PolicyQuestion:
    """Burn against solvency. `scenario` has every lever as it is today; `own`: the reader's values of the
    levers in their order, where they are not today's. Made by `policy_question`."""

    scenario: Scenario
    shocks: Shocks
    levers: tuple[str, ...] = LEVERS
    policies: int = 200
    paths: int = 20_000
    seed: int = 1
    own: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class MechanismsQuestion:
    """Other networks' rules beside the engine's, month by month over random futures."""

    scenario: Scenario
    shocks: Shocks
    paths: int = 2000
    seed: int = 1


def policy_question(
    registry: Registry,
    scenario: Scenario,
    shocks: Shocks,
    levers: tuple[str, ...] = LEVERS,
    policies: int = 200,
    paths: int = 20_000,
    seed: int = 1,
) -> PolicyQuestion:
    """The scenario's policy is one point more, unless it is today's. Raises InputError."""
    levers_for(registry, levers)
    check_rule(scenario)
    now = policy_of(registry.baseline(), levers)
    today = parse_scenario(now, scenario)
    mine = settled(policy_of(scenario, levers), now, today)
    own = None if mine == now else tuple(mine.values())
    return PolicyQuestion(today, shocks, levers, policies, paths, seed, own)


def policy(
    answers: "Answers", q: PolicyQuestion, progress: Progress | None, cancelled: Cancelled | None
) -> tuple[dict[str, Any], Tables]:
    registry = answers.registry
    shown = Parts([ROUNDS * SEARCH_PATHS, q.paths], progress)  # of paths a policy, about
    tried = explore(
        q.scenario, answers.protocol, q.shocks, levers_for(registry, q.levers), q.policies, q.seed,
        progress=shown.next(), cancelled=cancelled,
    )  # fmt: skip
    kinds = [TODAY] + [_kind(tried[0], other) for other in tried[1:]]
    mine = None if q.own is None else dict(zip(q.levers, q.own, strict=True))
    if mine in tried:
        kinds[tried.index(mine)] = YOURS
    elif mine is not None:
        tried, kinds = [*tried, mine], [*kinds, YOURS]
    found = lab(
        q.scenario, answers.protocol, q.shocks, tried, paths=q.paths, seed=q.seed, progress=shown.next(),
        cancelled=cancelled,
    )  # fmt: skip
    table = found.policies.insert_column(1, pl.Series("kind", kinds))
    figures = {
        "levers": {i.name: i.title for i in levers_for(registry, q.levers)},
        "quantities": {name: quantity._asdict() for name, quantity in QUANTITIES.items()},
        "best": {event: _best(table, event) for event in EVENTS},
        "policies": q.policies,
        "paths": q.paths,
        "seed": q.seed,
        "months": q.scenario.months,
    }
    return figures, {"policies": table}


def _best(table: pl.DataFrame, event: str) -> dict[str, int]:
    """Numbers of policies: the most burn at no more risk than today's, the least risk at no less burn, and
    that among those which pay no less."""
    burn, safe = best(table, event)
    _, fair = best(table.filter(~pays_less()), event)
    return {"burn": burn["number"], "safe": safe["number"], "fair": fair["number"]}


def _kind(today: Policy, policy: Policy) -> str:
    """A controller's setting counts as one lever with the controller itself."""
    moved = [name for name in policy if policy[name] != today[name] and name != "controller"]
    return ALONE if len(moved) <= 1 else SAMPLED


def mechanisms(
    answers: "Answers", q: MechanismsQuestion, progress: Progress | None, cancelled: Cancelled | None
) -> tuple[dict[str, Any], Tables]:
    rules = build_mechanisms(answers.registry.facts)
    found = rules_on_futures(
        q.scenario, answers.protocol, q.shocks, rules, paths=q.paths, seed=q.seed, progress=progress,
        cancelled=cancelled,
    )  # fmt: skip
    figures = {"paths": q.paths, "seed": q.seed, "months": q.scenario.months}
    return figures, {"totals": found.totals, "by_month": found.by_month}
