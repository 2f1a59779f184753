"""Claims that stand on one source's word: what is live, who governs, how large the market is."""

from collections.abc import Callable
from typing import NamedTuple

from models.readers.claim_rules import Case, Claim, Figure, judged, missing, row, usd
from models.readers.claims_network import NETWORK

RECORD = "Governance and market"


def payouts_live(case: Case) -> Claim:
    said, later = case.figures["capability_status"], case.figures["ide_as_reported"]
    stated = row(said, capability="revenue-linked payouts")
    return Claim(
        "payouts_live",
        RECORD,
        f"{str(stated['capability']).capitalize()} are {stated['status']}",
        said.source,
        said.date,
        *judged(stated["status"] != "live", f"later reports: {later.text}"),
        f"not as of {later.date}",
        "none",
        ("see the claim on how the engine was reported to run, judged on circulating supply",),
    )


class Unchecked(NamedTuple):
    """A claim that stands on one source's word."""

    id: str
    topic: str
    fact: str
    statement: Callable[[Figure], str]
    missing: str


def _parts(figure: Figure, name: str, value: str) -> str:
    return "; ".join(f"{r[name]}: {r[value]}" for r in figure.records())


UNCHECKED = (
    Unchecked(
        "capabilities", RECORD, "capability_status",
        lambda f: f"Status in {f.date}: {_parts(f, 'capability', 'status')}",
        "a date, an address or a record by which each could be tried",
    ),
    Unchecked(
        "governance", RECORD, "governance_record",
        lambda f: f"Governance: {_parts(f, 'item', 'statement')}",
        "the announcements themselves; closed source cannot be seen from outside by its nature",
    ),
    Unchecked(
        "leadership", RECORD, "ceo_changes",
        lambda f: f"There were {f.number:g} CEO-level changes in under two years",
        "names and dates; only the founder's departure is dated",
    ),
    Unchecked(
        "sybil_attack", RECORD, "sybil_attack",
        lambda f: f"The Sybil attack of {f.date}: {f.text[:1].lower()}{f.text[1:]}",
        "logs or a report by somebody outside",
    ),
    Unchecked(
        "review_scores", RECORD, "review_scores",
        lambda f: "Review scores: "
        + ", ".join(f"{r['aspect']} {r['score']} of {r['out_of']}" for r in f.records()),
        "the criteria: a score is an opinion",
    ),
    Unchecked(
        "second_contract", RECORD, "second_contract_expected",
        lambda f: f"A second enterprise contract is {f.text}",
        "an announcement: none was found by the day of collection",
    ),
    Unchecked(
        "countries", NETWORK, "supplier_countries",
        lambda f: f"Suppliers are in {f.number:g} countries",
        "a list of verified machines by country",
    ),
    Unchecked(
        "workloads", NETWORK, "workload_ranking",
        lambda f: "Workloads by size: " + ", ".join(str(r["workload"]) for r in f.records()),
        "volume by workload",
    ),
    Unchecked(
        "latency", NETWORK, "latency_ms",
        lambda f: f"Service faster than {f.number:g} ms is not dependable",
        "measured response times",
    ),
    Unchecked(
        "hyperscaler_capex", RECORD, "hyperscaler_capex_usd",
        lambda f: f"Hyperscalers spend over {usd(f.number)} on capital goods in {f.date}",
        "the study itself; the figure is relayed",
    ),
    Unchecked(
        "openrouter_raise", RECORD, "openrouter_raise_usd",
        lambda f: f"OpenRouter raised {usd(f.number)}",
        "the announcement; the figure is relayed",
    ),
)  # fmt: skip


def _unchecked(what: Unchecked) -> Callable[[Case], Claim]:
    def claim(case: Case) -> Claim:
        said = case.figures[what.fact]
        return Claim(
            what.id, what.topic, what.statement(said), said.source, said.date, *missing(what.missing),
            "nothing to recompute", "none",
        )  # fmt: skip

    return claim


CLAIMS = (payouts_live, *map(_unchecked, UNCHECKED))
