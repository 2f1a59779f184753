"""Claims on the network: machines, use, and what its compute costs."""

import re
from typing import NamedTuple

from models.readers.claim_rules import (
    Case,
    Cell,
    Claim,
    amount,
    judged,
    listed,
    missing,
    percent,
    rounds_to,
    row,
    usd,
)

NETWORK, PRICES = "Network and use", "Prices of compute"
WEEK = 7
# The saving is claimed in whole tens of percent.
RANGE_STEP = 0.1


def counted_as(what: str) -> str:
    """What a count of GPUs counts: the first word of its description, such as claimed or verified."""
    return what.replace(",", " ").split()[0]


def without_remarks(what: str) -> str:
    return re.sub(r"\s*\(.*?\)", "", what)


def _gpus(case: Case, counts: str) -> list[dict[str, Cell]]:
    rows = [r for r in case.figures["gpu_counts"].records() if counted_as(str(r["what"])) == counts]
    return sorted(rows, key=lambda r: str(r["date"]))


def gpus_claimed(case: Case) -> Claim:
    said, registered = _gpus(case, "claimed")[0], _gpus(case, "registered")[0]
    return _gpu_claim(
        case, "gpus_claimed", said, float(registered["gpus"]), f"registered ({registered['date']})"
    )


def gpus_advertised(case: Case) -> Claim:
    said, active = _gpus(case, "advertised")[-1], _gpus(case, "active")[-1]
    return _gpu_claim(case, "gpus_advertised", said, float(active["gpus"]), f"active ({active['date']})")


def _gpu_claim(case: Case, id_: str, said: dict[str, Cell], found: float, counted: str) -> Claim:
    stated = float(said["gpus"])
    verified = _gpus(case, "verified")
    return Claim(
        id_,
        NETWORK,
        f"{stated:,.0f}+ GPUs, {without_remarks(str(said['what']))}",
        str(said["source"]),
        str(said["date"]),
        *judged(found >= stated, f"{found:,.0f} were {counted}, {percent(found / stated)} of it"),
        f"{found:,.0f} {counted}",
        "at least what is stated",
        (
            f"{found:,.0f} / {stated:,.0f} = {percent(found / stated)}",
            *(f"{r['date']}: {float(r['gpus']):,.0f} {r['what']}" for r in verified),
        ),
    )


def gpus_registered(case: Case) -> Claim:
    said = _gpus(case, "registered")[0]
    first, last = _gpus(case, "verified")[0], _gpus(case, "active")[-1]
    stated = float(said["gpus"])
    return Claim(
        "gpus_registered",
        NETWORK,
        f"{stated:,.0f} GPUs {said['what']}",
        str(said["source"]),
        str(said["date"]),
        *missing("a list of the registered machines; registration is no proof of a machine"),
        f"{percent(float(first['gpus']) / stated)} of them verified by {first['date']}",
        "none",
        tuple(
            f"{r['date']}: {float(r['gpus']):,.0f} {r['what']}; / {stated:,.0f} = "
            f"{percent(float(r['gpus']) / stated)}"
            for r in (first, last)
        ),
    )


def tokens_served(case: Case) -> Claim:
    said, peer = case.figures["tokens_per_day"], case.figures["openrouter_tokens_per_week"].number
    week = WEEK * said.number
    return Claim(
        "tokens_served",
        NETWORK,
        f"IO Intelligence serves {amount(said.number)} tokens a day, OpenRouter {amount(peer)} a week",
        said.source,
        said.date,
        *missing("a public counter of either; the ratio is plain arithmetic"),
        f"{percent(week / peer)} of OpenRouter's volume",
        "none",
        (
            f"{WEEK} x {amount(said.number)} = {amount(week)} a week",
            f"{amount(week)} / {amount(peer)} = {percent(week / peer)}",
        ),
    )


def multiplier(case: Case) -> Claim:
    said, table = case.figures["rtx4090_claim"], case.figures["gpu_multipliers"]
    own = float(row(table, model="RTX 4090")["multiplier"])
    every = [float(r["multiplier"]) for r in table.records()]
    higher = sum(m > own for m in every)
    return Claim(
        "rtx4090",
        NETWORK,
        f"RTX {said.text}",
        said.source,
        said.date,
        *judged(
            higher < len(every) / 10,
            f"the table of {table.date} gives it {own:g} where the highest has {max(every):g}",
        ),
        f"{own:g}, below {higher} of {len(every)} models",
        "among the highest tenth",
        (f"{max(every):g} / {own:g} = {max(every) / own:g} times less than the highest",),
    )


class Spread(NamedTuple):
    """Lowest and highest price of a GPU-hour, USD, and whose it is."""

    low: float
    high: float
    source: str


def _h100(case: Case, provider: str) -> list[Spread]:
    rows = [
        r
        for r in case.figures["gpu_hour_prices"].records()
        if (r["provider"], r["model"]) == (provider, "H100")
    ]
    return [Spread(float(r["low"]), float(r["high"]), str(r["source"])) for r in rows]


def _io_net(case: Case) -> Spread:
    offers = _h100(case, "io.net")
    low, high = min(o.low for o in offers), max(o.high for o in offers)
    return Spread(low, high, listed(sorted({o.source for o in offers})))


def saving_against_cloud(case: Case) -> Claim:
    said = case.figures["saving_against_aws_claim"]
    claimed = said.records()[0]
    low, high = float(claimed["low"]), float(claimed["high"])
    io_net = _io_net(case)
    lines, worst, best = [], 1.0, 0.0
    middles: list[float] = []
    for cloud in _h100(case, "hyperscaler"):
        least, most = 1 - io_net.high / cloud.low, 1 - io_net.low / cloud.high
        middle = 1 - (io_net.low + io_net.high) / (cloud.low + cloud.high)
        worst, best, middles = min(worst, least), max(best, most), [*middles, middle]
        lines.append(
            f"hyperscaler {usd(cloud.low)} to {usd(cloud.high)} ({cloud.source}): "
            f"1 - {io_net.high:g} / {cloud.low:g} = {percent(least)} to "
            f"1 - {io_net.low:g} / {cloud.high:g} = {percent(most)}, middle {percent(middle)}"
        )
    inside = all(low <= m <= high for m in middles)
    return Claim(
        "saving_against_cloud",
        PRICES,
        f"io.net is {percent(low)} to {percent(high)} below AWS",
        said.source,
        said.date,
        *judged(
            rounds_to(low, worst, RANGE_STEP) and rounds_to(high, best, RANGE_STEP),
            f"the published prices span {percent(worst)} to {percent(best)}; their middles "
            f"({listed([percent(m) for m in middles])}) lie {'inside' if inside else 'outside'} the claim",
        ),
        f"{percent(worst)} to {percent(best)} for an H100-hour",
        "both ends, to the last digit stated, 10 %",
        tuple(lines),
    )


def customer_saving(case: Case) -> Claim:
    said, hours = case.figures["customer_saving_usd"], case.figures["customer_gpu_hours"].number
    found = said.number / hours
    io_net = _io_net(case)
    lines = [f"{usd(said.number)} / {hours:,.0f} GPU-hours = {usd(found)} a GPU-hour"]
    for cloud in _h100(case, "hyperscaler"):
        left = cloud.high - found
        fits = "possible" if left >= io_net.low else "not possible"
        lines.append(
            f"highest hyperscaler price of an H100 {usd(cloud.high)} ({cloud.source}) - {found:.2f} = "
            f"{usd(left)} left for io.net, whose lowest is {usd(io_net.low)}: {fits}"
        )
    return Claim(
        "customer_saving",
        PRICES,
        f"A customer saved {usd(said.number)} against AWS on {hours:,.0f} GPU-hours",
        said.source,
        said.date,
        *missing("which GPU, and which AWS price"),
        f"{usd(found)} a GPU-hour",
        "none",
        tuple(lines),
    )


CLAIMS = (
    gpus_claimed, gpus_registered, gpus_advertised, tokens_served, multiplier, saving_against_cloud,
    customer_saving,
)  # fmt: skip
