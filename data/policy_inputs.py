"""The levers of the policy lab, with their ranges from the facts."""

from data.registry import Registry
from data.risk_inputs import input_for
from models.attribution import Input
from models.parameters import InputError

# What io.net could set: how much is burned, what the vault gets and may release, who is paid first, and how
# the payout target follows the reserve.
LEVERS = (
    "beta", "kappa", "release_cap", "chi", "order", "controller", "a", "r_min", "r_max", "g_down", "g_up",
    "k_min",
)  # fmt: skip


def levers_for(registry: Registry, names: tuple[str, ...]) -> list[Input]:
    """Raises InputError for what is no lever."""
    for name in names:
        if name not in LEVERS:
            raise InputError(f"{name[:40]!r} is no lever; the levers are {' '.join(LEVERS)}")
    return [input_for(registry, name) for name in names]
