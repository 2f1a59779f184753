"""The record of the fit and of its hindcasts as frames, against the tables that it is read from."""

import polars as pl
import pytest

from data.fit_record import ALL, fit_record
from data.registry import load_facts
from models.hindcast_scores import LEAST_STRETCHES, RIVAL

FACTS = load_facts().facts
RECORD = fit_record(FACTS)
KEYS = ["token", "horizon_months", "law", "score"]


def test_every_score_is_there_once_and_no_interval_where_it_decides_nothing() -> None:
    scores = RECORD.scores
    assert scores.height == len(FACTS["hindcast_scores"].rows) * 4
    assert scores.select(KEYS).is_unique().all()
    assert scores["low"].is_null().equals(scores["stretches"] < LEAST_STRETCHES)
    assert scores["fails"].is_null().equals(scores["low"].is_null())
    known = scores.drop_nulls("low")
    assert (known["low"] <= known["value"]).all()
    assert (known["value"] <= known["high"]).all()
    assert scores.filter(law=RIVAL, score="crps_gain")["value"].unique().to_list() == [0.0]


def test_a_score_by_hand() -> None:
    (row,) = RECORD.scores.filter(
        token="FIL", horizon_months=1, law=RIVAL, score="coverage_50"
    ).to_dicts()  # 0.5 lies below 0.56 to 0.82: the band held too much
    assert (row["target"], row["value"], row["low"], row["high"], row["fails"]) == (
        0.5,
        0.69,
        0.56,
        0.82,
        True,
    )


def test_gains_agree_with_the_crps_that_they_come_from() -> None:
    table = pl.DataFrame(FACTS["hindcast_scores"].records())
    fitted, rival = (table.filter((pl.col("law") == RIVAL) == is_rival) for is_rival in (False, True))
    assert fitted["crps_gain"].to_list() == pytest.approx(
        (1 - fitted["crps"] / rival["crps"]).to_list(), abs=0.008
    )


def test_the_shares_of_a_histogram_make_a_whole() -> None:
    for _, part in RECORD.pit.group_by("token", "horizon_months", "law"):
        assert part["share"].sum() == pytest.approx(1, abs=0.006)
        assert part.sort("low")["low"].to_list() == pytest.approx([k / 10 for k in range(10)])
    assert RECORD.pit["token"].unique(maintain_order=True).to_list() == ["IO", ALL]


def test_the_histories_are_named_with_their_hashes_and_dates() -> None:
    assert RECORD.histories["sha256"].str.len_chars().unique().to_list() == [64]
    days = (RECORD.histories["last"] - RECORD.histories["first"]).dt.total_days()
    assert days.to_list() == RECORD.histories["returns"].to_list()
    assert RECORD.laws.filter("fitted")["history"].to_list() == ["IO", ALL]
    assert RECORD.moments["inside"].all()
