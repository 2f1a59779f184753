"""`vaultline claims`: what was claimed, recomputed: reproduces, conflicts, or cannot be verified, and why."""

import argparse
import dataclasses
import textwrap
from typing import Any

from dashboard.answers import Answers
from dashboard.commands.output import say, say_json, say_table, working
from dashboard.questions import evidence
from dashboard.words.formats import percent, usd
from data.registry import Registry
from models.parameters import InputError
from models.readers.claim_rules import VERDICTS, Claim, Verdict, finding

WIDTH = 100


def run(args: argparse.Namespace) -> int:
    verdict = None if args.verdict is None else _verdict(args.verdict)
    with working("recomputing"), Answers.open(args.store) as answers:
        audited, registry = answers.claims(), answers.registry
    found = evidence.matching_claims(audited, args.query, verdict)
    if args.json:
        say_json(
            {
                "facts_version": registry.version,
                "claims": [_record(registry, claim) for claim in found],
                "burn_implies": audited.burn.to_dicts(),
            }
        )
    elif not found:
        say("No claim contains all of that.")
    elif evidence.words(args.query):
        for claim in found:
            _show(registry, claim)
            if claim.id == "guided_burn":
                _show_burn(audited)
    else:
        _list(found)
    return 0


def _verdict(text: str) -> Verdict:
    wanted = " ".join(text.lower().replace("_", " ").replace("-", " ").split())
    for verdict in VERDICTS:
        if wanted == verdict:
            return verdict
    raise InputError(f"--verdict {text!r:.60} is not allowed: {', '.join(map(_word, VERDICTS))} are")


def _word(verdict: Verdict) -> str:
    """A verdict as one word of a command line."""
    return verdict.replace(" ", "-")


def _record(registry: Registry, claim: Claim) -> dict[str, Any]:
    source = registry.source(claim.source).model_dump(mode="json")
    return {**dataclasses.asdict(claim), "source": source}


def _list(claims: list[Claim]) -> None:
    for topic in dict.fromkeys(claim.topic for claim in claims):
        say(topic)
        rows = [(c.verdict, c.id, _short(c.statement)) for c in claims if c.topic == topic]
        say_table(rows, left=3)
    counts = ", ".join(f"{verdict} {sum(c.verdict == verdict for c in claims)}" for verdict in VERDICTS)
    say(f"\n{len(claims)} claims: {counts}; vaultline claims WORD shows the arithmetic.")


def _short(text: str) -> str:
    return textwrap.shorten(text, 80, placeholder=" ...")


def _show(registry: Registry, claim: Claim) -> None:
    source = registry.source(claim.source)
    say(f"{claim.id}: {claim.statement}")
    _wrapped(finding(claim))
    _wrapped(f"recomputed: {claim.result}; tolerance: {claim.tolerance}")
    for line in claim.arithmetic:
        _wrapped(f"- {line}")
    _wrapped(f"said by: {source.name}, {claim.date}, {source.address or source.document}")
    _wrapped(f"facts: {', '.join(claim.facts)}")
    say("")


def _show_burn(audited: evidence.Audit) -> None:
    say("  What that burn implies, a month, by claim on revenue and share of the surplus burned:")
    rows = [("revenue", "burned", "payout target", "left after payouts", "share of revenue left")]
    for row in audited.burn.iter_rows(named=True):
        left = ("out of reach", "", "")
        if row["H0"] is not None:
            left = (usd(row["H0"]), usd(row["left_usd"]), percent(row["left_share"]))
        rows.append((row["revenue"], percent(row["beta"]), *left))
    say_table(rows)
    say("")


def _wrapped(text: str) -> None:
    say(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False))
