"""Reserve needed, reverse stress and attribution as answers: found in the store, else computed and recorded.

Answers load this when they are asked: it brings scipy and the compiler of the paths along."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from dashboard.answers import Answers
from dashboard.progress import Parts, Progress
from dashboard.questions.policies import MechanismsQuestion, PolicyQuestion, mechanisms, policy
from dashboard.versions import model_version
from data.intake import NO_STEPS
from data.records import RunRecord, run_id
from data.risk_inputs import DEFAULT_INPUTS, input_for, shock_marks, what_would_settle
from data.unpublished import Alternative, drift_and_demand
from models import frontier, reserve
from models.attribution import METRICS, attribute, check_inputs
from models.compiler import vault_at_start
from models.parameters import InputError, Scenario
from models.reserve import VAULTS, Ask, Vault
from models.shocks import Shocks
from models.stress import cpu
from models.stress.draws import LAYOUT
from models.stress.plan import make_plan
from models.stress.single import Event

SOURCES = (
    "reserve.py", "frontier.py", "attribution.py", "likelihood.py", "shocks.py", "stress/path.py",
    "stress/single.py",
    "policy.py", "policy_design.py", "mechanisms.py", "mechanism_paths.py", "mechanism_futures.py",
)  # fmt: skip
HEADLINE_LEVEL = 0.05
RANGED = ("H0", "order")  # what is unpublished besides the start vault, which is the question here
Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class ReserveQuestion:
    """How much reserve? `curve`: the horizon and level of the trade-off and of the range."""

    scenario: Scenario
    shocks: Shocks
    ask: Ask
    curve: tuple[int, float] | None = None

    @property
    def headline(self) -> tuple[int, float]:
        """The horizon and level that the sentence speaks of: the longest, at 5 % or the first level."""
        levels = self.ask.levels
        own = (max(self.ask.horizons), HEADLINE_LEVEL if HEADLINE_LEVEL in levels else levels[0])
        return self.curve or own


@dataclass(frozen=True)
class FrontierQuestion:
    """Which shocks? Without `shocks` no point is the nearest."""

    scenario: Scenario
    shocks: Shocks | None
    event: Event = "shortfall"
    durations: tuple[int | None, ...] = frontier.DURATIONS
    points: int = 100


@dataclass(frozen=True)
class AttributionQuestion:
    """Which assumptions?"""

    scenario: Scenario
    shocks: Shocks
    inputs: tuple[str, ...] = DEFAULT_INPUTS
    metric: str = "p_shortfall"
    paths: int = 1024
    base_points: int = 1024
    seed: int = 1


Question = ReserveQuestion | FrontierQuestion | AttributionQuestion | PolicyQuestion | MechanismsQuestion


@dataclass(frozen=True)
class Found:
    """An answer: plain figures and tables by name. `found`: nothing was computed now; `note`: why it is not
    in the store, if so."""

    kind: str
    figures: dict[str, Any]
    tables: dict[str, pl.DataFrame]
    seconds: float
    run_id: str
    found: bool
    note: str | None


def ask(
    answers: Answers, question: Question, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> Found:
    """Raises InputError for an impossible question, models.stress.sweep.Stopped when cancelled."""
    compute, kind = _KINDS[type(question)]
    # A question that cannot be answered is refused before anything is computed.
    make_plan(question.scenario, answers.protocol, question.shocks or frontier.STILL)
    name, parameters, version = name_of(answers, question), _parameters(question), answers.registry.version
    known = answers.store.find_run(name) if answers.store else None
    if known is not None:
        return _revived(known, name)
    begun = time.perf_counter()
    figures, tables = compute(answers, question, progress, cancelled)
    seconds = time.perf_counter() - begun
    summary = {"figures": figures, "tables": {key: _packed(frame) for key, frame in tables.items()}}
    record = RunRecord(
        kind, question.scenario.canonical_json(), version, model_version(), summary, NO_STEPS, seconds,
        datetime.now(UTC), parameters,
    )  # fmt: skip
    note = answers.record(lambda: record)
    return Found(kind, figures, tables, seconds, name, False, note)


def name_of(answers: Answers, question: Question) -> str:
    """The id under which the answer is found again."""
    return run_id(
        _KINDS[type(question)][1],
        question.scenario,
        facts_version=answers.registry.version,
        model_version=model_version(),
        parameters=_parameters(question),
    )


def _parameters(question: Question) -> dict[str, Any]:
    """All that decides the answer besides scenario, facts and model."""
    own = {k: v for k, v in vars(question).items() if k not in ("scenario", "shocks")}
    if isinstance(question, ReserveQuestion):
        own |= {"ask": asdict(question.ask), "curve": question.headline}
    shocks = question.shocks
    return {
        **json.loads(json.dumps(own)),
        "shocks": None if shocks is None else json.loads(shocks.canonical_json()),
        "kernel": cpu.source_hash(),
        "draw_layout": LAYOUT,
        "code": code_version(),
    }


@cache
def code_version() -> str:
    """A digest of what these answers are reckoned with, so that none outlives an edit of it."""
    folder = resources.files("models")
    return hashlib.sha256(b"".join(folder.joinpath(name).read_bytes() for name in SOURCES)).hexdigest()


def _packed(frame: pl.DataFrame) -> dict[str, Any]:
    return {"schema": {name: str(kind) for name, kind in frame.schema.items()}, "rows": frame.rows()}


def _unpacked(packed: Mapping[str, Any]) -> pl.DataFrame:
    schema = {name: getattr(pl, kind) for name, kind in packed["schema"].items()}
    return pl.DataFrame([tuple(row) for row in packed["rows"]], schema=schema, orient="row")


def _revived(record: RunRecord, name: str) -> Found:
    tables = {key: _unpacked(packed) for key, packed in record.summary["tables"].items()}
    return Found(record.kind, record.summary["figures"], tables, record.seconds, name, True, None)


def _reserve(
    answers: Answers, q: ReserveQuestion, progress: Progress | None, cancelled: Cancelled | None
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    q.ask.check()
    protocol, m0 = answers.protocol, q.scenario.m0
    horizon, level = q.headline
    if horizon > max(q.ask.horizons):
        raise InputError(
            f"a trade-off over {horizon} months is not allowed: the longest horizon is {max(q.ask.horizons)}"
        )
    replace(q.ask, horizons=(horizon,), levels=(level,)).check()
    named = answers.registry.alternatives(q.scenario, RANGED)
    others = [Alternative(label, s, q.shocks) for label, s in named]
    others += drift_and_demand(answers.registry, q.scenario, q.shocks)
    quick = replace(q.ask, horizons=(horizon,), levels=(level,), paths=q.ask.curve_paths)
    work = [q.ask.points * q.ask.paths] * 2 + [q.ask.curve_vaults * q.ask.curve_fees * q.ask.curve_paths]
    shown = Parts([*work, *[q.ask.points * q.ask.curve_paths] * len(others)], progress)

    def needed(scenario: Scenario, shocks: Shocks, ask: Ask, vault: Vault) -> reserve.Reserve:
        return reserve.reserve_needed(
            scenario, protocol, shocks, ask, vault, progress=shown.next(), cancelled=cancelled
        )

    found = {vault: needed(q.scenario, q.shocks, q.ask, vault) for vault in VAULTS}
    curve = reserve.trade_off(
        q.scenario, protocol, q.shocks, q.ask, horizon, level, progress=shown.next(), cancelled=cancelled
    )
    ranged = [
        {
            "label": a.label,
            **needed(a.scenario, a.shocks, quick, "V0").needed.drop("horizon", "level").row(0, named=True),
        }
        for a in others
    ]
    tables = {f"{vault}_{part}": getattr(r, part) for vault, r in found.items()
              for part in ("needed", "reversals", "points")}  # fmt: skip
    in_months = [
        None if io is None else reserve.months_of_schedule(io, protocol, m0)
        for io in tables["V0_needed"]["needed"].to_list()
    ]
    tables["V0_needed"] = tables["V0_needed"].with_columns(
        pl.Series("months_of_schedule", in_months, dtype=pl.Float64)
    )
    tables |= {"curve": curve, "range": pl.DataFrame(ranged, schema_overrides=_RANGE)}
    figures = {
        "event": q.ask.event,
        "horizon": horizon,
        "level": level,
        "grid_io": found["V0"].top / (q.ask.points - 1),
        "grid_usd": found["F0"].top / (q.ask.points - 1),
        "top_io": found["V0"].top,
        "top_usd": found["F0"].top,
        "V0": vault_at_start(q.scenario, protocol),
        "F0": q.scenario.F0,
        "paths": q.ask.paths,
        "curve_paths": q.ask.curve_paths,
        "seed": q.ask.seed,
        "sentences": [
            sentence
            for sentence in (
                reserve.beyond_the_paths(q.ask),
                *(reserve.what_would_do(r, h) for r in found.values() for h in q.ask.horizons),
            )
            if sentence is not None
        ],
    }
    return figures, tables


_RANGE = dict.fromkeys(("needed", "low", "high", "p", "least_p"), pl.Float64)


def _frontier(
    answers: Answers, q: FrontierQuestion, progress: Progress | None, cancelled: Cancelled | None
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    found = frontier.frontier(
        q.scenario, answers.protocol, q.shocks, event=q.event, durations=q.durations, points=q.points,
        marks=shock_marks(answers.registry, q.scenario, q.durations), progress=progress, cancelled=cancelled,
    )  # fmt: skip
    figures = {
        "event": q.event,
        "onset": frontier.ONSET,
        "nearest": None if found.nearest is None else found.nearest._asdict(),
        "projections": found.projections,
        "grid": frontier.DEEPEST / (q.points - 1),
    }
    return figures, {name: getattr(found, name) for name in ("edge", "surface", "escapes", "marks")}


def _attribution(
    answers: Answers, q: AttributionQuestion, progress: Progress | None, cancelled: Cancelled | None
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    if q.metric not in METRICS:
        raise InputError(f"there is no metric {q.metric!r}; there are {', '.join(METRICS)}")
    registry = answers.registry
    inputs = [input_for(registry, name) for name in q.inputs]
    check_inputs(inputs, q.base_points)
    found = attribute(
        q.scenario, answers.protocol, q.shocks, inputs, paths=q.paths, base_points=q.base_points,
        seed=q.seed, progress=progress, cancelled=cancelled,
    )  # fmt: skip
    figures = {
        "metric": q.metric,
        "metrics": {name: metric._asdict() for name, metric in METRICS.items()},
        "constant": list(found.constant),
        "paths": q.paths,
        "base_points": q.base_points,
        "seed": q.seed,
        "ranking": found.ranking(q.metric),
        "settle": {name: what_would_settle(registry, name) for name in found.ranking(q.metric)[:3]},
    }
    ranges = [
        {
            "input": i.name,
            "title": i.title,
            "low": None if i.choices else i.low,
            "high": None if i.choices else i.high,
            "choices": ", ".join(map(str, i.choices)),
        }
        for i in inputs
    ]
    own = pl.DataFrame(ranges, schema_overrides={"low": pl.Float64, "high": pl.Float64})
    return figures, {"inputs": own, "tornado": found.tornado, "sobol": found.sobol}


_Compute = Callable[
    [Answers, Any, Progress | None, Cancelled | None], tuple[dict[str, Any], dict[str, pl.DataFrame]]
]
_KINDS: dict[type, tuple[_Compute, str]] = {
    ReserveQuestion: (_reserve, "reserve"),
    FrontierQuestion: (_frontier, "frontier"),
    AttributionQuestion: (_attribution, "attribution"),
    PolicyQuestion: (policy, "policy"),
    MechanismsQuestion: (mechanisms, "mechanisms"),
}
