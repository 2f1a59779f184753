"""The rules of the house: who imports whom, what no file carries, what the locks pin, what the tools say."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from streamlit.config import get_option

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "data", "dashboard")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-test.lock")

UPWARD = {"models": {"data", "dashboard"}, "data": {"dashboard"}, "dashboard": set()}
# Files, network, clock, chance, threads: none of them is the economy's business.
IMPURE_MODULES = {
    "asyncio", "duckdb", "http", "io", "multiprocessing", "os", "pathlib", "platformdirs", "random",
    "requests", "shutil", "socket", "sqlite3", "streamlit", "subprocess", "tempfile", "threading", "time",
    "urllib",
}  # fmt: skip
IMPURE_CALLS = {"input", "now", "open", "print", "today", "utcnow"}

# A letter in brackets, so that this file does not carry them itself.
ADDRESSES = re.compile(
    r"pypi[.]org|python[h]osted|npm[j]s|trusted[-]host|find[-]links|(?<!no-emit-)index[-]url"
)
LEFTOVERS = re.compile(r"no[q]a|type: [i]gnore|TO[D]O|FIX[M]E|break[p]oint\(|assert [T]rue")


def texts() -> Iterator[Path]:
    folders = (*PACKAGES, "tests", ".ci")
    for path in [*ROOT.iterdir(), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]:
        if path.is_file() and path.suffix != ".pyc":
            yield path


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports anywhere, lazily too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0] if node.level == 0 else "")
    return names


def called(path: Path) -> set[str]:
    calls = [node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
    return {call.id if isinstance(call, ast.Name) else getattr(call, "attr", "") for call in calls}


def pins(lock: str) -> dict[str, list[Requirement]]:
    """Every line of a lock that names a requirement, by canonical name."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix("\\"))
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_imports_upward(package: str) -> None:
    files = sources(package)
    assert files
    assert {path: bad for path in files if (bad := imported(path) & UPWARD[package])} == {}


def test_models_are_pure() -> None:
    files = [path for path in sources("models") if ROOT / "models" / "stress" not in path.parents]
    impure = {path: (imported(path) & IMPURE_MODULES) | (called(path) & IMPURE_CALLS) for path in files}
    assert {path: bad for path, bad in impure.items() if bad} == {}


@pytest.mark.parametrize("module", ["answers", "cli"])
def test_commands_and_answers_do_without_streamlit(module: str) -> None:
    """Neither by an import of their own nor by what they import: scripts must not pay for the dashboard."""
    assert "streamlit" not in imported(ROOT / "dashboard" / f"{module}.py")
    probe = f"import sys, dashboard.{module}; sys.exit('streamlit' in sys.modules)"
    subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True)


def test_no_name_hides_a_package() -> None:
    """Streamlit puts the folder of app.py first on the path, where these would shadow the packages."""
    assert not [name for name in ("models", "data") if list((ROOT / "dashboard").glob(f"{name}*"))]


def test_the_dashboard_is_configured_for_this_machine_alone() -> None:
    """Streamlit only warns about a misspelt option, and would then listen on every interface."""
    config = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1"
    for section, table in config.items():
        for name, value in table.items():
            for inner in value if isinstance(value, dict) else [None]:
                get_option(".".join(filter(None, [section, name, inner])))


@pytest.mark.parametrize("unwanted", [ADDRESSES, LEFTOVERS], ids=["addresses", "leftovers"])
def test_no_file_carries_what_it_should_not(unwanted: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if unwanted.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_by_hash_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\w)", text)[1:]
    assert len(blocks) > 20
    assert [block for block in blocks if "--hash=sha256:" not in block or "==" not in block] == []
    assert "://" not in text
    assert " @ " not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_the_project(lock: str) -> None:
    """A dependency changed without `make lock` is noticed here."""
    declared = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
    if lock == "requirements-test.lock":
        declared += PROJECT["project"]["optional-dependencies"]["test"]
    pinned = pins(lock)
    for requirement in map(Requirement, declared):
        chosen = pinned[canonicalize_name(requirement.name)]
        versions = [str(pin.specifier).removeprefix("==") for pin in chosen]
        assert all(map(requirement.specifier.contains, versions)), requirement


def test_both_locks_pin_the_same_versions() -> None:
    runtime, test = (
        {name: {str(pin) for pin in found} for name, found in pins(lock).items()} for lock in LOCKS
    )
    assert {name: test.get(name) for name in runtime} == runtime


@pytest.mark.parametrize(
    "tool", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)], ids=["lint", "format", "types"]
)
def test_the_tools_agree(tool: tuple[str, ...]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
