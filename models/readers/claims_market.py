"""Claims on price, market value and what investors paid."""

from datetime import date

from models.parameters import DAYS_PER_MONTH
from models.readers.claim_rules import (
    Case,
    Claim,
    amount,
    io,
    judged,
    missing,
    percent,
    rounds_to,
    row,
    signed,
    usd,
)
from models.schedules import full_months_until, scheduled_circulating

TOPIC = "Price and market value"
# Market capitalisation over price carries the rounding of both.
MARKET_FIT = 0.03


def below_high(case: Case) -> Claim:
    said, high = case.figures["below_high_claim"], case.figures["price_ath"].number
    price = case.figures["price_2026_06"].number
    found = 1 - price / high
    at_claim = high * (1 - said.number)
    months = case.figures["price_months"].records()
    last = max((str(r["month"]) for r in months if float(r["close"]) > at_claim), default="never")
    return Claim(
        "price_below_high",
        TOPIC,
        f"The price is {percent(said.number)} below its high",
        said.source,
        said.date,
        *judged(
            rounds_to(said.number, found, 0.01),
            f"{percent(said.number)} would be {usd(at_claim)}; the last month that closed above it is {last}",
        ),
        percent(found),
        "the last digit stated, 1 %",
        (
            f"1 - {price:g} / {high:g} = {percent(found)}",
            f"{high:g} x (1 - {said.number:g}) = {usd(at_claim)}",
        ),
    )


def lowest_price(case: Case) -> Claim:
    said, low = case.figures["price_atl_claim"], case.figures["price_atl"]
    return Claim(
        "lowest_price",
        TOPIC,
        f"The lowest price was below {usd(said.number)}",
        said.source,
        said.date,
        *judged(
            low.number < said.number,
            f"the lowest known is {usd(low.number)}",
            f"and {percent(1 - low.number / said.number)} lower still, on {low.date}",
        ),
        usd(low.number),
        "below what is stated",
        (f"{low.number:g} < {said.number:g}",),
    )


def market_cap_peak(case: Case) -> Claim:
    said, high = case.figures["market_cap_peak_claim_usd"], case.figures["price_ath"].number
    float_io, cap = case.figures["float_at_tge_published_io"].number, case.figures["cap_io"].number
    best, month = 0.0, ""
    for r in case.figures["price_months"].records():
        m = full_months_until(case.protocol, date.fromisoformat(f"{r['month']}-01")) + 1
        value = float(r["high"]) * scheduled_circulating(case.protocol, max(m, 0))
        best, month = max((best, month), (value, str(r["month"])))
    found = max(float_io * high, best)
    return Claim(
        "market_cap_peak",
        TOPIC,
        f"Market capitalisation peaked at over {usd(said.number)}",
        said.source,
        said.date,
        *judged(
            found >= said.number,
            f"it never passed {usd(found)}; the fully diluted value, {usd(cap * high)}, did",
        ),
        usd(round(float_io * high, -7)),
        "at least what is stated",
        (
            f"at the high: {io(float_io)} x {high:g} = {usd(float_io * high)}",
            f"largest of all months, month's high x circulating at its end ({month}): {usd(best)}",
            f"fully diluted: {io(cap)} x {high:g} = {usd(cap * high)}",
        ),
    )


def market_cap_quarters(case: Case) -> Claim:
    said = case.figures["market_cap_quarters"]
    lines, gaps = [], []
    for r in said.records():
        day, cap = date.fromisoformat(str(r["date"])), float(r["usd"])
        close = float(row(case.figures["price_months"], month=str(r["date"])[:7])["close"])
        scheduled = scheduled_circulating(case.protocol, full_months_until(case.protocol, day) + 1)
        gaps.append(cap / close / scheduled - 1)
        lines.append(
            f"{day}: {usd(cap)} / {close:g} = {io(cap / close)}; by schedule {io(scheduled)}: "
            f"{signed(gaps[-1])}"
        )
    quarters = " and ".join(f"{usd(float(r['usd']))} on {r['date']}" for r in said.records())
    worst = max(gaps, key=abs)
    return Claim(
        "market_cap_quarters",
        TOPIC,
        f"Market capitalisation was {quarters}",
        said.source,
        said.date,
        *judged(
            abs(worst) <= MARKET_FIT,
            "the supply that it implies at the month's last price is not what the schedules give",
        ),
        f"{signed(worst)} at worst",
        f"{percent(MARKET_FIT)} of the supply implied",
        tuple(lines),
    )


def volume(case: Case) -> Claim:
    said, months = case.figures["volume_24h_usd"], case.figures["price_months"].records()
    full = months[-2]
    traded = float(full["volume_musd"]) * 1e6
    a_day = traded / DAYS_PER_MONTH
    return Claim(
        "volume",
        TOPIC,
        f"{usd(said.number)} of IO were traded in 24 hours on {said.date}",
        said.source,
        said.date,
        *missing("volume by venue on that day; the exchange history ends before it, and one day is no mean"),
        f"{said.number / a_day:.0f} times one exchange's daily mean of {full['month']}",
        "none",
        (
            f"one exchange, {full['month']}: {usd(traded)} / {DAYS_PER_MONTH:g} days = {usd(a_day)} a day",
            f"{amount(said.number)} / {amount(a_day)} = {said.number / a_day:.1f}",
        ),
    )


def series_a(case: Case) -> Claim:
    said, raised = case.figures["series_a_fdv_claim_usd"], case.figures["series_a_raise_usd"].number
    cap, now = case.figures["cap_io"].number, case.figures["price_2026_06"]
    bought = float(row(case.figures["vesting_official"], name="Series A")["total_io"])
    claimed, paid = said.number / cap, raised / bought
    return Claim(
        "series_a",
        TOPIC,
        f"The Series A raised {usd(raised)} at a fully diluted value of {usd(said.number)}",
        said.source,
        said.date,
        *judged(
            rounds_to(claimed, paid, 0.01),
            f"the value stated is {usd(claimed)} per IO; what the money bought is {usd(paid)} per IO",
        ),
        f"{usd(paid * cap)} fully diluted",
        "a cent per IO",
        (
            f"{usd(said.number)} / {io(cap)} = {usd(claimed)} per IO",
            f"{usd(raised)} / {io(bought)} = {usd(paid)} per IO, {usd(paid * cap)} for {io(cap)}",
            f"at {usd(now.number)} in {now.date}: {signed(now.number / claimed - 1)} on the one, "
            f"{signed(now.number / paid - 1)} on the other",
        ),
    )


CLAIMS = (below_high, lowest_price, market_cap_peak, market_cap_quarters, volume, series_a)
