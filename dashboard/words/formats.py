"""How numbers, dates and foreign text are written for a reader; files, links and commands never pass here."""

import re
from datetime import date

from models.economy import NEGLIGIBLE

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def millions(amount: float) -> str:
    """A token amount without its unit: 600.4M, 12.00M, 0.016M, 950."""
    size = abs(amount)
    sign = MINUS if amount < 0 else ""
    if size >= 99.95e6:
        return f"{sign}{size / 1e6:,.1f}M"
    if size >= 0.9995e6:
        return f"{sign}{size / 1e6:.2f}M"
    if size >= 999.5:
        return f"{sign}{size / 1e6:.3f}M"
    return f"{sign}{size:.0f}" if size >= 0.5 else "0"


def io(amount: float) -> str:
    """IO in millions: 12.00M IO."""
    return f"{millions(amount)}{NO_BREAK}IO"


def usd(amount: float) -> str:
    """US dollars: four decimals under a dollar, so that IO's price shows; millions from $1M on."""
    size = abs(amount)
    sign = MINUS if amount < 0 else ""
    if size >= 0.9995e9:
        return f"{sign}${size / 1e9:,.2f}bn"
    if size >= 0.9995e6:
        return f"{sign}${size / 1e6:.2f}M"
    if size >= 999.5:
        return f"{sign}${size:,.0f}"
    if size >= 0.99995:
        return f"{sign}${size:.2f}"
    return f"{sign}${size:.4f}" if size >= 0.00005 else "$0"


def percent(share: float, decimals: int = 1) -> str:
    """A fraction as percent. Less than 1 never reads 100 %, because that is where a shortfall begins."""
    text = f"{abs(share) * 100:,.{decimals}f}"
    if share < 1 - NEGLIGIBLE and float(text.replace(",", "")) == 100:
        return f"just under 100{NO_BREAK}%"
    sign = MINUS if share < 0 and float(text.replace(",", "")) else ""
    return f"{sign}{text.removesuffix('.' + '0' * decimals)}{NO_BREAK}%"


def months(count: float | None) -> str:
    """A length of time: 5.2 months; None is a runway without end."""
    if count is None:
        return "no end in sight"
    text = f"{count:,.1f}".removesuffix(".0")
    return f"{text} month{'' if text == '1' else 's'}"


def month(day: date, run_month: int | None = None) -> str:
    """A month as a date with the run's month behind it: Apr 2027 (month 11). Independent of the locale."""
    text = f"{MONTHS[day.month - 1]} {day.year}"
    return text if run_month is None else f"{text} (month {run_month})"


def listing(parts: list[str], word: str = "and") -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def plain(text: str, limit: int = 80) -> str:
    """Somebody else's text as Markdown that shows it letter by letter: no link, image, formula or emoji.

    The word joiners break what Markdown renderers still find in escaped text: addresses and :emoji: names."""
    line = " ".join(text.split())
    line = "".join(c for c in line if c.isprintable())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", line)
    return re.sub(r"([:.@/])", "\\1\N{WORD JOINER}", escaped)
