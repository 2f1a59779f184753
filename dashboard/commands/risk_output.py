"""What the commands reserve, frontier and attribution share: shocks, a bar, stamps and files."""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from tqdm import tqdm

from dashboard.answers import Answers
from dashboard.commands.output import note, write_frame
from dashboard.progress import Progress
from dashboard.questions.risks import Found, Question
from dashboard.settings import command, number, whole
from dashboard.shock_settings import shock_words, shocks_from
from dashboard.versions import VERSION, model_version
from data.registry import Registry, load_facts
from data.shock_choices import choose
from models.parameters import InputError, Scenario
from models.shocks import Shocks

# Of the marks, what a file's manifest says besides
KEPT = ("run_id", "shocks", "seed", "paths")


def shocks_of(args: argparse.Namespace, registry: Registry) -> Shocks:
    if args.shocks == "bootstrap":
        raise InputError("--shocks bootstrap is not offered here: there are gbm and regimes")
    return shocks_from(args.shock, choose(registry, args.shocks, named=args.shock_set))


def reckon(args: argparse.Namespace, question: Question) -> Found:
    with Answers.open(args.store) as answers, _bar() as shown:
        return answers.risk(question, shown)


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on stderr, from the second second on and where a terminal shows it."""
    with tqdm(
        delay=1, leave=False, disable=None, file=sys.stderr, bar_format="{l_bar}{bar}| {elapsed}"
    ) as shown:

        def told(done: int, out_of: int) -> None:
            shown.total = out_of
            shown.update(done - shown.n)

        yield told


def marks(found: Found, scenario: Scenario, shocks: Shocks, flags: list[str]) -> dict[str, Any]:
    """What makes the answer again, and with what."""
    words = [command(scenario, found.kind), shlex.join([*flags, "--shock", *shock_words(shocks)])]
    return {
        "command": " ".join(words),
        "run_id": found.run_id,
        "shocks": json.loads(shocks.canonical_json()),
        **{name: found.figures[name] for name in ("seed", "paths") if name in found.figures},
        "seconds": found.seconds,
        "facts_version": load_facts().version,
        "model_version": model_version(),
        "version": VERSION,
        "scenario_sha256": scenario.digest(),
        "recorded": found.note is None,
    }


def computed(found: Found) -> str:
    """How long it took, and its name in the store."""
    how = "found in the store, computed" if found.found else "computed"
    return f"{how} in {found.seconds:.1f} s; run {found.run_id[:12]}"


def write(
    out: Path,
    frame: pl.DataFrame,
    title: str,
    scenario: Scenario,
    made: dict[str, Any],
    units: dict[str, str],
) -> None:
    from dashboard import exports

    replaced = out.exists()
    told = exports.manifest(
        kind="table",
        title=title,
        frame=frame,
        units=units,
        scenario=scenario,
        facts_version=made["facts_version"],
        model_version=made["model_version"],
        command=made["command"],
        time=datetime.now(UTC),
    )
    for path in write_frame(out, frame, told | {key: made[key] for key in made if key in KEPT}):
        note(f"{path} {'replaced' if replaced else 'written'}")


def wholes(name: str, text: str) -> tuple[int, ...]:
    return tuple(whole(name, part.strip()) for part in text.split(",") if part.strip())


def numbers(name: str, text: str) -> tuple[float, ...]:
    return tuple(number(name, part.strip()) for part in text.split(",") if part.strip())
