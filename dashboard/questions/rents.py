"""A customer's workload as text, what it costs by every stated price, and that in words."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from dashboard import settings
from dashboard.words.formats import month, percent, usd
from data import customers as renting
from data.registry import Registry
from models.parameters import InputError, Scenario
from models.projection import Projection
from models.readers import customers
from models.readers.customers import OWN, Hours, hours_for_tokens, hours_of, unserved_figures

MODEL = "H100"
ASSUMED = "GPU-hours for tokens rest on an assumed range of what one GPU serves"
UNITS = {
    **dict.fromkeys(("hours_low", "hours_high"), "GPU-hours a month"),
    **dict.fromkeys(("price_low", "price_high"), "USD a GPU-hour"),
    **dict.fromkeys(("cost_low", "cost_high"), "USD a month"),
}


class Asked(NamedTuple):
    """A workload as text: GPU-hours a month like `H100:1000,A100:500`, or tokens a day on one model."""

    hours: str | None = None
    tokens: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Rent:
    """Frames of models.readers.customers: `prices` (costs) with the sources' names, `providers`
    (by_provider) and `unserved`."""

    prices: pl.DataFrame
    providers: pl.DataFrame
    unserved: pl.DataFrame


def reckon(registry: Registry, run: Projection, work: Sequence[Hours]) -> Rent:
    """What the work costs, and the demand that the run leaves unserved."""
    facts = registry.facts
    table = customers.costs(work, renting.prices(facts), renting.fees(facts))
    names = {s.id: s.name for s in registry.sources.values()}
    return Rent(
        table.with_columns(pl.col("source").replace_strict(names)),
        customers.by_provider(table),
        customers.unserved(run),
    )


def command(scenario: Scenario, asked: Asked) -> str:
    """The whole command, quoted for a shell, that asks exactly this."""
    words = [word for name, text in asked._asdict().items() if text for word in (f"--{name}", text)]
    return f"{settings.command(scenario, 'customers')} {shlex.join(words)}"


def workload(registry: Registry, asked: Asked) -> list[Hours]:
    """GPU-hours a month by model. Raises InputError."""
    hours, tokens, model = asked
    facts = registry.facts
    priced = renting.priced_models(facts)
    if (hours is None) == (tokens is None):
        raise InputError(
            "say what is to be rented: --hours MODEL:HOURS,... a month, or --tokens N a day, one of the two"
        )
    if hours is not None:
        if model is not None:
            raise InputError("--model goes with --tokens; --hours names its models itself")
        return hours_of([_line(line) for line in hours.split(",") if line.strip()], priced)
    a_day = settings.number("--tokens", str(tokens))
    return hours_for_tokens(a_day, model or MODEL, renting.serving_rates(facts), priced)


def _line(line: str) -> tuple[str, float]:
    model, colon, hours = line.rpartition(":")
    if not colon:
        raise InputError(f"--hours {line.strip()!r:.60}: write MODEL:HOURS, like H100:1000")
    return model.strip(), settings.number("--hours", hours.strip())


def answer(found: Rent) -> str:
    """The cost at io.net against the hyperscalers, in one sentence a model."""
    sentences = []
    for row in found.providers.filter(provider=OWN).iter_rows(named=True):
        words = f"{row['model']}: {between(row['cost_low'], row['cost_high'])} a month at {OWN}"
        if row["saving_low"] is not None:
            words += (
                f", against hyperscalers between {percent(row['saving_low'])} and "
                f"{percent(row['saving_high'])} less by the sources' own range"
            )
        sentences.append(f"{words}.")
    absent = sorted(set(found.providers["model"]) - set(found.providers.filter(provider=OWN)["model"]))
    sentences += [f"{model}: no price at {OWN} is published." for model in absent]
    return " ".join(sentences)


def conflicts(found: Rent) -> list[str]:
    """What the sources disagree on, a sentence for each provider and GPU."""
    sentences = []
    for row in found.providers.filter(conflict=True).iter_rows(named=True):
        low, high = row["agreed_low"], row["agreed_high"]
        agreed = "no price" if low is None else between(low, high)
        sentences.append(
            f"{row['sources']} sources on the {row['model']} of {row['provider']} conflict: between "
            f"{usd(row['price_low'])} and {usd(row['price_high'])} an hour, all of them allow {agreed}."
        )
    return sentences


def unserved(found: Rent) -> str:
    """Whether the scenario leaves demand without a GPU."""
    figures = unserved_figures(found.unserved)
    supply = percent(figures["lowest_active"])
    if figures["first_month"] is None:
        return (
            "Under this scenario all demand finds a GPU in every month; active supply is never below "
            f"{supply} of the start."
        )
    first = found.unserved.row(figures["first_month"] - 1, named=True)
    return (
        f"Under this scenario demand first finds no free GPU in {month(first['date'], first['month'])}: at "
        f"the worst {percent(figures['highest_share'])} of it goes unserved, {usd(figures['unserved_usd'])} "
        f"over {figures['months']} months, and active supply falls to {supply} of the start."
    )


def between(low: float, high: float) -> str:
    return usd(low) if low == high else f"{usd(low)} to {usd(high)}"
