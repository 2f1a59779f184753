"""What the facts say to a customer: prices of GPU-hours, the renter's fees, and how fast a GPU serves."""

from collections.abc import Mapping

from data.fact import Cell, Fact
from models.readers.customers import Fees

Facts = Mapping[str, Fact]


def prices(facts: Facts) -> list[dict[str, Cell]]:
    """Every stated price of a GPU-hour: provider, model, low, high (USD), date, kind, source, remark."""
    return facts["gpu_hour_prices"].records()


def priced_models(facts: Facts) -> list[str]:
    return list(dict.fromkeys(facts["gpu_hour_prices"].texts("model")))


def fees(facts: Facts) -> Fees:
    """The renter's at io.net: reservation, and what paying in IO or in USDC adds."""
    reservation = facts["fee_reservation"].number
    further = facts["fee_io"].number, facts["fee_usdc"].number
    return Fees(reservation + min(further), reservation + max(further))


def serving_rates(facts: Facts) -> dict[str, tuple[float, float]]:
    """(lowest, highest) tokens a second of one GPU, by model."""
    table = facts["serving_rate"]
    bounds = zip(table.numbers("low"), table.numbers("high"), strict=True)
    return dict(zip(table.texts("model"), bounds, strict=True))


def tokens_served(facts: Facts) -> float:
    """Tokens a day that io.net says it serves, as an example of a workload."""
    return facts["tokens_per_day"].number
