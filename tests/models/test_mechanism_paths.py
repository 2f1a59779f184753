"""Mechanisms over the same paths: the books close, IO's own rules are the model's, differences are paired."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.mechanisms import build_mechanisms
from models.compiler import compile_scenario
from models.mechanism_paths import Comparison, compare
from models.mechanisms import Ide, Market, Start, Supply, moved
from models.parameters import InputError, Scenario, parse_scenario
from models.projection import monthly, project
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

MECHANISMS = build_mechanisms(REGISTRY.facts)
NAMES = [m.name for m in MECHANISMS]
UNIT = 1e-3  # IO, as far off as the ledger may be


def side_by_side(scenario: Scenario, price: np.ndarray, revenue: np.ndarray) -> Comparison:
    return compare(price, revenue, scenario, PROTOCOL, MECHANISMS)


def of(scenario: Scenario) -> Comparison:
    frame = project(scenario, PROTOCOL).frame
    return side_by_side(scenario, frame["price"].to_numpy(), frame["revenue"].to_numpy())


@st.composite
def paths(draw: st.DrawFn) -> tuple[Scenario, np.ndarray, np.ndarray]:
    n = draw(st.sampled_from([1, 3, 30]))
    months = draw(st.integers(1, 30 if n == 1 else 3))
    changes = {
        "steps_per_month": n,
        "months": months,
        "m0": draw(st.integers(0, 300)),
        "H0": draw(st.sampled_from([0.0, 1e3, 1.35e6, 1e9])),
        "kappa": draw(st.sampled_from([0.0, 1.0, 7.0])),
        "chi": draw(st.sampled_from([0.0, 0.5])),
        "burn_source": draw(st.sampled_from(["market", "vault"])),
        "order": draw(st.sampled_from(["revenue_first", "vault_first"])),
        "y2_cap_months": draw(st.sampled_from([None, 0.0])),
    }
    shape = (draw(st.integers(1, 3)), months * n)
    price = draw(arrays(np.float64, shape, elements=st.floats(1e-4, 1e3)))
    revenue = draw(arrays(np.float64, shape, elements=st.just(0.0) | st.floats(0, 1e9)))
    return parse_scenario(changes, BASELINE), price, revenue


@given(paths())
@settings(max_examples=60)
def test_the_books_close_and_nothing_is_issued_beyond_the_cap(drawn) -> None:
    scenario, price, revenue = drawn
    compiled = compile_scenario(parse_scenario({"rule": "legacy"}, scenario), PROTOCOL)
    n = scenario.steps_per_month
    unlocked = np.cumsum([i.unlock for i in compiled.inputs])[n - 1 :: n]
    beginning = compiled.start.C + compiled.start.K
    most_revenue = revenue.reshape(len(revenue), -1, n).sum(axis=2)
    for name, o in side_by_side(scenario, price, revenue).outcomes.items():
        for field, values in o._asdict().items():
            assert values.shape == (len(price), scenario.months), (name, field)
            assert np.isfinite(values).all(), (name, field)
        # what circulates is what circulated, what was unlocked, and the net of every payout since
        assert o.circulating == pytest.approx(beginning + unlocked + o.net.cumsum(axis=1), abs=UNIT)
        assert min(o.income_usd.min(), o.issued.min(), o.burned.min()) >= 0
        assert o.circulating.min() >= -UNIT
        # every token in circulation was there, was unlocked, or came out of what was not yet issued
        assert (o.circulating <= beginning + unlocked + compiled.start.U + UNIT).all()
        bought_back = (o.issued - o.burned - o.net).clip(min=0)
        most = compiled.start.U + (o.burned + bought_back).cumsum(axis=1) + UNIT
        assert (o.issued.cumsum(axis=1) <= most * (1 + 1e-9)).all()
        if name == "akash":
            assert (o.income_usd <= most_revenue * (1 + 1e-9)).all()
        if name in ("filecoin", "livepeer", "aethir", "legacy"):
            assert (o.burned == 0).all()
            assert (o.income_usd >= most_revenue * (1 - 1e-9)).all()
        if name == "helium":
            assert (o.income_usd <= 3 * most_revenue * (1 + 1e-9)).all()


@pytest.mark.parametrize("n", [1, 30])
@pytest.mark.parametrize("preset", ["baseline", "price_shock", "both", "second_contract", "history_replay"])
def test_io_net_s_own_rules_are_the_model_s(preset: str, n: int) -> None:
    months = {"months": 15, "steps_per_month": n}
    scenario = parse_scenario(months, REGISTRY.presets()[preset].scenario)
    outcomes = of(scenario).outcomes
    for rule in ("ide", "legacy"):
        run = monthly(project(parse_scenario({"rule": rule}, scenario), PROTOCOL).frame)
        o = outcomes[rule]
        assert o.issued[0] == pytest.approx(run["released"].to_numpy(), abs=UNIT)
        assert o.burned[0] == pytest.approx(run["burned"].to_numpy(), abs=UNIT)
        assert o.circulating[0] == pytest.approx(run["circulating"].to_numpy(), abs=UNIT)
        if rule == "ide":  # what suppliers are owed, less what they are short of
            assert o.income_usd[0] == pytest.approx((run["target"] - run["short"]).to_numpy())


SWITCHES: list[dict[str, object]] = [
    {"controller": True, "chi": 0.5, "F0": 2e5, "K0": 1e7, "order": "vault_first", "release_cap": 3e6},
    {"y2_cap_months": 0.0, "overflow": "refill", "chi": 1.0},
    {"y2_cap_months": 0.0, "overflow": "burn", "beta": 0.9},
    {"burn_source": "vault", "V0": 1e6, "kappa": 0.1, "H0": 5e5},
]


@pytest.mark.parametrize("switches", SWITCHES)
def test_the_ide_s_tokens_are_where_the_model_has_them(switches: dict[str, object]) -> None:
    scenario = parse_scenario(switches, REGISTRY.presets()["both"].scenario)
    run = project(scenario, PROTOCOL)
    rule, state = Ide(), run.states[0]
    memory = rule.begin(Start(scenario, PROTOCOL, 0.0, 0.0, 0.0, 1.0))
    supply = Supply(*(np.array([io]) for io in (state.U + state.V, state.C + state.K, 0.0)))
    outcome = of(scenario).outcomes["ide"]
    for month, (i, f, s) in enumerate(zip(run.compiled.inputs, run.flows, run.states[1:], strict=True)):
        supply = supply._replace(circulating=supply.circulating + i.unlock)
        m = Market(
            np.array([f.price]), np.array([f.revenue]), f.target, i.emission, i.unlock, float(month), 1.0
        )
        payout, memory = rule.step(supply, memory, m)
        supply = moved(supply, payout)
        held = (supply.unissued.item(), supply.circulating.item(), supply.burned.item())
        assert held == pytest.approx((s.U + s.V, s.C + s.K + s.Q, s.B), abs=UNIT)
        assert payout.income.item() == pytest.approx(f.target - f.short)
        burned = f.burned_market + f.burned_vault + f.burned_unissued + f.overflow_burned
        assert outcome.burned[0, month] == pytest.approx(burned, abs=UNIT)


def test_neither_price_nor_revenue_answers_to_the_ide() -> None:
    joint = REGISTRY.presets()["both"].scenario
    frame = project(joint, PROTOCOL).frame
    price, revenue = frame["price"].to_numpy(), frame["revenue"].to_numpy()
    plain = side_by_side(joint, price, revenue).outcomes["ide"]
    for feedback in ({"impact": 1.0}, {"u_max": 0.1}, {"eta": 10.0, "omega": 1.0, "phi": 2.0}):
        with_it = side_by_side(parse_scenario(feedback, joint), price, revenue).outcomes["ide"]
        assert all(map(np.array_equal, plain, with_it)), feedback


def test_each_path_is_computed_alone() -> None:
    price = BASELINE.P0 * np.exp(np.random.default_rng(1).normal(0, 0.4, (4, 36)))
    revenue = BASELINE.R_base * np.exp(np.random.default_rng(2).normal(0, 0.4, (4, 36)))
    together = side_by_side(BASELINE, price, revenue).outcomes
    for k in range(4):
        alone = side_by_side(BASELINE, price[k], revenue[k]).outcomes
        for name in NAMES:
            for field, values in together[name]._asdict().items():
                assert np.array_equal(values[k : k + 1], getattr(alone[name], field)), (name, field)


def test_differences_are_paired_and_carry_their_errors() -> None:
    rng = np.random.default_rng(3)
    price = BASELINE.P0 * np.exp(rng.normal(0, 0.5, (50, 36)))
    revenue = BASELINE.R_base * np.exp(rng.normal(0, 0.5, (50, 36)))
    c = side_by_side(BASELINE, price, revenue)
    legacy, ide = (c.outcomes[name].income_usd for name in ("legacy", "ide"))
    row = c.by_month.row(by_predicate=(pl.col("mechanism") == "legacy") & (pl.col("month") == 7), named=True)
    less = legacy[:, 6] - ide[:, 6]
    assert row["income_usd"] == pytest.approx(legacy[:, 6].mean())
    assert row["income_usd_less_ide"] == pytest.approx(less.mean())
    assert row["income_usd_less_ide_error"] == pytest.approx(np.sqrt(less.var(ddof=1) / 50))
    income = (pl.col("mechanism") == "legacy") & (pl.col("quantity") == "income_usd")
    total = c.totals.row(by_predicate=income, named=True)
    sums = np.sort(legacy.sum(axis=1))
    # nearest rank: of 50, the 3rd, the 25th and the 48th
    assert (total["p5"], total["median"], total["p95"]) == (sums[2], sums[24], sums[47])
    assert total["less_ide_error"] == pytest.approx((legacy - ide).sum(axis=1).std(ddof=1) / np.sqrt(50))
    same = c.totals.filter(mechanism="ide")
    assert same["less_ide"].abs().max() == same["less_ide_error"].max() == 0


def test_one_path_has_no_errors_and_one_row_a_mechanism_and_month() -> None:
    c = of(BASELINE)
    assert c.paths == 1
    assert c.by_month["mechanism"].unique(maintain_order=True).to_list() == NAMES
    assert c.by_month["month"].to_list() == list(range(1, 37)) * len(NAMES)
    assert c.by_month["income_usd_error"].null_count() == len(c.by_month)
    assert c.totals["error"].null_count() == len(c.totals) == 7 * len(NAMES)
    ide = c.totals.filter(mechanism="ide", quantity="lowest_month_usd")
    assert ide["mean"].item() == pytest.approx(BASELINE.H0)


def test_dilution_is_what_payouts_add_to_what_unlocks_give() -> None:
    # Over a month of the old schedule: what circulated and was unlocked, and what was emitted on top.
    o = of(parse_scenario({"months": 1}, BASELINE)).outcomes["legacy"]
    unlocked_alone = o.circulating - o.net
    assert o.dilution == pytest.approx(o.net / unlocked_alone)
    assert o.net.item() == pytest.approx(2_636_113, abs=1)  # E_24 = 3,333,333.33 x 0.989848953^23


@pytest.mark.parametrize("m", MECHANISMS, ids=NAMES)
def test_every_mechanism_says_how_it_was_translated_and_names_its_sources(m) -> None:
    assert set(m.facts) <= REGISTRY.facts.keys()
    assert m.facts
    if m.name not in ("ide", "legacy"):
        assert "Assumption" in m.notes or "Nothing needs scaling" in m.notes


@pytest.mark.parametrize(
    ("price", "revenue", "words"),
    [
        (np.ones(35), np.ones(36), r"price has the shape \(1, 35\); paths x 36 steps are needed"),
        (np.ones((2, 36)), np.ones(36), "price has 2 paths but revenue has 1"),
        (np.ones((0, 36)), np.ones(36), "price has the shape"),
        (np.zeros(36), np.ones(36), "price must hold finite numbers, above 0"),
        (np.full(36, np.nan), np.ones(36), "price must hold finite numbers"),
        (np.ones(36), np.full(36, -1.0), "revenue must hold finite numbers, 0 or more"),
        (np.ones(36), np.full(36, np.inf), "revenue must hold finite numbers"),
        (np.ones((1, 1, 36)), np.ones(36), "price has the shape"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_a_sentence(price, revenue, words: str) -> None:
    with pytest.raises(InputError, match=words):
        side_by_side(BASELINE, price, revenue)


def test_the_rule_that_others_are_compared_with_must_be_there() -> None:
    with pytest.raises(InputError, match="needs the mechanism ide"):
        compare(np.ones(36), np.ones(36), BASELINE, PROTOCOL, MECHANISMS[1:])
