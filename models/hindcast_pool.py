"""The pooled fit as it would have been made at the time: all tokens' returns up to a day, as one law.

As in models.calibration each token's returns, less their own mean, are taken in units of their own mean
absolute deviation; both are those of the days known by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from models.calibration import LEAST_DAYS, History, log_returns, own_scale
from models.parameters import InputError
from models.price_fit import Fit, Shape, Watch, fit
from models.price_law import Array, DailyLaw

POOLED = "pooled regimes and jumps"
STARTS = 3


@dataclass(eq=False)
class PooledFits:
    """Fits on fixed days, every `refit_days` from `first_origin_days` after the oldest history's first day
    on, so that they do not depend on who asks first; each is made once. A history takes part once it has
    LEAST_DAYS returns. Raises InputError for fewer than two histories."""

    histories: Mapping[str, History]
    shape: Shape
    seed: int = 0
    first_origin_days: int = 180
    refit_days: int = 28
    _returns: dict[str, tuple[date, Array]] = field(default_factory=dict)
    _fits: list[Fit] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.histories) < 2:
            raise InputError("a pooled hindcast needs two histories or more, each under a name of its own")
        for name, (dates, closes) in self.histories.items():
            try:
                self._returns[name] = (dates[0], log_returns(dates, closes))
            except InputError as error:
                raise InputError(f"{name}: {error}") from None

    def law(self, day: date, watch: Watch | None = None) -> DailyLaw:
        """The law in pooled units by the newest fit that knows no day after `day`, which is not before the
        first fit's."""
        begin = min(first for first, _ in self._returns.values()) + timedelta(self.first_origin_days)
        number = (day - begin).days // self.refit_days
        while len(self._fits) <= number:
            known = begin + timedelta(self.refit_days * len(self._fits))
            samples = [
                own_scale(part).scaled(part)
                for first, returns in self._returns.values()
                if len(part := returns[: max((known - first).days, 0)]) >= LEAST_DAYS
            ]
            near = self._fits[-1].vector if self._fits else None
            self._fits.append(
                fit(samples, self.shape, STARTS, self.seed, near=near, errors=False, watch=watch)
            )
        return self._fits[number].law
