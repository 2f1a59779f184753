"""`vaultline hindcast`: what fits of the past would have foretold of a price, and what came."""

import argparse
import textwrap
from typing import Any

import polars as pl

from dashboard.answers import Answers
from dashboard.commands import histories
from dashboard.commands.output import note, say, say_json, say_table
from dashboard.questions.calibrations import Scored, Scoring
from dashboard.settings import whole
from dashboard.words import calibration_words as words
from dashboard.words.formats import listing, percent
from models.parameters import InputError

WIDTH = 100
LONGEST = 240


def run(args: argparse.Namespace) -> int:
    horizons = _horizons(args.horizons)
    out = histories.target(args.out, args.histories)
    with Answers.open(args.store) as answers, histories.bar("origins") as shown:
        series = tuple(histories.read(answers, text) for text in args.histories)
        asked = Scoring(series, horizons, args.regimes, args.drift, args.seed, args.pooled)
        found = answers.hindcast(asked, shown)
        marks = histories.marks(answers, _words(args))
    missing = [str(h) for h in horizons if found.scores.filter(horizon_months=h).is_empty()]
    notes = [f"no history is long enough for {listing(missing)} months"] if missing else []
    for text in notes:
        note(text)
    record: dict[str, Any] = {
        "histories": [histories.about(one) for one in series],
        "regimes": args.regimes,
        "drift": args.drift,
        "pooled": args.pooled,
        "seed": args.seed,
        "scores": found.scores.to_dicts(),
        "pit": found.pit.to_dicts(),
        "findings": {token: list(told) for token, told in found.notes.items()},
        **marks,
        "notes": notes,
    }
    if out is not None:
        histories.write(out, found.forecasts, "Forecasts at every origin and what came", record)
    if args.json:
        say_json(record)
    else:
        _tell(found)
    return 0


def _words(args: argparse.Namespace) -> list[str]:
    given = ["hindcast", *args.histories, "--horizons", args.horizons, *["--drift"] * args.drift]
    given += ["--pooled"] * args.pooled
    return [*given, "--regimes", str(args.regimes), "--seed", str(args.seed)]


def _horizons(text: str) -> tuple[int, ...]:
    found = tuple(dict.fromkeys(whole("--horizons", part.strip()) for part in text.split(",")))
    for months in found:
        if not 1 <= months <= LONGEST:
            raise InputError(f"--horizons {months} is not allowed: 1 to {LONGEST} months can be scored")
    return found


def _tell(found: Scored) -> None:
    token, told = list(found.notes.items())[-1]
    say(f"What to know first, for {token}:\n")
    for text in told:
        say(textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    "))
    say("\nShare of what came in each band, with its 95 % interval:\n")
    say_table(words.scores(found.scores), left=3)
    say(
        "\n* the interval excludes what it should be; (?) too few horizons side by side (stretches) for an "
        "interval:\n  it decides nothing. CRPS gain: how much lower the score is than that of the rival.\n"
    )
    say(
        f"Where in the forecast what came fell, by tenths from the lowest, for {token}; 10 % each is right:\n"
    )
    say_table(_tenths(found.pit.filter(token=token)), left=2)


def _tenths(pit: pl.DataFrame) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for (months, law), part in pit.sort("horizon_months").group_by(
        "horizon_months", "law", maintain_order=True
    ):
        rows.append((str(months), str(law), *(percent(s, 0) for s in part.sort("low")["share"])))
    return [("months", "law", *(str(i) for i in range(1, len(rows[0]) - 1))), *rows]
