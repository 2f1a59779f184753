"""Charts of reverse stress, reserve needed and attribution: what is drawn, and what is said."""

from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest

from dashboard.charts import figures
from dashboard.charts import risk as charts
from dashboard.charts.figures import Chart

NEAREST = {"price_drop": 0.65, "demand_drop": 0.366, "months": 12, "cost": 5.6}
FRONTIER: dict[str, Any] = {"event": "shortfall", "nearest": NEAREST}
RESERVE: dict[str, Any] = {"V0": 30e6, "F0": 0.0, "level": 0.05, "horizon": 36, "curve_paths": 1000}
CHANCE = {"title": "Chance of a shortfall within the run", "unit": "fraction"}
TITLES = {"H0": "Payout target at the start of the run", "rho": "Correlation"}


def surface(*rows: tuple[int | None, float, float | None]) -> pl.DataFrame:
    schema = {"months": pl.Int64, "price_drop": pl.Float64, "demand_drop": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


SURFACE = surface((6, 0.0, None), (6, 0.5, 0.7), (6, 0.9, 0.2),
                  (12, 0.0, 0.7), (12, 0.5, 0.4), (12, 0.9, None))  # fmt: skip
MARKS = pl.DataFrame(
    [
        ("Published: Both", 0.5, 0.55, None, True),
        ("Published: Price -50 %", 0.5, -0.0, None, False),
        ("IO's own price, worst 6 months", 0.8, 0.0, 6, True),
        ("IO's own price, worst 12 months", 0.95, 0.0, 12, False),
        ("This scenario", 0.5, 0.55, None, True),
    ],
    schema=["label", "price_drop", "demand_drop", "months", "triggers"],
    orient="row",
)
CURVE = pl.DataFrame(
    {"V0": [0.0, 50e6, 100e6], "F0": [3e6, 1e6, None], "low": [2e6, 1e6, None], "high": [3e6, 2e6, None]}
)
ENDS = pl.DataFrame({"input": ["H0", "rho"], "at_low": [0.1, 0.5], "at_high": [0.9, 0.5], "base": [0.5, 0.5]})
SHARES = pl.DataFrame(
    {
        "input": ["H0", "rho"], "first": [0.8, 0.0], "first_low": [0.7, -0.1], "first_high": [0.9, 0.1],
        "total": [0.9, 0.1], "total_low": [0.8, 0.05], "total_high": [0.95, 0.2],
    }
)  # fmt: skip


def read(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def every_chart(dark: bool) -> list[Chart]:
    return [
        charts.frontier(SURFACE, MARKS, FRONTIER, 12, dark=dark),
        charts.frontier(SURFACE, MARKS, FRONTIER | {"nearest": None, "event": "underpaid"}, 6, dark=dark),
        charts.trade_off(CURVE, RESERVE, dark=dark),
        charts.tornado(ENDS, TITLES, CHANCE, dark=dark),
        charts.tornado(ENDS, TITLES, {"title": "Burned", "unit": "IO"}, dark=dark),
        charts.sobol(SHARES, TITLES, CHANCE, ["H0", "rho"], dark=dark),
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_valid_and_says_all_it_must(dark: bool) -> None:
    for chart in every_chart(dark):
        made = chart.figure.to_dict()
        go.Figure(made)  # plotly's own validation, which building skips
        assert made["layout"]["font"]["color"] == figures.palette(dark).text
        assert made["layout"]["xaxis"]["title"]["text"]
        assert chart.subtitle.endswith(".")
        assert "nder these assumptions" in chart.subtitle
        assert chart.title in chart.alt
        assert chart.subtitle in chart.alt
        assert set(chart.units) == set(chart.frame.columns)


def test_the_region_is_shaded_where_some_drop_of_demand_triggers() -> None:
    chart = charts.frontier(SURFACE, MARKS, FRONTIER, 12)
    region, other = chart.figure.data[0], chart.figure.data[1]
    assert (region.fill, list(region.x[:2]), list(region.y[:2])) == ("toself", [0.0, 0.5], [0.7, 0.4])
    assert max(region.x) == 0.5  # nothing triggers at a drop of 90 %
    assert (other.name, other.fill) == ("6 months", None)


def test_a_gap_in_the_edge_is_a_gap_in_the_region() -> None:
    broken = surface((12, 0.0, 0.9), (12, 0.2, 0.8), (12, 0.4, None), (12, 0.6, 0.5), (12, 0.8, 0.4))
    regions = [t for t in charts.frontier(broken, MARKS, FRONTIER, 12).figure.data if t.fill == "toself"]
    assert [(min(t.x), max(t.x)) for t in regions] == [(0.0, 0.2), (0.6, 0.8)]


def test_marks_of_another_duration_are_left_out_and_the_scenario_is_a_cross() -> None:
    chart = charts.frontier(SURFACE, MARKS, FRONTIER, 12)
    symbols = {t.name: t.marker.symbol for t in chart.figure.data if t.mode == "markers+text"}
    assert symbols == {
        "Both, lasting": "circle",
        "Price -50 %, lasting": "circle-open",
        "IO's own price, worst 12 months": "circle-open",
        "This scenario, lasting": "cross",
        "likeliest": "star",
    }
    assert read(chart.subtitle) == (
        "Under these assumptions the likeliest shock that brings a shortfall takes 65 % off the price and "
        "36.6 % off demand for 12 months, as the random shocks measure it. Of 4 shocks "
        "marked, 2 would bring it."
    )


def test_a_duration_beyond_the_run_is_one_to_its_end() -> None:
    chart = charts.frontier(surface((None, 0.0, 0.5), (None, 0.5, 0.4)), MARKS, FRONTIER, 24)
    assert chart.title.endswith("if they last to the end")
    assert chart.figure.data[0].fill == "toself"


def test_the_trade_off_says_its_ends_or_that_there_are_none() -> None:
    chart = charts.trade_off(CURVE, RESERVE)
    said = read(chart.subtitle)
    assert "a Reward Vault of 0 IO needs a Fee Vault of $3.00M, and one of 50.00M IO needs $1.00M" in said
    assert "at most 5 % within 36 months" in said
    none = charts.trade_off(CURVE.with_columns(F0=pl.lit(None, pl.Float64)), RESERVE)
    assert "no pair on this grid" in none.subtitle


def test_the_tornado_starts_at_the_scenarios_own_and_the_widest_is_on_top() -> None:
    chart = charts.tornado(ENDS, TITLES, CHANCE)
    assert chart.frame["input"].to_list() == ["rho", "H0"]
    low = chart.figure.data[0]
    assert low.base == 0.5
    assert list(low.x) == pytest.approx([0.0, -0.4])
    assert "takes it to 10 % at one end of its range and to 90 % at the other" in read(chart.subtitle)
    still = charts.tornado(ENDS.with_columns(at_low=0.5, at_high=0.5), TITLES, CHANCE)
    assert "None of them moves it alone" in still.subtitle


def test_indices_carry_their_intervals() -> None:
    chart = charts.sobol(SHARES, TITLES, CHANCE, ["H0", "rho"])
    total = chart.figure.data[1]
    assert list(total.x) == [0.1, 0.9]
    assert list(total.error_x.array) == pytest.approx([0.1, 0.05])
    assert list(total.error_x.arrayminus) == pytest.approx([0.05, 0.1])
    assert "has 90 % of the variance" in read(chart.subtitle)
    assert "(95 %: 80 % to 95 %)" in read(chart.subtitle)
