"""`vaultline facts`: every sourced figure with date, kind and source; search finds words anywhere in it."""

import argparse
import textwrap
from typing import Any, get_args

from dashboard.commands.output import say, say_json, say_table
from dashboard.questions import evidence
from data.fact import Fact, Kind
from data.registry import Registry, load_facts
from models.parameters import InputError

WIDTH = 100


def run(args: argparse.Namespace) -> int:
    registry = load_facts()
    found = evidence.matching_facts(registry, args.query, _kind(args.kind))
    if args.json:
        say_json({"facts_version": registry.version, "facts": [_record(registry, fact) for fact in found]})
    elif not found:
        say("No fact contains all of that.")
    elif evidence.words(args.query):
        for fact in found:
            _show(registry, fact)
    else:
        say_table(
            [
                (f.id, _short(evidence.fact_value(f)), f.date, f.kind, _short(registry.source(f.source).name))
                for f in found
            ],
            left=5,
        )
        say(
            f"\n{len(found)} facts; vaultline facts WORD shows those that contain the word, with their notes."
        )
    return 0


def _kind(text: str | None) -> str | None:
    if text is None:
        return None
    kind = text.strip().lower().replace(" ", "_").replace("-", "_")
    if kind not in get_args(Kind):
        raise InputError(f"--kind {text!r} is not allowed: {', '.join(get_args(Kind))} are")
    return kind


def _record(registry: Registry, fact: Fact) -> dict[str, Any]:
    return {**fact.model_dump(mode="json"), "source": registry.source(fact.source).model_dump(mode="json")}


def _short(text: str) -> str:
    return textwrap.shorten(text, 40, placeholder=" ...")


def _show(registry: Registry, fact: Fact) -> None:
    source = registry.source(fact.source)
    say(f"{fact.id}: {fact.title}")
    if fact.rows:
        heads = [f"{c} ({u})" if u != "text" else c for c, u in zip(fact.columns, fact.units, strict=True)]
        say_table([heads, *([str(cell) for cell in row] for row in fact.rows)], left=len(heads))
    else:
        _wrapped(f"{fact.value} {fact.unit if fact.unit != 'text' else ''}".rstrip())
    _wrapped(f"{fact.date}, {fact.kind}, confidence {fact.confidence}")
    _wrapped(f"source: {source.name}, {source.address or source.document}")
    if fact.range:
        _wrapped(f"plausible range {fact.range[0]:g} to {fact.range[1]:g} (our judgement)")
    if fact.feeds:
        _wrapped(f"default of the input {fact.feeds}")
    if fact.conflicts:
        _wrapped(f"conflicts with {', '.join(fact.conflicts)}")
    if fact.note:
        _wrapped(fact.note)
    say("")


def _wrapped(text: str) -> None:
    say(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False))
