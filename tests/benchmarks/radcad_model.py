"""radCAD as fast as it goes: one state variable, one update, no deep copies, substeps dropped, the C
library's functions and Python's own random numbers instead of the engine's."""

import math
import random
from importlib.metadata import version
from types import FunctionType
from typing import Any

from dashboard.bench import Absent, Contender, Task, timed
from models.economy import Inputs
from models.stress import draws, elementary, path
from models.stress.draws import Draws, Words
from models.stress.path import Moment

NONE = Words(0, 0)


def _variates(*_: Any) -> Draws:
    gauss, uniform = random.gauss, random.random
    return Draws(gauss(), gauss(), uniform(), uniform(), gauss())


def _power(base: float, exponent: float) -> float:
    return base**exponent if base > 0.0 else float(exponent == 0.0)


REPLACED = {
    elementary.exp: math.exp,
    elementary.power: _power,
    draws.draw: _variates,
    draws.draw_start: lambda *_: random.random(),
}


def rebound(source: FunctionType) -> FunctionType:
    """The engine's function with Python's own mathematics in it and in all that it calls."""
    names = {n: source.__globals__.get(n) for n in source.__code__.co_names}
    inner = {n: REPLACED[f] for n, f in names.items() if f in REPLACED}
    inner |= {n: rebound(f) for n, f in names.items() if isinstance(f, FunctionType) and n not in inner}
    return FunctionType(source.__code__, {**source.__globals__, **inner}, source.__name__)


def contender(task: Task) -> Contender:
    try:
        from radcad import Engine, Model, Simulation
        from radcad.engine import Backend
    except ImportError as error:
        raise Absent("radCAD is not installed (pip install radcad)") from error
    plan = task.plan
    inputs = [Inputs(*row) for row in plan.inputs.tolist()]
    moments = [Moment(*row) for row in plan.moments.tolist()]
    begin, advance = rebound(path.begin), rebound(path.advance)

    def update(params: Any, substep: int, history: Any, state: Any, policies: Any) -> tuple[str, Any]:
        t = state["timestep"]
        now = (inputs[t], moments[t], plan.least_pay, NONE, NONE, t + 1, 0.0)
        return "path", advance(state["path"], plan.params, plan.shocks, *now)

    model = Model(
        initial_state={"path": begin(plan.start, plan.shocks, NONE, NONE)},
        state_update_blocks=[{"policies": {}, "variables": {"path": update}}],
        params={},
    )
    engine = Engine(backend=Backend.SINGLE_PROCESS, deepcopy=False, drop_substeps=True)

    def run(paths: int) -> None:
        simulation = Simulation(model=model, timesteps=plan.steps, runs=paths)
        simulation.engine = engine
        simulation.run()

    return Contender(timed(run), 1, f"radCAD {version('radcad')}, its own random numbers, one thread")


BASELINES = {"radCAD": contender}
