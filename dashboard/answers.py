"""One function per question: find it in the store, else compute, record, return.

Pages and commands call only this layer, so that both show the same numbers.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from dashboard import settings
from dashboard.explain.path import FIGURES
from dashboard.questions import fleets, rents
from dashboard.questions.fleets import Question
from dashboard.questions.rents import Rent
from dashboard.versions import code_version, model_version
from data import answer_store, intake
from data.answer_store import Asked
from data.fit_record import FitRecord, fit_record
from data.mechanisms import build_mechanisms
from data.records import PROJECTION, projection_record, run_id
from data.registry import Registry, load_facts
from data.saved import StoredShelf
from data.store import Store, StoreBusy, StoreError, default_path
from models.mechanism_paths import Comparison, Outcome, compare
from models.parameters import InputError, Scenario, field_info, parse_scenario
from models.projection import Projection, monthly, project
from models.readers.customers import Hours
from models.readers.investors import emission_variants, observed_gaps, supply_by_month, unlock_calendar
from models.readers.suppliers import Answer

if TYPE_CHECKING:  # loaded where they are asked for: they bring scipy and the compiler along
    from dashboard.jobs import Jobs
    from dashboard.questions.calibrations import Fitting, Progress, Scored, Scoring
    from dashboard.questions.comparisons import Compared
    from dashboard.questions.comparisons import Question as Compare
    from dashboard.questions.evidence import Audit
    from dashboard.questions.investing import Issuance
    from dashboard.questions.investing import Question as InvestorQuestion
    from dashboard.questions.risks import Found
    from dashboard.questions.risks import Question as RiskQuestion
    from models.calibration import Calibration
    from models.readers.outlook import Outlook

PATIENCE = 2.0  # seconds
REMEMBERED = 64  # answers kept in memory; a projection of ten years by the day is about 2 MB


@dataclass(frozen=True)
class Projected:
    """A run of one scenario: `frame` and `summary` as in models.projection.Projection. `seconds` is what
    computing took; `found` says that it was not computed now; `note` why it is not in the store, if so."""

    scenario: Scenario
    frame: pl.DataFrame
    summary: dict[str, Any]
    run_id: str
    seconds: float
    found: bool
    note: str | None

    @cached_property
    def by_month(self) -> pl.DataFrame:
        return monthly(self.frame)


@dataclass(frozen=True)
class Supply:
    """The supply in both variants (`ide`, `as_reported`), what was observed of it, and what is to unlock."""

    by_month: pl.DataFrame
    observed: pl.DataFrame
    unlocks: pl.DataFrame
    variants: pl.DataFrame


@dataclass(frozen=True)
class Explanation:
    """Where a headline figure comes from. `inputs`: symbol, title, value, unit, kind, source, address;
    `behind`: the run behind it, in words, where that is more than its path."""

    title: str
    formula: str
    inputs: pl.DataFrame
    arithmetic: list[str]
    path: pl.DataFrame
    command: str
    behind: str = ""


class Answers:
    """Safe to share between threads. `serving`: a long-lived server, which goes on without a store that
    cannot be used and records in the background; a command instead stops, and leaves its record for the
    holder."""

    def __init__(
        self, registry: Registry, store: Store | None, notice: str | None, path: Path, serving: bool
    ):
        self.registry = registry
        self.store = store
        self.notice = notice
        self.path = path
        self.protocol = registry.protocol()
        self._serving = serving
        self._recorder = ThreadPoolExecutor(1, "recorder") if serving else None
        self._lock = threading.Lock()
        self._memory: OrderedDict[tuple[str, str], Any] = OrderedDict()

    @classmethod
    def open(cls, store_path: Path | None = None, *, serving: bool = False) -> Self:
        """Raises StoreError when the store cannot be used and this is a command."""
        registry = load_facts()
        path = store_path.expanduser().absolute() if store_path else default_path()
        store, notice = None, None
        try:
            store = Store.open(path)
        except StoreBusy as busy:
            holder = f"process {busy.pid}" if busy.pid else "another process"
            notice = f"not recorded yet: the store is in use by {holder}"
        except StoreError as error:
            if not serving:
                raise
            notice = f"nothing is recorded: {error}"
        return cls(registry, store, notice, path, serving)

    def close(self) -> None:
        """Everything that was asked to be recorded is on disk when this returns."""
        if "jobs" in self.__dict__:
            self.jobs.close()
        if self._recorder:
            self._recorder.shutdown(wait=True)
        if self.store:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def jobs(self) -> "Jobs":
        """The engine's process, for those who must not wait."""
        from dashboard.jobs import Jobs

        return Jobs()

    @cached_property
    def shelf(self) -> StoredShelf | None:
        """Scenarios that readers keep under a name; None without a store."""
        return StoredShelf(self.store) if self.store else None

    def project(self, scenario: Scenario) -> Projected:
        """One path without random shocks. Raises InputError when the start is impossible."""
        name = run_id(
            PROJECTION, scenario, facts_version=self.registry.version, model_version=model_version()
        )
        return self._remembered(("project", name), lambda: self._find_or_compute(scenario, name))

    def _find_or_compute(self, scenario: Scenario, name: str) -> Projected:
        run = self.store.find_run(name) if self.store else None
        if run is not None:
            return Projected(scenario, run.frame, run.summary, name, run.seconds, True, None)
        started = time.perf_counter()
        projection = self.run(scenario)
        run = projection_record(
            projection,
            facts_version=self.registry.version,
            model_version=model_version(),
            seconds=time.perf_counter() - started,
        )
        note = self.record(lambda: run)
        return Projected(scenario, run.frame, run.summary, name, run.seconds, False, note)

    @property
    def keeps(self) -> bool:
        """Whether anything is done with what was made."""
        return self.store is not None or not self._serving

    def record(self, made: Callable[[], intake.Record]) -> str | None:
        """Record what was made, or leave it for the process that has the store. Says in one sentence why it
        is not recorded yet, if so."""
        if self.store:
            self.write(lambda store: intake.record(store, made()))
        elif not self._serving:
            try:
                intake.leave(self.path, made())
            except StoreError as error:
                return f"not recorded: {error}"
        return self.notice

    def write(self, write: Callable[[Store], object]) -> None:
        """Write to the store, if there is one: a server in the background, a command before it goes on."""
        if self._recorder and self.store:
            self._recorder.submit(self._write, self.store, write)
        elif self.store:
            write(self.store)

    def written(self) -> None:
        """Wait, a little, until what was asked to be recorded is in the store, and what commands left."""
        if self._recorder and self.store:
            with suppress(TimeoutError, StoreError):
                self._recorder.submit(self.store.take_inbox).result(PATIENCE)

    def run(self, scenario: Scenario) -> Projection:
        """The run step by step, for charts: the numbers of `project`, in memory alone. Raises InputError."""
        return self._remembered(("run", scenario.digest()), lambda: project(scenario, self.protocol))

    def joint(self, scenario: Scenario) -> Projection:
        """The scenario with both published shocks at once in place of its own."""
        both = self.registry.presets()["both"].scenario
        names = ("price_shock", "demand_shock", "shock_month", "shock_months")
        shock = {name: getattr(both, name) for name in names}
        return self.run(parse_scenario(shock, scenario))

    def alternative_paths(self, scenario: Scenario) -> list[tuple[str, Projection]]:
        """The run under every named alternative of what nobody has published, each with its label."""
        return self._remembered(
            ("alternative paths", scenario.digest()),
            lambda: [(n, project(o, self.protocol)) for n, o in self.named_alternatives(scenario)],
        )

    @staticmethod
    def _write(store: Store, write: Callable[[Store], object]) -> None:
        write(store)
        store.take_inbox()  # what commands left while this server has the store

    def alternatives(self, scenario: Scenario) -> pl.DataFrame:
        """The answer under every named alternative of what nobody has published (start vault, payout target,
        payout order): label, V0_months, H0, order, is_scenario, first_shortfall_month (null: none),
        min_coverage, min_pay, burn_year1, release_year1, end_V (IO)."""
        return self._remembered(("alternatives", scenario.digest()), lambda: self._alternatives(scenario))

    def _alternatives(self, scenario: Scenario) -> pl.DataFrame:
        rows = []
        for label, run in self.alternative_paths(scenario):
            other, summary = run.scenario, run.summary
            rows.append(
                {
                    "label": label,
                    "V0_months": other.V0_months,
                    "H0": other.H0,
                    "order": other.order,
                    "is_scenario": other == scenario,
                    **{k: summary[k] for k in SHOWN},
                    "end_V": summary["end"]["V"],
                }
            )
        return pl.DataFrame(
            rows, schema_overrides={"first_shortfall_month": pl.Int64}, infer_schema_length=None
        )

    def named_alternatives(self, scenario: Scenario) -> list[tuple[str, Scenario]]:
        """The scenario under every named alternative of what nobody has published, each with its label; the
        scenario itself stands before them where it is none of them."""
        if scenario.rule != "ide":  # neither a vault nor an order
            return [("this scenario", scenario)]
        named = self.registry.alternatives(scenario)
        own = [] if any(other == scenario for _, other in named) else [("this scenario", scenario)]
        return own + named

    def supply(self, scenario: Scenario) -> Supply:
        """Who holds the 800M from launch on, in full operation and as reported, against what was observed."""
        return self._remembered(("supply", scenario.digest()), lambda: self._supply(scenario))

    def _supply(self, scenario: Scenario) -> Supply:
        fact = self.registry.facts["circulating_observed"]
        observed = pl.DataFrame(fact.records()).select(
            pl.col("day").str.to_date().alias("date"),
            pl.col("io").cast(pl.Float64).alias("observed_io"),
            source=pl.col("source").replace_strict({s.id: s.name for s in self.registry.sources.values()}),
        )
        histories, gaps = [], observed
        for variant in ("ide", "as_reported"):
            history = supply_by_month(parse_scenario({"rule": variant}, scenario), self.protocol)
            histories.append(history.with_columns(variant=pl.lit(variant)))
            gap = observed_gaps(history, observed).select(
                "date", "m", pl.col("model_io").alias(f"{variant}_io"), pl.col("gap").alias(f"{variant}_gap")
            )
            gaps = gaps.join(gap, on=["date"] if variant == "ide" else ["date", "m"], how="inner")
        return Supply(
            pl.concat(histories), gaps, unlock_calendar(self.protocol, scenario.m0), self._emission_variants
        )

    @cached_property
    def _emission_variants(self) -> pl.DataFrame:
        facts = self.registry.facts
        return emission_variants(
            self.protocol,
            published_q=facts["emission_q_published"].number,
            headline_decline=facts["emission_decline_headline"].number,
            hourly_decline=facts["emission_hourly_decline"].number,
            hourly_epochs=int(facts["emission_hourly_epochs"].number),
        )

    @cached_property
    def fit_record(self) -> FitRecord:
        """What is on record about the fit behind the default shocks: the same for every scenario."""
        return fit_record(self.registry.facts)

    def claims(self) -> "Audit":
        """Every claim of the record with its verdict, and what the guided burn implies."""
        from dashboard.questions.evidence import Audit, audit

        return self._recorded(Audit, self._asked("claims"), lambda: audit(self.registry))

    def watch(self, scenario: Scenario) -> pl.DataFrame:
        """What to watch: item, now, tipping: where the answer to this scenario would change."""
        from dashboard.questions.evidence import watch

        return self._remembered(("watch", scenario.digest()), lambda: watch(self.registry, scenario))

    def mechanisms(self, scenario: Scenario) -> Comparison:
        """What suppliers would get, and holders see issued and burned, under the old schedule and under other
        networks' rules: the scenario's own prices and revenue, without random shocks."""
        return self._remembered(("mechanisms", scenario.digest()), lambda: self._mechanisms(scenario))

    def _mechanisms(self, scenario: Scenario) -> Comparison:
        rules = build_mechanisms(self.registry.facts)

        def outcomes() -> Mapping[str, Outcome]:
            frame = self.project(scenario).frame
            price, revenue = frame["price"].to_numpy(), frame["revenue"].to_numpy()
            return compare(price, revenue, scenario, self.protocol, rules).outcomes

        asked = self._asked("mechanisms", scenario)
        return Comparison(tuple(rules), self._found_or_made(Mapping[str, Outcome], asked, outcomes))

    def supplier(self, scenario: Scenario, asked: Question) -> Answer:
        """Income, break-even and risk of a fleet on random paths. Raises InputError."""
        key = self.asked_supplier(scenario, asked)
        return self._recorded(Answer, key, lambda: fleets.reckon(self.registry, scenario, asked))

    def supplier_first(self, scenario: Scenario, asked: Question) -> Answer:
        """The same on the scenario's own path, without random shocks: at once."""
        asked_first = fleets.request(self.registry, scenario, asked)
        key = ("supplier first", self.asked_supplier(scenario, asked).id)
        return self._remembered(key, asked_first.without_shocks)

    def asked_supplier(self, scenario: Scenario, asked: Question) -> Asked:
        return self._asked("supplier", scenario, asked.parameters)

    def issuance(self, scenario: Scenario, window: int) -> "Issuance":
        """What comes to market and at which revenue the burn covers it, over the run's first months."""
        from dashboard.questions import investing

        key = self._asked("issuance", scenario, {"window": window})
        named = self.registry.alternatives(scenario) if scenario.rule == "ide" else []
        return self._recorded(
            investing.Issuance,
            key,
            lambda: investing.reckon(self.registry, self.run(scenario), named, window),
        )

    def outlook(self, scenario: Scenario, asked: "InvestorQuestion") -> "Outlook":
        """What a second contract changes, and the engine beside the old schedule, on random paths. Raises
        InputError."""
        from dashboard.questions import investing
        from models.readers.outlook import Outlook

        key, ahead = self.asked_outlook(scenario, asked), investing.request(self.registry, scenario, asked)
        return self._recorded(Outlook, key, ahead.answer)

    def asked_outlook(self, scenario: Scenario, asked: "InvestorQuestion") -> Asked:
        shocks = json.loads(self.registry.shocks().canonical_json())
        return self._asked("outlook", scenario, {**asked.ahead, "shocks": shocks})

    def rent(self, scenario: Scenario, work: list[Hours]) -> Rent:
        """What a workload costs by every stated price, and the demand that the scenario leaves unserved."""
        key = self._asked("rent", scenario, {"work": [hours._asdict() for hours in work]})
        return self._recorded(Rent, key, lambda: rents.reckon(self.registry, self.run(scenario), work))

    def calibration(self, asked: "Fitting", progress: "Progress | None" = None) -> "Calibration":
        """Random shocks fitted to a price history. Raises InputError."""
        from dashboard.questions import calibrations
        from models.calibration import Calibration

        key = self._asked("calibration", inputs=asked.parameters)
        return self._recorded(Calibration, key, lambda: calibrations.fit(asked, progress))

    def hindcast(self, asked: "Scoring", progress: "Progress | None" = None) -> "Scored":
        """Forecasts by fits of the past, scored on what came. Raises InputError."""
        from dashboard.questions import calibrations

        key = self._asked("hindcast", inputs=asked.parameters)
        return self._recorded(calibrations.Scored, key, lambda: calibrations.score(asked, progress))

    def risk(
        self,
        asked: "RiskQuestion",
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> "Found":
        """Reserve needed, reverse stress or attribution. Raises InputError, and Stopped when cancelled."""
        from dashboard.questions import risks

        key = ("risk", risks.name_of(self, asked))
        return self._remembered(key, lambda: risks.ask(self, asked, progress, cancelled))

    def compare(
        self,
        asked: "Compare",
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> "Compared":
        """Scenarios on the same random futures; a cancel leaves the paths done. Raises InputError."""
        from dashboard.questions import comparisons

        return comparisons.ask(self, asked, progress, cancelled)

    def explain(self, scenario: Scenario, figure: str) -> Explanation:
        """Formula, inputs with their sources, arithmetic, path and command behind one of explain.FIGURES."""
        try:
            what = FIGURES[figure]
        except KeyError:
            raise InputError(f"unknown figure {figure!r}; known are: {' '.join(FIGURES)}") from None
        by_month = self.project(scenario).by_month
        return Explanation(
            what.title,
            what.formula,
            self.inputs(scenario, what.fields),
            what.arithmetic(by_month),
            what.around(by_month).select("month", *what.columns),
            settings.command(scenario),
        )

    def inputs(self, scenario: Scenario, fields: tuple[str, ...]) -> pl.DataFrame:
        """What these inputs are in the scenario and where each value comes from: its fact, or the reader."""
        rows = []
        for name in fields:
            value = getattr(scenario, name)
            if value is None:
                continue
            info = field_info(name)
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            sourced = value == getattr(self.registry.baseline(), name)
            fact = self.registry.fact_for(name) if sourced else None
            source = self.registry.source(fact.source) if fact else None
            text = settings.value_to_text(value)
            rows.append(
                {
                    "symbol": extra.get("symbol", name),
                    "title": info.title,
                    "value": text if len(text) <= LONG else f"{len(value)} months, given",
                    "unit": extra["unit"],
                    "kind": fact.kind if fact else "this scenario",
                    "source": source.name if source else "",
                    "address": (source.address or "") if source else "",
                }
            )
        return pl.DataFrame(rows)

    def _asked(
        self, kind: str, scenario: Scenario | None = None, inputs: Mapping[str, Any] | None = None
    ) -> Asked:
        own = None if scenario is None else scenario.canonical_json()
        return Asked(kind, own, self.registry.version, code_version(), inputs or {})

    def _recorded(self, shape: Any, asked: Asked, compute: Callable[[], Any]) -> Any:
        """The answer of the type `shape`: remembered, else found in the store, else computed and recorded."""
        return self._remembered((asked.kind, asked.id), lambda: self._found_or_made(shape, asked, compute))

    def _found_or_made(self, shape: Any, asked: Asked, compute: Callable[[], Any]) -> Any:
        found = answer_store.find(self.store, asked, shape) if self.store else None
        if found is not None:
            return found
        started = time.perf_counter()
        made = compute()
        self._record_answer(asked, made, time.perf_counter() - started)
        return made

    def _record_answer(self, asked: Asked, made: Any, seconds: float) -> None:
        now = datetime.now(UTC)
        self.record(lambda: answer_store.packed(asked, made, seconds=seconds, created_at=now))

    def known(self, shape: Any, asked: Asked) -> Any:
        """The answer if it is remembered or in the store, else None: nothing is computed."""
        with self._lock:
            found = self._memory.get((asked.kind, asked.id))
        if found is None and self.store is not None:
            found = answer_store.find(self.store, asked, shape)
        return found

    def keep(self, asked: Asked, made: Any, seconds: float) -> None:
        """Remember and record what was computed elsewhere."""
        self._remembered((asked.kind, asked.id), lambda: made)
        self._record_answer(asked, made, seconds)

    def _remembered(self, key: tuple[str, str], compute: Any) -> Any:
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        value = compute()
        with self._lock:
            self._memory[key] = value
            while len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        return value


# A history is not spelled out among the inputs.
LONG = 60
SHOWN = ("first_shortfall_month", "min_coverage", "min_pay", "burn_year1", "release_year1")
