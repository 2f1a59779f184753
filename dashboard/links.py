"""A whole scenario in a link: `?v=1&s=<base64url(zlib(canonical JSON))>`.

Every input travels, so a link means the same on another machine and after the defaults have moved. What
arrives is untrusted: sizes are capped on both sides of the compression, and the Scenario's own declaration
judges the rest. The Compare page's link says besides, under `c`, what the scenario is compared with, on which
random futures.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

from data.scenario_file import checked_name, complete, mapping
from models.parameters import InputError, Scenario
from models.shocks import Shocks, parse_shocks

VERSION = "1"
# A page's address has to fit what web servers take for one line (uvicorn: 64 KiB).
MAX_TEXT = 32_000
MAX_JSON = 256_000
MAX_OTHERS = 3
# What the page offers itself: whoever opens a link has not asked for more.
MAX_PATHS = 1_000_000
MAX_SEED = 2**53 - 1
WHAT = "The link"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class Linked(NamedTuple):
    """What a scenario is compared with: named scenarios, and the random futures that all meet."""

    others: tuple[tuple[str, Scenario], ...]
    shocks: Shocks
    paths: int
    seed: int


def encode(scenario: Scenario) -> str:
    """The `s` value of a link. Raises InputError for what no link can hold (very long histories)."""
    return _packed(scenario.canonical_json(), "scenario is", "its price history is")


def decode(text: str) -> Scenario:
    """The scenario of an `s` value. Raises InputError: one sentence that says what is wrong with the link."""
    return complete(mapping(_unpacked(text), WHAT), WHAT)


def encode_compared(linked: Linked) -> str:
    """The `c` value of a link. Raises InputError for what no link can hold."""
    value = {
        "others": [
            {"name": name, "inputs": json.loads(other.canonical_json())} for name, other in linked.others
        ],
        "shocks": json.loads(linked.shocks.canonical_json()),
        "paths": linked.paths,
        "seed": linked.seed,
    }
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return _packed(text, "comparison is", "its histories are")


def decode_compared(text: str) -> Linked:
    """What a `c` value asks for. Raises InputError: one sentence that says what is wrong with the link."""
    values = mapping(_unpacked(text), WHAT)
    if values.keys() != {"others", "shocks", "paths", "seed"}:
        raise InputError("The link is damaged: it holds no comparison")
    others, shocks, paths, seed = (values[key] for key in ("others", "shocks", "paths", "seed"))
    entries = isinstance(others, list) and all(
        isinstance(o, dict) and o.keys() == {"name", "inputs"} and isinstance(o["name"], str)
        and isinstance(o["inputs"], dict)
        for o in others
    )  # fmt: skip
    if not entries or not isinstance(shocks, dict) or type(paths) is not int or type(seed) is not int:
        raise InputError("The link is damaged: it holds no comparison")
    if not 1 <= len(others) <= MAX_OTHERS:
        raise InputError(f"The link compares with {len(others)} scenarios; 1 to {MAX_OTHERS} are allowed")
    if not 1 <= paths <= MAX_PATHS or not 0 <= seed <= MAX_SEED:
        raise InputError(
            f"The link asks for {paths:,} random futures of seed {seed:,}: 1 to {MAX_PATHS:,} futures and "
            f"seeds up to {MAX_SEED:,} are allowed"
        )
    named = tuple((checked_name(o["name"]), complete(o["inputs"], WHAT)) for o in others)
    try:
        return Linked(named, parse_shocks(shocks), paths, seed)
    except RecursionError:
        raise InputError("The link is damaged: it holds no comparison") from None


def comparison_from_query(query: Mapping[str, str]) -> Linked | None:
    """What a page's address compares its scenario with, or None when it says nothing of it. Raises
    InputError."""
    return decode_compared(query["c"]) if "c" in query and "s" in query else None


def scenario_from_query(query: Mapping[str, str]) -> Scenario | None:
    """The scenario that a page's address asks for, or None when it asks for none. Raises InputError."""
    if "s" not in query:
        return None
    version = query.get("v", "")
    if version != VERSION:
        shown = version[:20] or "none"
        raise InputError(f"The link has version {shown!r}; this vaultline reads version {VERSION}")
    return decode(query["s"])


def address(page: str, scenario: Scenario, more: Mapping[str, str] | None = None) -> str:
    """The link that opens `page` (an address; its query is replaced) with `scenario` and what else the page
    goes by. Raises InputError for what no link can hold."""
    parts = urlsplit(page)
    query = urlencode({"v": VERSION, "s": encode(scenario), **(more or {})})
    if len(query) > 2 * MAX_TEXT - 4_000:
        raise InputError("These scenarios together are too long for a link: hand on their files instead")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _packed(content: str, what: str, why: str) -> str:
    text = base64.urlsafe_b64encode(zlib.compress(content.encode(), 9)).decode().rstrip("=")
    if len(text) > MAX_TEXT:
        raise InputError(
            f"This {what} too long for a link ({len(text):,} characters, at most {MAX_TEXT:,}): "
            f"{why} too large, so hand on the file instead"
        )
    return text


def _unpacked(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise InputError(f"The link is too long ({len(text):,} characters, at most {MAX_TEXT:,})")
    if not _BASE64URL.fullmatch(text):
        raise InputError("The link holds characters that do not belong in it, or nothing at all")
    unpack = zlib.decompressobj()
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        content = unpack.decompress(packed, MAX_JSON + 1)
    except (binascii.Error, zlib.error):
        raise InputError("The link is damaged: it does not unpack") from None
    if len(content) > MAX_JSON:
        raise InputError(f"The link unpacks to more than {MAX_JSON:,} characters, which no scenario needs")
    if not unpack.eof:
        raise InputError("The link is cut short: copy all of it")
    if unpack.unused_data:
        raise InputError("The link is damaged: something follows its end")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InputError("The link is damaged: it holds no text") from None
