"""`vaultline doctor`: is everything in place, and if not, what to do."""

import argparse
import importlib.util
import os
import platform
from collections.abc import Callable, Iterator
from importlib import metadata, resources
from pathlib import Path
from typing import Literal, NamedTuple

from dashboard.commands.output import say, say_json, say_table
from data import inbox
from data.database import PATH_VARIABLE, default_path
from data.registry import load_facts
from data.store import Store, StoreBusy
from models.parameters import InputError
from models.projection import project

LIBRARIES = ("duckdb", "kaleido", "numba", "numpy", "plotly", "polars", "pydantic", "streamlit")
# As far off as the model's ledger may be (SPEC section 2), in IO.
MAX_RESIDUAL = 1e-3


class Check(NamedTuple):
    """`note` is about something that vaultline can do without; `broken` is not."""

    name: str
    state: Literal["ok", "note", "broken"]
    found: str


def run(args: argparse.Namespace) -> int:
    path = (args.store or default_path()).expanduser().absolute()
    checks = [check for name, look in CHECKS.items() for check in _guarded(name, look, path)]
    broken = any(check.state == "broken" for check in checks)
    if args.json:
        say_json({"ok": not broken, "checks": [check._asdict() for check in checks]})
    else:
        say_table([(check.state, check.name, check.found) for check in checks], left=3)
        say("\nSomething is broken: see above." if broken else "\nAll that is needed is in place.")
    return int(broken)


def _guarded(name: str, look: Callable[[Path], Iterator[Check]], path: Path) -> list[Check]:
    """A check that fails is a finding, whatever it fails with."""
    try:
        return list(look(path))
    except InputError as error:
        return [Check(name, "broken", str(error))]
    except Exception as error:
        return [Check(name, "broken", f"{type(error).__name__}: {error}".replace("\n", " "))]


def _versions(_: Path) -> Iterator[Check]:
    yield Check(
        "vaultline",
        "ok",
        f"{metadata.version('vaultline')}, Python {platform.python_version()}, {platform.platform()}",
    )
    for library in LIBRARIES:
        try:
            yield Check(library, "ok", metadata.version(library))
        except metadata.PackageNotFoundError:
            yield Check(library, "broken", "not installed: install vaultline again")


def _facts(_: Path) -> Iterator[Check]:
    registry = load_facts()
    yield Check("facts", "ok", f"{len(registry.facts)} facts, version {registry.version[:12]}")
    run = project(registry.baseline(), registry.protocol())
    off = run.summary["max_residual"]
    yield Check(
        "model",
        "ok" if off <= MAX_RESIDUAL else "broken",
        f"baseline runs, its ledger is off by {off:.1g} IO",
    )


def _store(path: Path) -> Iterator[Check]:
    yield from _inbox(path)
    if not path.exists():
        home = next(folder for folder in path.parents if folder.exists())
        if os.access(home, os.W_OK):
            yield Check("store", "ok", f"{path} is not there yet: the first run makes it")
        else:
            yield Check(
                "store", "broken", f"{path} cannot be made in {home}: set {PATH_VARIABLE} to a file of yours"
            )
        return
    try:
        with Store.open(path) as store:
            size = path.stat().st_size / 1e6
            yield Check("store", "ok", f"{path}, schema {store.schema_version()}, {size:.1f} MB")
    except StoreBusy as busy:
        yield Check(
            "store", "ok", f"{busy}: commands leave their records beside it, prices wait until it is free"
        )


def _inbox(path: Path) -> Iterator[Check]:
    rejected = len(list((inbox.folder(path) / "rejected").glob("*.json")))
    if rejected:
        yield Check("inbox", "note", f"{rejected} records refused: see {inbox.folder(path) / 'rejected'}")


def _images(_: Path) -> Iterator[Check]:
    from choreographer.browsers.chromium import Chromium

    browser = Chromium.find_browser(skip_local=False)
    if browser:
        yield Check("PNG and SVG", "ok", f"drawn by {browser}")
    else:
        yield Check("PNG and SVG", "note", "need Chrome or Chromium: install one, or name it in BROWSER_PATH")


def _gpu(_: Path) -> Iterator[Check]:
    if importlib.util.find_spec("cupy") is None:
        yield Check(
            "GPU", "note", "not used: for an NVIDIA GPU install vaultline[cuda13] or vaultline[cuda12]"
        )
        return
    import cupy

    try:
        count = cupy.cuda.runtime.getDeviceCount()
        name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        yield Check("GPU", "ok", f"{count} x {name}")
    except cupy.cuda.runtime.CUDARuntimeError as error:
        yield Check("GPU", "note", f"CuPy finds none that works ({error}): the CPU is used")


def _dashboard(_: Path) -> Iterator[Check]:
    config = resources.files("dashboard") / ".streamlit" / "config.toml"
    state: Literal["ok", "broken"] = "ok" if config.is_file() else "broken"
    yield Check(
        "dashboard", state, f"settings {config}" if state == "ok" else f"{config} is missing: install again"
    )


CHECKS: dict[str, Callable[[Path], Iterator[Check]]] = {
    "versions": _versions,
    "facts": _facts,
    "store": _store,
    "PNG and SVG": _images,
    "GPU": _gpu,
    "dashboard": _dashboard,
}
