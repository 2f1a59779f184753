"""What a fleet earns over random paths, as a request for the engine's process: whole paths are held for it,
and a reader who tries many fleets on one scenario meets the same ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from models.parameters import Protocol, Scenario, parse_scenario
from models.readers.fleet import Fleet
from models.readers.fleet_income import Case, Judgement
from models.readers.futures import Futures, futures, own_future
from models.readers.suppliers import Answer, answer
from models.shocks import Shocks


@dataclass(frozen=True)
class Incomes:
    """`otherwise`: the alternatives of what nobody has published, by field of Judgement."""

    scenario: Scenario
    protocol: Protocol
    shocks: Shocks
    fleet: Fleet
    judged: Judgement
    otherwise: Mapping[str, Sequence[float]]
    paths: int
    seed: int

    @property
    def path_steps(self) -> int:
        # the kernel shows one step of a run, so that each month is a run of its own
        return self.paths * self.scenario.months * (self.scenario.months + 1)

    def answer(self, _: Callable[[], bool]) -> Answer:
        """Under the scenario's rule, beside the old schedule on the same paths."""
        return self._answer(*_futures(*self._rules, self.protocol, self.shocks, self.paths, self.seed))

    def without_shocks(self) -> Answer:
        """The same on the scenario's own path alone: known at once, and without any chance in it."""
        return self._answer(*(own_future(scenario, self.protocol) for scenario in self._rules))

    @property
    def _rules(self) -> tuple[Scenario, Scenario]:
        """The scenario, and the old schedule; one that is under the old schedule already is compared with
        the engine all the same."""
        rule = "ide" if self.scenario.rule == "legacy" else self.scenario.rule
        ours, theirs = (parse_scenario({"rule": name}, self.scenario) for name in (rule, "legacy"))
        return ours, theirs

    def _answer(self, engine: Futures, old: Futures) -> Answer:
        history = self.scenario.price_history
        price = self.scenario.P0 if history is None else history[0][0]
        case = Case(self.fleet, self.judged, engine, old, self.scenario.H0, price)
        return answer(case, self.otherwise)


@lru_cache(maxsize=2)
def _futures(
    ours: Scenario, theirs: Scenario, protocol: Protocol, shocks: Shocks, paths: int, seed: int
) -> tuple[Futures, Futures]:
    one, two = (futures(s, protocol, shocks, paths=paths, seed=seed) for s in (ours, theirs))
    return one, two
