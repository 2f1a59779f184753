"""`vaultline calibrate` and `hindcast`: what they find, say and refuse, on histories made by known laws."""

import json
import math
import shlex
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dashboard.answers import Answers
from dashboard.cli import main
from dashboard.questions import calibrations
from dashboard.questions.calibrations import Fitting, Scoring
from dashboard.shock_settings import shocks_from
from data.sources.files import read_price_csv
from models import calibration
from models.calibration import Calibration
from models.hindcast import hindcast
from tests.scenarios import REGISTRY

pytestmark = pytest.mark.usefixtures("store_path")
SIGMA = 0.04 * math.sqrt(365.25)


def write(path: Path, days: int, seed: int, *, skip: int | None = None, zero: int | None = None) -> str:
    """Closes with independent normal log returns of 0.04 a day."""
    closes = np.exp(np.random.default_rng(seed).normal(0, 0.04, days).cumsum())
    lines = [
        f"{date(2023, 1, 1) + timedelta(days=k)},{0.0 if k == zero else close:.10g}"
        for k, close in enumerate(closes)
        if k != skip
    ]
    path.write_text("\n".join(["date,close", *lines]), encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def _few_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the search finds is tested in tests/models; here once is enough."""
    monkeypatch.setattr(calibration, "RIVAL_STARTS", 1)
    monkeypatch.setattr(calibration, "PATHS", 100)
    monkeypatch.setattr(calibrations, "calibrate", partial(calibration.calibrate, starts=1))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("prices")
    return write(folder / "ABC.csv", 230, 1), write(folder / "XYZ.csv", 220, 2)


def value(found: dict[str, Any], parameter: str) -> dict[str, Any]:
    (row,) = (row for row in found["parameters"] if row["parameter"] == parameter)
    assert isinstance(row, dict)
    return row


def test_a_fit_finds_the_volatility_that_the_history_was_made_with(
    files: tuple[str, str], ask: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "residuals.csv"
    found = ask("calibrate", files[0], "--regimes", "1", "--seed", "3", "--out", str(out))
    volatility = value(found, "volatility with jumps")
    assert abs(volatility["value"] - SIGMA) < 4 * volatility["standard_error"]
    assert found["history"]["symbol"] == "ABC"
    assert found["history"]["sha256"] == read_price_csv(Path(files[0]), today=date(2026, 1, 1)).sha256
    assert found["code_version"] == calibrations.code_version()
    # the shocks have no drift, and the command that is printed gives these very ones
    assert [r["mu"] for r in found["shocks"]["regimes"]] == [0.0]
    words = shlex.split(found["stress_command"])
    assert words[:3] == ["vaultline", "stress", "--shock"]
    assert json.loads(shocks_from(words[3:], REGISTRY.shocks()).canonical_json()) == found["shocks"]
    # and the command makes the same answer
    again = ask(*shlex.split(found["command"])[1:])
    assert again == found
    # the file has every day's residual, and beside it all of this
    assert pl.read_csv(out).columns == ["date", "log_return", "pit", "score", "p_calm"]
    made = json.loads(out.with_suffix(".manifest.json").read_text(encoding="utf-8"))
    assert (made["rows"], made["parameters"]) == (229, found["parameters"])


def test_the_text_says_what_is_not_proven_before_any_number(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", files[0], "--pool", files[1]]) == 0
    printed = capsys.readouterr().out
    assert "fitted to 448 daily returns of 2 tokens (with XYZ)" in " ".join(printed.split())
    assert printed.index("BIC prefers") < printed.index("Parameters a year")
    for words in ("standard error", "this fit", "starts came to the same optimum", "Kolmogorov", "worst day"):
        assert words in printed
    assert printed.rstrip().splitlines()[-1].startswith("  vaultline stress --shock regimes=calm,stress ")


def test_imported_prices_are_named_by_their_symbol(
    files: tuple[str, str], ask: Callable[..., dict[str, Any]], refused: Callable[..., str]
) -> None:
    assert "no prices of 'ABC'" in refused("calibrate", "abc")
    ask("prices", "import", files[0])
    history = ask("calibrate", "abc", "--regimes", "1")["history"]
    series = read_price_csv(Path(files[0]), today=date(2026, 1, 1))
    assert (history["symbol"], history["days"], history["sha256"]) == ("ABC", 230, series.sha256)


@pytest.mark.usefixtures("held_store")
def test_a_store_in_use_still_answers_for_files_and_says_why_not_for_symbols(
    files: tuple[str, str], ask: Callable[..., dict[str, Any]], refused: Callable[..., str]
) -> None:
    assert ask("calibrate", files[0], "--regimes", "1")["parameters"]
    assert "in use by process" in refused("hindcast", "ABC")


def test_a_hindcast_scores_each_history_and_all_together(
    files: tuple[str, str], ask: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "forecasts.parquet"
    found = ask("hindcast", *files, "--horizons", "1", "--regimes", "1", "--out", str(out))
    scores = pl.DataFrame(found["scores"])
    assert scores["token"].unique(maintain_order=True).to_list() == ["ABC", "XYZ", "all 2"]
    series = read_price_csv(Path(files[0]), today=date(2026, 1, 1))
    days, closes = series.frame["date"].to_list(), series.frame["close"].to_list()
    own = hindcast(days, closes, regimes=1, horizons_months=(1,)).scores
    assert scores.filter(token="ABC")["value"].to_list() == own["value"].to_list()
    # together: as many forecasts as both have
    forecasts = pl.read_parquet(out)
    inside = forecasts.filter(pl.col("law") == "regimes and jumps", (pl.col("pit") - 0.5).abs() <= 0.25)
    both = scores.filter(token="all 2", law="regimes and jumps", score="coverage_50")["value"].item()
    assert both == pytest.approx(inside.height / (forecasts.height / 2))
    assert any("not validated" in told for told in found["findings"]["all 2"])


def test_the_text_of_a_hindcast_has_intervals_and_says_what_decides_nothing(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hindcast", files[0], "--regimes", "1", "--horizons", "1,12"]) == 0
    printed = capsys.readouterr()
    assert "note: no history is long enough for 12 months" in printed.err
    for words in ("50 % band", "CRPS gain", "stretches", "it decides nothing", "demand and payouts"):
        assert words in printed.out


@pytest.mark.parametrize(
    ("days", "made", "says"),
    [
        (100, {}, "ABC: the history has 100 days; a fit needs at least 121"),
        (300, {"skip": 7}, "2023-01-08 is missing"),
        (300, {"zero": 7}, "close is '0'"),
    ],
)
@pytest.mark.parametrize("command", ["calibrate", "hindcast"])
def test_a_history_that_cannot_be_fitted_is_refused_by_name(
    days: int, made: dict[str, int], says: str, command: str, tmp_path: Path, refused: Callable[..., str]
) -> None:
    assert says in refused(command, write(tmp_path / "ABC.csv", days, 1, **made))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("hindcast", "{0}", "--horizons", "0"), "1 to 240 months"),
        (("hindcast", "{0}", "--horizons", "1,x"), "'x' is not a whole number"),
        (("hindcast", "{0}", "--horizons", "36"), "ABC: the history has 230 days"),
        (("hindcast", "{0}", "{0}"), "two of the histories are called ABC"),
        (("calibrate", "{0}", "--pool", "{0}"), "two of the histories are called ABC"),
        (("calibrate", "{0}", "--regimes", "4"), "invalid choice"),
        (("calibrate", "{0}", "--seed", "-1"), "no seed"),
        (("calibrate", "nowhere.csv"), "there is no file nowhere.csv"),
        (("calibrate", "{0}", "--out", "{0}"), "the file that the prices are read from"),
        (("calibrate", "{0}", "--out", "x.txt"), "must end in"),
        (("calibrate",), "required"),
    ],
)
def test_bad_input_is_one_sentence(
    words: tuple[str, ...], says: str, files: tuple[str, str], refused: Callable[..., str]
) -> None:
    assert says in refused(*(word.format(files[0]) for word in words))


def test_a_short_history_in_the_pool_is_named(
    files: tuple[str, str], tmp_path: Path, refused: Callable[..., str]
) -> None:
    short = write(tmp_path / "SHORT.csv", 50, 3)
    assert refused("calibrate", files[0], "--pool", short).startswith("vaultline: SHORT: the history has 50")


def test_answers_are_remembered_by_all_that_decides_them(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = calibrations.fit(Fitting(read_price_csv(Path(files[0]), today=date(2026, 1, 1)), regimes=1))

    def fitted(*_: object, seed: int, progress: Callable[[int, int], None], **__: object) -> Calibration:
        progress(1, 7)
        return replace(made)

    monkeypatch.setattr(calibrations, "calibrate", fitted)
    own, other = (read_price_csv(Path(name), today=date(2026, 1, 1)) for name in files)
    told: list[tuple[str, int, int]] = []
    with Answers.open() as answers:
        first = answers.calibration(Fitting(own), lambda *seen: told.append(seen))
        assert answers.calibration(Fitting(own)) is first
        different = [Fitting(other), Fitting(own, (other,)), Fitting(own, regimes=1), Fitting(own, seed=1)]
        found = [answers.calibration(asked, lambda *seen: told.append(seen)) for asked in different]
    assert len({id(one) for one in (first, *found)}) == 5
    assert told == [(name, 1, 7) for name in ("ABC", "XYZ", "ABC", "ABC", "ABC")]


def test_a_fit_and_its_hindcast_are_found_as_they_were_made(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = read_price_csv(Path(files[0]), today=date(2026, 1, 1))
    fitting, scoring = Fitting(own, regimes=1), Scoring((own,), (1,), regimes=1)
    with Answers.open() as answers:
        fit, scored = answers.calibration(fitting), answers.hindcast(scoring)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(calibrations, "calibrate", never)
    monkeypatch.setattr(calibrations, "hindcast", never)
    with Answers.open() as answers:
        fit_again, scored_again = answers.calibration(fitting), answers.hindcast(scoring)
    for one, two in ((fit, fit_again), (scored, scored_again)):
        for field in fields(one):
            made, found = getattr(one, field.name), getattr(two, field.name)
            if isinstance(made, pl.DataFrame):
                assert_frame_equal(found, made, check_exact=True)
            elif field.name != "law":
                assert found == made
    for field in fields(fit.law):
        assert np.array_equal(getattr(fit_again.law, field.name), getattr(fit.law, field.name))
    assert fit_again.shocks(REGISTRY.shocks()) == fit.shocks(REGISTRY.shocks())


def test_ctrl_c_ends_it_with_130(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(calibrations, "calibrate", interrupted)
    assert main(["calibrate", files[0]]) == 130
    assert capsys.readouterr().err == "vaultline: interrupted\n"
