"""A scenario as text from outside: every input must be there, known, once, and in bounds.

A scenario's file is `{"format": "vaultline-scenario", "version": 1, "name": .., "inputs": {..}}`."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from models.parameters import InputError, Scenario, Strict, parse_scenario, sentence

FORMAT = "vaultline-scenario"
VERSION = 1
# A price history of fifty years by the day is about 250,000 characters.
MAX_BYTES = 1_000_000
MAX_NAME = 80


class ScenarioFile(Strict):
    """What stands around the inputs."""

    format: str
    version: int
    name: str = Field(min_length=1, max_length=1000)
    inputs: dict[str, Any]


def dump(name: str, scenario: Scenario) -> str:
    """The file's text: the same scenario and name give the same bytes."""
    inputs = json.loads(scenario.canonical_json())
    file = {"format": FORMAT, "version": VERSION, "name": name, "inputs": inputs}
    return json.dumps(file, indent=2, ensure_ascii=False) + "\n"


def load(content: bytes) -> tuple[str, Scenario]:
    """Name and scenario of a file. Raises InputError: one sentence that says what is wrong with it."""
    if len(content) > MAX_BYTES:
        raise InputError(f"The file is too large ({len(content):,} bytes, at most {MAX_BYTES:,})")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("The file is no scenario: it holds no text") from None
    values = mapping(text, "The file")
    if values.get("format") != FORMAT:
        raise InputError('The file is no scenario: it does not say "format": "vaultline-scenario"')
    if values.get("version") != VERSION:
        shown = repr(values.get("version"))[:20]
        raise InputError(f"The file has version {shown}; this vaultline reads version {VERSION}")
    try:
        file = ScenarioFile.model_validate(values)
    except ValidationError as error:
        raise InputError(f"The file is damaged: {sentence(error)}") from None
    return checked_name(file.name), complete(file.inputs, "The file")


def checked_name(name: str) -> str:
    """A scenario's name as it is kept: trimmed, printable, of 1 to MAX_NAME characters. Raises InputError."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InputError(f"A scenario's name has 1 to {MAX_NAME} printable characters")
    return name


def complete(values: Mapping[str, Any], what: str) -> Scenario:
    """The scenario of all its inputs: none may be missing, so that a default that moves does not change what
    was meant. `what` is what they stand in. Raises InputError."""
    unknown = [name for name in values if name not in Scenario.model_fields]
    if unknown:
        raise InputError(f"{what} names the input {unknown[0][:40]!r}, which this vaultline does not know")
    missing = [name for name in Scenario.model_fields if name not in values]
    if missing:
        raise InputError(f"{what} lacks the input {missing[0]}")
    try:
        return parse_scenario(values)
    except RecursionError:  # lists in lists in lists
        raise InputError(f"{what} is damaged: it holds no scenario") from None


def mapping(text: str, what: str) -> dict[str, Any]:
    """A JSON object whose keys, and those of all objects in it, occur once: of two values for one input,
    neither may win unseen. Raises InputError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) != len(pairs):
            raise InputError(f"{what} is damaged: it names an input twice")
        return values

    try:
        values = json.loads(text, object_pairs_hook=once)
    except InputError:
        raise
    except (ValueError, RecursionError):  # ValueError: also numbers of thousands of digits
        raise InputError(f"{what} is damaged: it holds no scenario") from None
    if not isinstance(values, dict):
        raise InputError(f"{what} is damaged: it holds no scenario")
    return values
