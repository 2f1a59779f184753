"""The store's tables for readers of SQL and of files: what each holds, its columns, and all of its rows."""

from typing import NamedTuple

import polars as pl

from data.store import Store
from models.parameters import InputError

MOST_ROWS = 1_000_000
_COLUMNS = (
    'SELECT table_name AS "table", column_name AS "column", data_type AS type, is_nullable AS optional '
    "FROM duckdb_columns() WHERE NOT internal ORDER BY table_name, column_index"
)


class About(NamedTuple):
    """What a table holds, in words; how many rows, and all of them, in SQL."""

    words: str
    how_many: str
    rows: str


# fmt: off
TABLES = {
    "run": About(
        "Every run: what was asked (parameters and summary are JSON), by which versions, when, how long",
        "SELECT count(*) FROM run", "SELECT * FROM run ORDER BY created_at, id"),
    "run_summary": About(
        "The headline figures of runs one by one: end.V is the vault at the end, in IO",
        "SELECT count(*) FROM run_summary", "SELECT * FROM run_summary ORDER BY run, name"),
    "run_step": About(
        "Projections step by step: every flow and state in IO and USD (k_target is the payout target k)",
        "SELECT count(*) FROM run_step", "SELECT * FROM run_step ORDER BY run, step"),
    "run_quantile": About(
        "Stress runs: quantiles of each quantity at each month's end over all paths",
        "SELECT count(*) FROM run_quantile",
        "SELECT * FROM run_quantile ORDER BY run, variable, month, quantile"),
    "run_counts": About(
        "Stress runs: paths, device and the hash over their counts; the packed counts stay in the store",
        "SELECT count(*) FROM run_counts", "SELECT * EXCLUDE (packed) FROM run_counts ORDER BY run"),
    "answer": About(
        "Answers that are no run of one scenario: what was asked and what came out, as JSON",
        "SELECT count(*) FROM answer", "SELECT * FROM answer ORDER BY created_at, id"),
    "scenario": About(
        "Scenarios by the hash of their inputs (JSON), and the names that were given to them",
        "SELECT count(*) FROM scenario", "SELECT * FROM scenario ORDER BY created_at, digest"),
    "fact": About(
        "The sourced facts: value (JSON), unit, date, source, kind, plausible range",
        "SELECT count(*) FROM fact", "SELECT * FROM fact ORDER BY id"),
    "source": About(
        "Who said it: name, publisher, address or document",
        "SELECT count(*) FROM source", "SELECT * FROM source ORDER BY id"),
    "price": About(
        "Imported daily prices, USD, with the hash of the file that they came from",
        "SELECT count(*) FROM price", "SELECT * FROM price ORDER BY symbol, date"),
    "observation": About(
        "What live sources reported, with its time and unit",
        "SELECT count(*) FROM observation", "SELECT * FROM observation ORDER BY series, observed_at, source"),
    "schema_version": About(
        "Which migrations the store has had, and when",
        "SELECT count(*) FROM schema_version", "SELECT * FROM schema_version ORDER BY version"),
}
# fmt: on

EXAMPLES = {
    "The newest runs": (
        "SELECT id[:12] AS run, kind, created_at, seconds\nFROM run\nORDER BY created_at DESC\nLIMIT 20"
    ),
    "When each projection first runs short": (
        "SELECT run[:12] AS run, min(month) AS first_short_month, min(coverage) AS lowest_coverage\n"
        "FROM run_step\nWHERE shortfall\nGROUP BY run\nORDER BY first_short_month"
    ),
    "The vault by scenario": (
        "SELECT saved.name, run.scenario[:12] AS scenario, value AS vault_at_end_io\n"
        "FROM run_summary\nJOIN run ON run.id = run_summary.run\n"
        "LEFT JOIN saved_scenario AS saved ON saved.scenario = run.scenario AND saved.deleted_at IS NULL\n"
        "WHERE run_summary.name = 'end.V'\nORDER BY value"
    ),
    "The middle future of the vault": (
        "SELECT run[:12] AS run, month, value AS vault_io\nFROM run_quantile\n"
        "WHERE variable = 'V' AND quantile = 0.5\nORDER BY run, month"
    ),
    "Chance of a shortfall": (
        "SELECT run[:12] AS run, paths, (summary->>'$.p_depletion')::DOUBLE AS p_shortfall,\n"
        "  (summary->>'$.standard_error')::DOUBLE AS standard_error\n"
        "FROM run\nJOIN run_counts ON run = id\nORDER BY p_shortfall"
    ),
    "What is assumed, and its range": (
        "SELECT title, value, unit, low, high\nFROM fact\nWHERE kind = 'assumption'\nORDER BY title"
    ),
}


def overview(store: Store) -> pl.DataFrame:
    """One row a table: table, rows, columns (as text), holds."""
    columns = schema(store).group_by("table", maintain_order=True).agg(pl.col("column").str.join(", "))
    named = dict(columns.iter_rows())
    rows = [
        (name, int(store.rows(about.how_many, [])[0][0]), named.get(name, ""), about.words)
        for name, about in TABLES.items()
    ]
    return pl.DataFrame(rows, schema=["table", "rows", "columns", "holds"], orient="row")


def schema(store: Store) -> pl.DataFrame:
    """Every column of every table: table, column, type, optional."""
    return store.frame(_COLUMNS, [])


def whole(store: Store, name: str, most: int = MOST_ROWS) -> pl.DataFrame:
    """All rows of one of TABLES. Raises InputError for one that is unknown, or has more than `most` rows."""
    about = TABLES.get(name.strip().lower())
    if about is None:
        raise InputError(f"the store has no table {name[:60]!r}; it has {', '.join(TABLES)}")
    rows = int(store.rows(about.how_many, [])[0][0])
    if rows > most:
        raise InputError(f"{name} has {rows:,} rows, and {most:,} are allowed: take a part of it with SQL")
    return store.frame(about.rows, [])
