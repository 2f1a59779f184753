"""A whole scenario in a link: `?v=1&s=<base64url(zlib(canonical JSON))>`.

Every input travels, so a link means the same on another machine and after the defaults have moved. What
arrives is untrusted: sizes are capped on both sides of the compression, and the Scenario's own declaration
judges the rest.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from models.parameters import InputError, Scenario, parse_scenario

VERSION = "1"
# A page's address has to fit what web servers take for one line (uvicorn: 64 KiB).
MAX_TEXT = 32_000
MAX_JSON = 256_000
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def encode(scenario: Scenario) -> str:
    """The `s` value of a link. Raises InputError for what no link can hold (very long histories)."""
    packed = zlib.compress(scenario.canonical_json().encode(), 9)
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(text) > MAX_TEXT:
        raise InputError(
            f"This scenario is too long for a link ({len(text):,} characters, at most {MAX_TEXT:,}): "
            "its price history is too large, so hand on the file instead"
        )
    return text


def decode(text: str) -> Scenario:
    """The scenario of an `s` value. Raises InputError: one sentence that says what is wrong with the link."""
    values = _mapping(_unpacked(text))
    unknown = [name for name in values if name not in Scenario.model_fields]
    if unknown:
        raise InputError(f"The link names the input {unknown[0][:40]!r}, which this vaultline does not know")
    missing = [name for name in Scenario.model_fields if name not in values]
    if missing:
        raise InputError(f"The link lacks the input {missing[0]}")
    try:
        return parse_scenario(values)
    except RecursionError:  # lists in lists in lists
        raise InputError("The link is damaged: it holds no scenario") from None


def scenario_from_query(query: Mapping[str, str]) -> Scenario | None:
    """The scenario that a page's address asks for, or None when it asks for none. Raises InputError."""
    if "s" not in query:
        return None
    version = query.get("v", "")
    if version != VERSION:
        shown = version[:20] or "none"
        raise InputError(f"The link has version {shown!r}; this vaultline reads version {VERSION}")
    return decode(query["s"])


def address(page: str, scenario: Scenario) -> str:
    """The link that opens `page` (an address; its query is replaced) with `scenario`."""
    parts = urlsplit(page)
    query = urlencode({"v": VERSION, "s": encode(scenario)})
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


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


def _mapping(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text, object_pairs_hook=_once)
    except InputError:
        raise
    except (ValueError, RecursionError):  # ValueError: also numbers of thousands of digits
        raise InputError("The link is damaged: it holds no scenario") from None
    if not isinstance(values, dict):
        raise InputError("The link is damaged: it holds no scenario")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys occur once: of two values for one input, neither may win unseen."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise InputError("The link is damaged: it names an input twice")
    return values
