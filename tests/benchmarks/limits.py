"""What vaultline bench has no time for: memory by the number of paths, and a rare event to within a tenth.

python -m tests.benchmarks.limits
"""

import math
import resource
import subprocess
import sys

from data.registry import load_facts
from models.stress import engine
from models.stress.summary import cumulative

SEED = 42
# Paths and months: the same work for the two larger runs.
RUNS = ((1_000_000, 60), (10_000_000, 60), (100_000_000, 6))
# Of a shortfall within 7 months: about 1 path in 100,000.
RARE = {"V0": 231e6, "H0": 0.9e6, "months": 7}
RARE_PATHS = 40_000_000


def run(paths: int, **changes: object) -> engine.StressResult:
    registry = load_facts()
    scenario = registry.baseline().model_copy(update=changes)
    return engine.run(scenario, registry.protocol(), registry.shocks(), paths=paths, seed=SEED, device="cpu")


def memory(paths: int, months: int) -> None:
    seconds = run(paths, months=months).seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{paths:,} paths x {months} months with the fan: {peak:.0f} MiB resident at most, {seconds:.1f} s")


def rare() -> None:
    result = run(RARE_PATHS, **RARE)
    chance = cumulative(result.counts, "shortfall")[-1]
    enough = math.ceil((1 - chance.value) / chance.value / 0.1**2)
    print(
        f"{RARE_PATHS:,} paths x {RARE['months']} months: p = {chance.value:.3g}, "
        f"95 % from {chance.low:.3g} to {chance.high:.3g}, {result.seconds:.1f} s; a standard error of"
        f" p / 10 takes {enough:,} paths, {result.seconds * enough / RARE_PATHS:.1f} s"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        memory(int(sys.argv[1]), int(sys.argv[2]))
    else:
        for arguments in RUNS:  # a process each: the most memory that it ever held is its own
            subprocess.run([sys.executable, "-m", __spec__.name, *map(str, arguments)], check=True)
        rare()
