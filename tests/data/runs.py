"""Runs to record, made from the baseline, and a look into a store."""

from typing import Any

from data.database import open_database
from data.records import RunRecord, projection_record
from data.store import Store
from models.parameters import Scenario, parse_scenario
from models.projection import project
from tests.scenarios import BASELINE, PROTOCOL

VERSIONS = {"facts_version": "f" * 64, "model_version": "0.1.0"}


def scenario(**changes: Any) -> Scenario:
    return parse_scenario(changes, BASELINE)


def run(**changes: Any) -> RunRecord:
    return projection_record(project(scenario(**changes), PROTOCOL), **VERSIONS, seconds=0.25)


def table(store: Store, query: str) -> list[tuple[Any, ...]]:
    """A query of a reader of the file, once the store is closed."""
    store.close()
    con = open_database(store.path)
    try:
        return con.sql(query).fetchall()
    finally:
        con.close()
