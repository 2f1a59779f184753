"""What was recorded, for those who want the data: found by words, with its stamp and the command
that gives it again, and two of it beside each other."""

import json
import shlex
from datetime import UTC, date
from typing import Any

import polars as pl

from dashboard.reproduce import command_of
from dashboard.versions import code_version, model_version
from data import recorded
from data.recorded import Recorded
from data.registry import Registry
from data.store import Store
from models.parameters import InputError
from models.schedules import month_end

# Of an input that differs, as it is listed.
LONGEST = 40
PREVIEW = 1_000  # rows
LONGEST_CELL = 300


def catalogue(store: Store, registry: Registry) -> pl.DataFrame:
    """All that the store lists, newest first: the columns of data.recorded.LISTED with `seed`, `what` (what
    differs from the baseline, and what else was asked) and `stale` (of other facts or another model)."""
    listed = recorded.listing(store)
    baseline = json.loads(registry.baseline().canonical_json())
    parameters = [json.loads(text) for text in listed["parameters"]]
    what = [
        _what(scenario and json.loads(scenario), asked, baseline)
        for scenario, asked in zip(listed["scenario"], parameters, strict=True)
    ]
    current = pl.col("facts_version").eq(registry.version) & pl.col("model_version").is_in(
        [model_version(), code_version()]
    )
    return listed.with_columns(
        pl.Series("what", what, pl.String),
        pl.Series("seed", [asked.get("seed") for asked in parameters], pl.UInt64),
        stale=~current,
    )


def matching(listed: pl.DataFrame, text: str) -> pl.DataFrame:
    """The rows that contain every word, in id, kind, name, inputs, versions, device, counts or time."""
    everything = pl.concat_str(
        pl.col("id", "kind", "name", "what", "digest", "facts_version", "model_version", "device",
               "counts_sha256").fill_null(""),
        pl.col("seed", "paths").cast(pl.String).fill_null(""),
        pl.col("created_at").dt.to_string("%Y-%m-%d %H:%M"),
        pl.when("stale").then(pl.lit("stale")).otherwise(pl.lit("")),
        separator=" ",
    ).str.to_lowercase()  # fmt: skip
    for word in text.lower().split():
        listed = listed.filter(everything.str.contains(word, literal=True))
    return listed


def _what(scenario: dict[str, Any] | None, asked: dict[str, Any], baseline: dict[str, Any]) -> str:
    if scenario is None:
        return ""
    differs = [
        f"{name}={_short(value)}" for name, value in scenario.items() if value != baseline.get(name, value)
    ]
    differs += [f"{name}={_short(v)}" for name, v in scenario.items() if name not in baseline]
    words = " ".join(differs) or "baseline"
    event = asked.get("event") or asked.get("metric")
    return f"{words}, {event}" if event else words


def _short(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":")).strip('"')
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def is_stale(what: Recorded, registry: Registry) -> bool:
    """Whether it was made from other facts or by another model than there are now."""
    return what.facts_version != registry.version or what.model_version not in (
        model_version(),
        code_version(),
    )


def stamp(what: Recorded, registry: Registry) -> dict[str, Any]:
    """What a file's manifest says of the run behind it, in the place of the page's scenario."""
    try:
        command = command_of(what, registry)
    except InputError as error:
        command = f"none: {error}"
    one_path = what.kind == "projection"
    return {
        "scenario": what.scenario and json.loads(what.scenario),
        "scenario_digest": what.digest or "none",
        "shocks": what.parameters.get("shocks"),
        "seed": what.parameters.get("seed"),
        "paths": 1 if one_path else what.parameters.get("paths"),
        "facts_version": what.facts_version,
        "model_version": what.model_version,
        "command": command,
        "run_id": what.id,
        "run_kind": what.kind,
        "parameters": what.parameters,
        "device": what.device,
        "counts_sha256": what.counts_sha256,
        "seconds": what.seconds,
        "recorded": what.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
        "stale": is_stale(what, registry),
    }


def month_ends(what: Recorded, registry: Registry, months: int) -> list[date]:
    """The dates of its months' ends."""
    m0 = int(json.loads(what.scenario or "{}").get("m0", registry.baseline().m0))
    return [month_end(registry.protocol(), m0 + month) for month in range(1, months + 1)]


def inputs_beside(one: Recorded, other: Recorded) -> pl.DataFrame:
    """What was asked differently: input, one, other."""
    asked = [_asked(what) for what in (one, other)]
    names = list(dict.fromkeys([*asked[0], *asked[1]]))
    rows = [
        (name, *(asked_of.get(name, "") for asked_of in asked))
        for name in names
        if asked[0].get(name) != asked[1].get(name)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("input", "one", "other"), pl.String), orient="row")


def _asked(what: Recorded) -> dict[str, str]:
    scenario = json.loads(what.scenario or "{}")
    versions = {"facts_version": what.facts_version, "model_version": what.model_version}
    return {
        name: json.dumps(value).strip('"')
        for name, value in {"kind": what.kind, **scenario, **what.parameters, **versions}.items()
    }


def figures_beside(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The single figures of both: name, one, other. No difference is formed: it would need its error, which
    takes both on the same futures."""
    texts = [
        figures.filter(~pl.col("name").is_duplicated()).select(
            "name", pl.coalesce("text", pl.col("value").cast(pl.String)).alias("value")
        )
        for figures in (one, other)
    ]
    both = texts[0].join(texts[1], on="name", how="left", maintain_order="left", suffix="_other")
    return both.select("name", one="value", other="value_other")


def table_stamp(name: str) -> dict[str, Any]:
    """What a manifest says of a table of the store, which is of many scenarios or of none."""
    return command_stamp(shlex.join(["vaultline", "export", name, "--out", f"{name}.parquet"]))


def query_stamp(query: str) -> dict[str, Any]:
    """The same of the rows of a query."""
    return {**command_stamp(shlex.join(["vaultline", "sql", query])), "query": query}


def command_stamp(command: str) -> dict[str, Any]:
    """The same of whatever a command gives that is of no one scenario."""
    version = model_version()
    return {
        "scenario": None,
        "scenario_digest": "none",
        "paths": None,
        "model_version": version,
        "command": command,
    }


def preview(frame: pl.DataFrame) -> pl.DataFrame:
    """What of a table goes to the browser: its first rows, and of long texts their beginning."""
    text = pl.col(pl.String)
    cut = pl.when(text.str.len_chars() > LONGEST_CELL).then(text.str.head(LONGEST_CELL) + "…").otherwise(text)
    return frame.head(PREVIEW).with_columns(cut)


def units(columns: list[str]) -> dict[str, str]:
    """The unit of each column of a path that has one."""
    from dashboard.commands.project import UNITS

    return {name: UNITS[name] for name in columns if name in UNITS}
