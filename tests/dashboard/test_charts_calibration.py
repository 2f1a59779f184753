"""Charts of the fit and its hindcasts: what is drawn is the data, and the words are true of it."""

from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest

from dashboard.charts import calibration as charts
from dashboard.charts import figures
from dashboard.charts.figures import Chart
from data.fit_record import ALL, fit_record
from tests.scenarios import REGISTRY

RECORD = fit_record(REGISTRY.facts)
FITTED, RIVAL = "regimes and jumps", "geometric Brownian motion"


def every_chart(dark: bool) -> list[Chart]:
    made = [charts.residuals(RECORD.residuals, 520, dark=dark)]
    for months in (1, 3, 6):
        made += [charts.coverage(RECORD.scores, band, months, dark=dark) for band in (50, 90, 98)]
        made.append(charts.gain(RECORD.scores, months, dark=dark))
        made += [charts.tenths(RECORD.pit, token, months, dark=dark) for token in ("IO", ALL)]
    return made


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_valid_and_says_all_it_must(dark: bool) -> None:
    for chart in every_chart(dark):
        made = chart.figure.to_dict()
        go.Figure(made)  # plotly's own validation, which building skips
        assert made["layout"]["font"]["color"] == figures.palette(dark).text
        assert made["layout"]["yaxis"]["title"]["text"]
        assert chart.subtitle.endswith(".")
        assert chart.title in chart.alt
        assert chart.subtitle in chart.alt
        assert set(chart.units) == set(chart.frame.columns)


def made_scores(*rows: tuple[str, str, str, float, float | None, float | None]) -> pl.DataFrame:
    """token, law, score, value, low, high."""
    frame = pl.DataFrame(
        rows,
        schema={"token": pl.String, "law": pl.String, "score": pl.String, "value": pl.Float64}
        | dict.fromkeys(("low", "high"), pl.Float64),
        orient="row",
    )
    target = pl.when(pl.col("score") == "crps_gain").then(0.0).otherwise(0.9)
    return frame.with_columns(horizon_months=1, target=target, origins=40, stretches=8.0).with_columns(
        fails=~target.is_between("low", "high")
    )


def test_a_band_that_fails_is_named_with_its_way_and_no_interval_is_a_hollow_dot() -> None:
    chart = charts.coverage(
        made_scores(
            ("A", FITTED, "coverage_90", 0.5, 0.4, 0.6),
            ("A", RIVAL, "coverage_90", 0.9, 0.8, 0.95),
            ("B", FITTED, "coverage_90", 1.0, None, None),
            ("B", RIVAL, "coverage_90", 1.0, None, None),
        ),
        90,
        1,
    )
    assert chart.subtitle.startswith("Fails for regimes and jumps on A (50\N{NO-BREAK SPACE}%, too narrow);")
    assert chart.subtitle.endswith("Hollow dots have no interval and decide nothing: B.")
    fitted = chart.figure.to_dict()["data"][0]
    assert fitted["name"] == FITTED
    assert list(fitted["x"]) == [0.5, 1.0]
    assert list(fitted["marker"]["symbol"]) == ["circle", "circle-open"]
    assert list(fitted["error_x"]["array"]) == pytest.approx([0.1, 0.0])


def test_a_gain_is_better_worse_or_untold() -> None:
    rows: list[Any] = [
        ("A", FITTED, "crps_gain", 0.05, 0.01, 0.09),
        ("B", FITTED, "crps_gain", -0.05, -0.09, -0.01),
        ("C", FITTED, "crps_gain", 0.01, -0.01, 0.03),
    ]
    told = charts.gain(made_scores(*rows), 1).subtitle
    assert told == "Better on A, worse on B and no different within the error on 1 of 3."
    untold = charts.gain(made_scores(("A", FITTED, "crps_gain", 0.5, None, None)), 1).subtitle
    assert "decides nothing" in untold


def test_the_record_reads_as_its_author_found_it() -> None:
    assert "too wide" in charts.coverage(RECORD.scores, 50, 1).subtitle
    assert charts.gain(RECORD.scores, 1).subtitle.startswith("Better on LPT and no different")
    assert "decides nothing" in charts.gain(RECORD.scores, 6).subtitle
    # 0.178 + 0.067 + 0.178 + 0.111 + 0.133
    assert charts.tenths(RECORD.pit, "IO", 1).subtitle.startswith(
        "67\N{NO-BREAK SPACE}% of what came fell in the lower half"
    )


def test_a_quantile_off_its_band_is_counted() -> None:
    # of 100 days, 95 % of medians lie within 1.96 x 0.5 / sqrt(100) / 0.3989 = 0.2457
    found = charts.residuals(pl.DataFrame({"level": [0.5, 0.5], "score": [0.24, 0.25]}), 100)
    assert found.frame["outside"].to_list() == [False, True]
    assert found.subtitle.startswith("1 of 2 quantiles")
