"""What a stress test reports, against paths counted by hand."""

import math

import numpy as np
import pytest

from models.stress import report, summary
from models.stress.counts import EVENTS, Counts, Layout
from models.stress.engine import run
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY


def twenty_paths() -> Counts:
    """20 paths over 3 months of 2 steps: 4 run short in step 1, 1 in step 4; none is empty, all underpaid."""
    counts = Counts.empty(Layout((), 3, 6))
    counts.paths = 20
    counts.events[EVENTS.index("shortfall"), [0, 1, 4]] = [15, 4, 1]
    counts.events[EVENTS.index("empty"), 0] = 20
    counts.events[EVENTS.index("underpaid"), 6] = 20
    counts.sums[0] = [15, 0, 0]
    counts.sums[40] = [5, 5 * 1024 * 1000, 0]  # five paths short of 1,000 USD each
    return counts


def test_the_counts_of_twenty_paths() -> None:
    said = report.report(twenty_paths())
    assert said["p_depletion"] == 0.25
    assert said["standard_error"] == pytest.approx(math.sqrt(0.25 * 0.75 / 20), rel=1e-12)
    # Wilson at 5 of 20, as tables have it
    assert said["interval"] == pytest.approx([0.1119, 0.4687], abs=5e-5)
    assert said["interval_is"] == "Wilson, 95 %"
    assert said["p_empty"] == {"value": 0.0, "standard_error": 0.0, "interval": [0.0, 3 / 20]}
    assert said["p_underpaid"]["interval"] == [1 - 3 / 20, 1.0]
    months = said["by_month"]
    assert [row["p_shortfall"] for row in months] == [0.2, 0.25, 0.25]
    assert [row["shortfall_hazard"] for row in months] == [4 / 20, 1 / 16, 0.0]
    assert [row["underpaid_hazard"] for row in months] == [0.0, 0.0, 1.0]
    assert said["months_to"]["shortfall"] == {
        "1": 1, "5": 1, "25": 2, "50": None, "75": None, "95": None, "99": None
    }  # fmt: skip
    loss = said["loss_usd"]
    # the worst twentieth is one path of those short of 1,000
    assert (loss["mean"], loss["cvar5"], loss["worst_from"]) == (250.0, 1000.0, 1000.0)
    assert loss["mean_error"] == pytest.approx(math.sqrt(0.25 * 0.75) * 1000 / math.sqrt(20), rel=1e-12)


def test_no_event_at_all_says_which_rule_bounds_it() -> None:
    counts = twenty_paths()
    counts.events[0] = [20, 0, 0, 0, 0, 0, 0]
    said = report.report(counts)
    assert (said["p_depletion"], said["interval"]) == (0.0, [0.0, 0.15])
    assert said["interval_is"] == "rule of three, 95 %"


def test_quantiles_are_those_of_the_summary() -> None:
    scenario = BASELINE.model_copy(update={"months": 5, "price_shock": -0.5, "demand_shock": -0.55})
    fans = ("V", "coverage", "runway", "x")
    found = run(scenario, PROTOCOL, REGISTRY.shocks(), paths=777, seed=3, fans=fans, device="cpu")
    frame = report.quantiles(found.counts)
    assert frame.height == len(fans) * 5 * len(summary.LEVELS)
    for row in frame.iter_rows(named=True):
        level = round(row["quantile"] * 100)
        assert row["value"] == summary.quantile(found.counts, row["variable"], row["month"], level)
    said = report.report(found.counts)["quantiles"]
    assert said["V"]["50"] == frame.filter(variable="V", quantile=0.5)["value"].to_list()
    assert np.isinf(frame["value"].to_numpy()).any()  # a runway without end ..
    assert None in said["runway"]["99"]  # .. is no number in JSON
