"""The command that asks again for what was recorded, kind by kind: every input is in it."""

import json
import shlex
from collections.abc import Callable
from typing import Any

from dashboard import settings
from dashboard.questions import fleets, rents
from data.recorded import Recorded
from data.registry import Registry
from models.parameters import InputError, Scenario, parse_scenario
from models.shocks import parse_shocks


def command_of(what: Recorded, registry: Registry) -> str:
    """The whole command that asks the same of this version. Raises InputError where there is none."""
    if what.kind not in _COMMANDS:
        raise InputError(f"no command asks for a {what.kind} by its inputs alone")
    try:
        return _COMMANDS[what.kind](what, registry)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("it was asked otherwise than this version asks") from None


def scenario_of(what: Recorded) -> Scenario:
    """Its scenario. Raises InputError when its inputs are not those of this version any more."""
    if what.scenario is None:
        raise InputError(f"a recorded {what.kind} depends on no scenario")
    try:
        return parse_scenario(json.loads(what.scenario))
    except InputError as error:
        raise InputError(f"its inputs are not those of this version: {error}") from None


def _stress(what: Recorded, _: Registry) -> str:
    from dashboard.questions.stress import Question

    p = what.parameters
    shocks = parse_shocks(p["shocks"])
    return Question(scenario_of(what), shocks, p["paths"], p["seed"], tuple(p["fans"])).command


def _compare(what: Recorded, _: Registry) -> str:
    from dashboard.questions.comparisons import Column, Question

    p = what.parameters
    columns = [Column("first", scenario_of(what))]
    columns += [Column(f"other {at}", parse_scenario(other)) for at, other in enumerate(p["others"], 1)]
    return Question(tuple(columns), parse_shocks(p["shocks"]), p["paths"], p["seed"]).command


def _reserve(what: Recorded, _: Registry) -> str:
    from dashboard.questions.risks import ReserveQuestion
    from dashboard.words.risk_words import reserve_flags
    from models.reserve import Ask

    p = what.parameters
    lists = {name: tuple(value) for name, value in p["ask"].items() if isinstance(value, list)}
    horizon, level = p["curve"]
    shocks, ask = parse_shocks(p["shocks"]), Ask(**{**p["ask"], **lists})
    return _risk(what, reserve_flags(ReserveQuestion(scenario_of(what), shocks, ask, (horizon, level))))


def _frontier(what: Recorded, _: Registry) -> str:
    from dashboard.questions.risks import FrontierQuestion
    from dashboard.words.risk_words import frontier_flags

    p = what.parameters
    question = FrontierQuestion(scenario_of(what), None, p["event"], tuple(p["durations"]), p["points"])
    return _risk(what, frontier_flags(question))


def _attribution(what: Recorded, _: Registry) -> str:
    from dashboard.questions.risks import AttributionQuestion
    from dashboard.words.risk_words import attribution_flags

    p = what.parameters
    question = AttributionQuestion(
        scenario_of(what), parse_shocks(p["shocks"]), tuple(p["inputs"]), p["metric"], p["paths"],
        p["base_points"], p["seed"],
    )  # fmt: skip
    return _risk(what, attribution_flags(question))


def _policy(what: Recorded, _: Registry) -> str:
    from dashboard.questions.policies import PolicyQuestion
    from dashboard.words.policy_words import policy_flags

    p, scenario = what.parameters, scenario_of(what)
    levers, own = tuple(p["levers"]), p["own"]
    mine = scenario if own is None else parse_scenario(dict(zip(levers, own, strict=True)), scenario)
    question = PolicyQuestion(
        scenario, parse_shocks(p["shocks"]), levers, p["policies"], p["paths"], p["seed"]
    )
    return _risk(what, policy_flags(question), mine)


def _mechanisms(what: Recorded, _: Registry) -> str:
    p = what.parameters
    if "paths" not in p:  # on the scenario's own path
        return settings.command(scenario_of(what), "mechanisms")
    return _risk(what, ["--paths", str(p["paths"]), "--seed", str(p["seed"])])


def _risk(what: Recorded, flags: list[str], scenario: Scenario | None = None) -> str:
    from dashboard.shock_settings import shock_words

    shocks = what.parameters["shocks"]
    words = [] if shocks is None else ["--shock", *shock_words(parse_shocks(shocks))]
    return f"{settings.command(scenario or scenario_of(what), what.kind)} {shlex.join([*flags, *words])}"


def _supplier(what: Recorded, registry: Registry) -> str:
    p = what.parameters
    asked = fleets.question(
        registry, p["fleet"], site=p["site"], judged=p["judgement"], paths=p["paths"], seed=p["seed"]
    )
    return fleets.command(scenario_of(what), asked)


def _rent(what: Recorded, _: Registry) -> str:
    work = what.parameters["work"]
    if any(line["low"] != line["high"] for line in work):
        raise InputError("it came from tokens a day, which are not kept")
    hours = ",".join(f"{line['model']}:{settings.value_to_text(line['low'])}" for line in work)
    return rents.command(scenario_of(what), rents.Asked(hours))


def _investors(what: Recorded, registry: Registry) -> str:
    from dashboard.questions import investing

    p, scenario = what.parameters, scenario_of(what)
    more: dict[str, Any] = {name: p[name] for name in ("window", "paths", "seed") if name in p}
    return investing.command(scenario, investing.question(registry, scenario, p.get("contract"), **more))


_COMMANDS: dict[str, Callable[[Recorded, Registry], str]] = {
    "projection": lambda what, _: settings.command(scenario_of(what)),
    "stress": _stress,
    "compare": _compare,
    "reserve": _reserve,
    "frontier": _frontier,
    "attribution": _attribution,
    "policy": _policy,
    "mechanisms": _mechanisms,
    "supplier": _supplier,
    "rent": _rent,
    "issuance": _investors,
    "outlook": _investors,
    "claims": lambda *_: "vaultline claims",
}
