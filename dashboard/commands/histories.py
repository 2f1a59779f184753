"""Price histories for commands: read from files or out of the store; with a bar while they are worked on."""

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
from dashboard.commands.output import checked_target, note, write_frame
from dashboard.commands.scenario import today
from dashboard.questions import calibrations
from dashboard.questions.calibrations import Progress
from dashboard.versions import VERSION
from data.sources.files import PriceSeries, read_price_csv
from models.parameters import InputError


def target(out: Path | None, histories: list[str]) -> Path | None:
    """--out, when it can be written and is none of the files that are read. Raises InputError."""
    if out is None:
        return None
    for text in histories:
        out = checked_target(out, Path(text) if calibrations.is_file(text) else None)
    return out


def read(answers: Answers, text: str) -> PriceSeries:
    """Raises InputError: a bad file, an unknown symbol, a store that another process holds."""
    if calibrations.is_file(text):
        return read_price_csv(Path(text).expanduser(), today=today())
    if answers.store is None:
        raise InputError(
            f"{text[:40]!r} is no file, and the prices of the store cannot be read ({answers.notice}): "
            "name a CSV file"
        )
    return answers.store.prices(text.upper())


@contextmanager
def bar(unit: str) -> Iterator[Progress]:
    """A bar on stderr, from the second second on and where a terminal shows it."""
    with tqdm(unit=f" {unit}", delay=1, leave=False, disable=None, file=sys.stderr) as shown:
        known: list[str] = []

        def told(what: str, done: int, total: int) -> None:
            if what not in known:
                known.append(what)
                shown.reset(total)
                shown.set_description(what)
            shown.update(done - shown.n)

        yield told


def about(series: PriceSeries) -> dict[str, Any]:
    return {
        "symbol": series.symbol,
        "first": str(series.first),
        "last": str(series.last),
        "days": series.frame.height,
        "sha256": series.sha256,
    }


def marks(answers: Answers, command: list[str]) -> dict[str, Any]:
    """What makes the answer again, and with what."""
    return {
        "command": shlex.join(["vaultline", *command]),
        "facts_version": answers.registry.version,
        "version": VERSION,
        "code_version": calibrations.code_version(),
    }


def write(out: Path, frame: pl.DataFrame, title: str, made: dict[str, Any]) -> None:
    replaced = out.exists()
    told = {
        "kind": "table",
        "title": title,
        "rows": frame.height,
        "columns": [{"name": name, "type": str(kind)} for name, kind in frame.schema.items()],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **made,
    }
    for path in write_frame(out, frame, told):
        note(f"{path} {'replaced' if replaced else 'written'}")
