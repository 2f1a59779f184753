"""What the reader's last change did to the headline numbers: one quiet line."""

import polars as pl

from dashboard import inputs
from dashboard.words import cards
from dashboard.words.formats import listing, percent, plain
from models.parameters import Scenario
from models.projection import Projection

MOST_NAMED = 2
NOTHING_YET = "Since the last change: nothing has been changed yet."


def since(before: Projection | None, now: Projection) -> str:
    """The changed inputs and the headline numbers that they moved, before and after, as Markdown."""
    if before is None:
        return NOTHING_YET
    changed = changes(before.scenario, now.scenario)
    if not changed:
        return NOTHING_YET
    was, after = _values(before), _values(now)
    moved = [
        f"{label.lower()} {was.get(label, 'none')} → {after.get(label, 'none')}"
        for label in dict.fromkeys([*was, *after])
        if was.get(label) != after.get(label)
    ]
    effect = listing(moved) if moved else "none of these numbers moved"
    return f"Since the last change ({changed}): {effect}.".replace("$", "\\$")


def changes(before: Scenario, now: Scenario) -> str:
    """What was changed, in words: the inputs' names and values, or how many they are."""
    names = [n for n in Scenario.model_fields if getattr(before, n) != getattr(now, n)]
    if len(names) > MOST_NAMED:
        return f"{len(names)} inputs"
    return "; ".join(
        f"{inputs.title(n)}: {plain(inputs.shown(n, getattr(before, n)))} → "
        f"{plain(inputs.shown(n, getattr(now, n)))}"
        for n in names
    )


def _values(run: Projection) -> dict[str, str]:
    """The Overview's three numbers and the lowest pay, by label."""
    nobody = pl.DataFrame(schema={"label": pl.String, "first_shortfall_month": pl.Int64})
    shown = {card.label: card.value for card in cards.headline(run, nobody)}
    return shown | {"Lowest pay": percent(run.summary["min_pay"])}
