"""Charts: what is drawn is the data, the words are true of it, and plotly accepts every figure."""

import base64
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest

from dashboard.charts import engine as charts_engine
from dashboard.charts import figures
from dashboard.charts import overview as charts
from dashboard.charts import supply as charts_supply
from dashboard.charts.figures import Chart
from models.readers.investors import observed_gaps, supply_by_month, unlock_calendar
from tests.scenarios import BASELINE, PROTOCOL, run

JOINT = {"price_shock": -0.5, "demand_shock": -0.55}
EVERYTHING = JOINT | {
    "controller": True, "eta": 1.5, "K0": 2e7, "y2_cap_months": 1.0, "F0": 2e6, "chi": 0.1, "impact": 0.1,
    "steps_per_month": 7,
}  # fmt: skip


@pytest.fixture(scope="module")
def supply() -> tuple[pl.DataFrame, pl.DataFrame]:
    seen = pl.DataFrame({"date": [date(2026, 5, 26), date(2026, 10, 2)], "observed_io": [333.5e6, 410.4e6]})
    histories, gaps = [], seen
    for variant in ("ide", "as_reported"):
        history = supply_by_month(run(rule=variant).scenario, PROTOCOL)
        histories.append(history.with_columns(variant=pl.lit(variant)))
        gaps = gaps.hstack([observed_gaps(history, seen)["gap"].alias(f"{variant}_gap")])
    return pl.concat(histories), gaps


def every_chart(supply: tuple[pl.DataFrame, pl.DataFrame], dark: bool) -> Iterator[Chart]:
    by_month, observed = supply
    ide, today = by_month.filter(variant="ide"), date(2026, 5, 31)
    for changes in ({}, JOINT, EVERYTHING, {"rule": "legacy"}, {"H0": 0.0}, {"months": 1, "V0": 0.0}):
        one = run(**changes)
        others = {"small vault": run(**(changes | {"V0_months": 3.0})), "own": one}
        yield charts.coverage_and_pay(one, dark=dark)
        for variable in charts.VARIABLES:
            yield charts.over_time(variable, one, others, dark=dark)
            yield charts.over_time(variable, one, {}, dark=dark)
        yield charts_engine.usd_flow(one, 1, dark=dark)
        yield charts_engine.io_flow(one, 1, dark=dark)
        yield charts_engine.vaults(one, 1, dark=dark)
        yield charts_engine.ledger(one, dark=dark)
    for around in (today, None):
        yield charts_supply.holders(by_month, observed, around=around, dark=dark)
        for unit in charts_supply.UNITS:
            yield charts_supply.net_issuance(ide, unit, depth=BASELINE.depth, around=around, dark=dark)
    yield charts_supply.unlock_calendar(unlock_calendar(PROTOCOL, 23), price=0.17, dark=dark)
    yield charts_supply.unlock_calendar(unlock_calendar(PROTOCOL, 100), price=0.17, dark=dark)


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_valid_and_says_all_it_must(
    supply: tuple[pl.DataFrame, pl.DataFrame], dark: bool
) -> None:
    for chart in every_chart(supply, dark):
        made = chart.figure.to_dict()
        go.Figure(made)  # plotly's own validation, which building skips
        assert not made["layout"].get("template")
        assert made["layout"]["font"]["color"] == figures.palette(dark).text
        assert chart.subtitle.endswith("."), chart.name
        assert chart.title in chart.alt
        assert chart.subtitle in chart.alt
        assert set(chart.units) == set(chart.frame.columns), chart.name
        assert "nan" not in (chart.subtitle + chart.title).lower()
        for name, axis in made["layout"].items():
            if name.startswith("yaxis") and axis.get("visible", True):
                assert axis["title"]["text"], f"{chart.name}: {name} has no unit"


def drawn(chart: Chart, name: str, axis: str = "y") -> np.ndarray[Any, Any]:
    """The values of one trace, as they go to the browser."""
    trace = next(t for t in chart.figure.to_dict()["data"] if t["name"] == name)
    values = trace[axis]
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    return np.array(values)


def test_coverage_and_pay_draw_their_columns_and_shade_the_short_months() -> None:
    chart = charts.coverage_and_pay(run(**JOINT))
    assert drawn(chart, "coverage").tolist() == chart.frame["coverage"].to_list()
    assert drawn(chart, "pay").tolist() == chart.frame["pay"].to_list()
    # short from month 11 (April 2027) to the end: shaded from the end of March
    zone = chart.figure.layout.shapes[0]
    assert (zone.x0, zone.x1) == ("2027-03-31", "2029-05-31")
    assert chart.subtitle.startswith("First shortfall in Apr 2027 (month 11); coverage falls to 46.3")


def test_no_shortfall_no_zone() -> None:
    chart = charts.coverage_and_pay(run())
    assert [s.type for s in chart.figure.layout.shapes] == ["line"]
    assert "Coverage stays at 100" in chart.subtitle


def test_a_shortfall_in_the_first_month_is_shaded_from_its_first_day() -> None:
    zone = charts.coverage_and_pay(run(R_base=0.0, contracts=[], V0=0.0, kappa=0.0)).figure.layout.shapes[0]
    assert zone.x0 == "2026-06-01"


def test_two_separate_shortfalls_are_two_zones() -> None:
    flags = [False, True, True, False, True]
    found = figures.zones(["a", "b", "c", "d", "e"], flags, "start", "red")
    assert [(z["x0"], z["x1"]) for z in found] == [("a", "c"), ("d", "e")]


def test_pay_that_the_controller_lowers_is_named() -> None:
    chart = charts.coverage_and_pay(run(**JOINT, controller=True))
    assert "because the controller lowers the target" in chart.subtitle


def test_reserve_counts_both_vaults_in_months_of_the_own_target() -> None:
    values = charts.monthly_values(
        run(F0=2e6, H0=1e6, months=1, R_base=1e6, contracts=[], kappa=0.0, V0=1e7), "reserve"
    )
    # 10M IO at $0.17 and $2M, over a target of $1M
    assert values == pytest.approx([3.7])


@pytest.mark.parametrize("variable", list(charts.VARIABLES))
def test_values_by_the_day_fold_as_the_monthly_frame_does(variable: str) -> None:
    daily = run(**EVERYTHING)
    frame = figures.by_month(daily)
    expected = {
        "reserve": frame["reserve_usd"] / daily.scenario.H0,
        "circulating": frame["circulating"] / 1e6,
        **{name: frame[name] for name in ("coverage", "pay", "price")},
    }[variable]
    assert charts.monthly_values(daily, variable) == pytest.approx(expected.to_list(), rel=1e-12)


def test_over_time_draws_the_own_path_and_the_range_of_all() -> None:
    own, small, large = run(**JOINT), run(**JOINT, V0_months=3.0), run(**JOINT, V0_months=240.0)
    chart = charts.over_time("reserve", own, {"small": small, "large": large, "own": own})
    frame = chart.frame
    assert "own" not in frame.columns  # the scenario is not its own alternative
    assert drawn(chart, "this scenario").tolist() == frame["this scenario"].to_list()
    assert drawn(chart, "range").tolist() == frame["low"].to_list() == frame["small"].to_list()
    assert drawn(chart, "highest").tolist() == frame["high"].to_list() == frame["large"].to_list()
    thin = drawn(chart, "2 alternatives")
    assert [v for v in thin if v is not None] == [*frame["small"], *frame["large"]]
    # month 1 keeps 170,000 in the Fee Vault: all 231.32M IO left, (231.32 x 0.17 + 0.17)/1.35 = 29.3 months;
    # 3 months of schedule and month 1's emission, 10.46M IO, (10.46 x 0.17 + 0.17)/1.35 = 1.4 months
    spread = (
        "with the 2 alternatives it spreads furthest from 1.4 months to 29.3 months in Jun 2026 (month 1)"
    )
    assert spread in chart.subtitle


def test_stacked_holders_are_the_data_and_sum_to_the_cap(supply: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    chart = charts_supply.holders(*supply, around=date(2026, 5, 31))
    ide = chart.frame.filter(variant="ide")
    assert drawn(chart, "liquid").tolist() == (ide["C"] / 1e6).to_list()
    stacked = sum(drawn(chart, t.name) for t in chart.figure.data if t.stackgroup)
    assert stacked == pytest.approx(np.full(ide.height, 800.0), abs=1e-6)
    assert drawn(chart, "observed").tolist() == [333.5, 410.4]
    assert list(chart.figure.layout.xaxis.range) == ["2024-06-30", "2028-05-30"]
    assert "the network followed as reported more closely" in chart.subtitle


def test_net_issuance_is_the_change_of_circulating_supply(supply: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ide = supply[0].filter(variant="ide")
    chart = charts_supply.net_issuance(ide, "io", depth=BASELINE.depth)
    change = (ide["circulating"].diff() / 1e6).to_numpy()[1:]
    assert drawn(chart, "net")[1:] == pytest.approx(change, abs=1e-6)
    assert (drawn(chart, "burned") <= 0).all()


def test_units_of_net_issuance(supply: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ide = supply[0].filter(variant="ide")
    io, usd, days = (
        charts_supply.net_issuance(ide, unit, depth=30.4375e6).frame.filter(m=24)
        for unit in charts_supply.UNITS
    )
    # at $0.17 and $1M of volume a day
    assert usd["unlocked"].item() == pytest.approx(io["unlocked"].item() * 0.17)
    assert days["unlocked"].item() == pytest.approx(io["unlocked"].item() * 0.17)


def test_unlock_calendar_draws_every_bucket_and_names_the_next_unlock() -> None:
    chart = charts_supply.unlock_calendar(unlock_calendar(PROTOCOL, 23), price=0.17)
    assert sum(drawn(chart, t.name).sum() for t in chart.figure.data) == pytest.approx(
        chart.frame["io"].sum() / 1e6
    )
    assert chart.subtitle.startswith("Next: 13.71M\N{NO-BREAK SPACE}IO in Jun 2026 ($2.33M")
    assert chart.subtitle.endswith("the last in Jun 2028.")


def _amounts(links: list[charts_engine.Link]) -> dict[tuple[str, str], float]:
    return {(link.source, link.target): link.amount for link in links}


def test_dollars_of_a_month_balance_by_hand() -> None:
    # month 1 of the baseline: 1.69M in, 1.35M owed and paid, half of the 340,000 left burns, half is kept
    assert _amounts(charts_engine.usd_links(run(), 1)) == pytest.approx(
        {
            ("revenue", "paid to suppliers"): 1.35e6,
            ("revenue", "burned"): 170_000,
            ("revenue", "kept in Fee Vault"): 170_000,
        }
    )


@pytest.mark.parametrize("changes", [JOINT, EVERYTHING, JOINT | {"order": "vault_first", "F0": 1e6}])
def test_suppliers_get_what_they_are_owed_less_what_is_short(changes: dict[str, Any]) -> None:
    one = run(**changes)
    for row in figures.by_month(one).iter_rows(named=True):
        got = sum(
            x.amount for x in charts_engine.usd_links(one, row["month"]) if x.target == "paid to suppliers"
        )
        assert got == pytest.approx(row["target"] - row["short"])
        out = sum(x.amount for x in charts_engine.usd_links(one, row["month"]) if x.source == "revenue")
        assert out == pytest.approx(row["revenue"])


def test_money_that_finds_no_token_is_lost() -> None:
    # all 800M issued and unlocked, all but 1 IO of them staked: 1M dollars chase one token at $0.17
    bare = run(m0=400, months=1, K0=8e8 - 1, H0=0.0, R_base=1e6, contracts=[], y2_cap_months=0.0, beta=0.5)
    links = _amounts(charts_engine.usd_links(bare, 1))
    assert links[("revenue", "lost")] == pytest.approx(1e6 - 0.17, abs=1e-3)
    assert links[("revenue", "burned")] == pytest.approx(0.17, abs=1e-3)


def test_every_token_move_of_a_month_is_in_the_flow() -> None:
    one = run(**EVERYTHING)
    for run_month in (1, 11, 20):
        before, after = one.states[(run_month - 1) * 7], one.states[run_month * 7]
        links = charts_engine.io_links(one, run_month)
        for holder, name in charts_engine.HOLDER_NAMES.items():
            net = sum(x.amount for x in links if x.target == name) - sum(
                x.amount for x in links if x.source == name
            )
            assert net == pytest.approx(getattr(after, holder) - getattr(before, holder), abs=1e-3)


def test_a_month_without_moves_says_so() -> None:
    still = run(m0=400, months=1, V0=0.0, V0_months=0.0, R_base=0.0, contracts=[], H0=0.0)
    chart = charts_engine.io_flow(still, 1)
    assert chart.subtitle == "Nothing moved in this month."
    assert chart.frame.is_empty()


def test_the_chosen_month_is_marked() -> None:
    mark = charts_engine.vaults(run(), 11).figure.layout.shapes[-1]
    assert mark.x0 == mark.x1 == "2027-04-30"


def test_names_from_outside_are_not_read_as_markup() -> None:
    unlocks = unlock_calendar(PROTOCOL, 23).with_columns(bucket=pl.lit('<a href="x">y</a>'))
    chart = charts_supply.unlock_calendar(unlocks, price=0.17)
    assert chart.figure.data[0].name == '&lt;a href="x"&gt;y&lt;/a&gt;'
