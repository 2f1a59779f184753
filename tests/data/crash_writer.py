"""A process that is there to be killed: records projections as fast as it can, and says which are recorded.

Reads store paths from its input. For each it forks a child (a fresh interpreter would take a second) that
opens the store, records run after run, and closes and opens it again every ten. Prints `pid N` for the child,
a run id for each record that was acknowledged, and `end` once the child is gone.
"""

import os
import sys
import time
from pathlib import Path

from data.store import Store
from tests.data.runs import run


def write_for_ever(path: Path) -> None:
    print(f"pid {os.getpid()}", flush=True)
    while True:
        with Store.open(path) as store:
            for _ in range(10):
                made = run(P0=time.monotonic_ns() / 1e17, months=6)
                store.record(made)
                print(made.id, flush=True)


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            write_for_ever(Path(line.strip()))
        os.waitpid(child, 0)
        print("end", flush=True)
