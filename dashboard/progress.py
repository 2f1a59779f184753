"""How far a long answer has come."""

from collections.abc import Callable, Sequence

Progress = Callable[[int, int], None]  # done, all


class Parts:
    """Several sweeps told as one: each counts for its share of the work."""

    def __init__(self, work: Sequence[int], progress: Progress | None):
        self.work, self.progress, self.before, self.at = work, progress, 0, -1

    def next(self) -> Progress | None:
        if self.progress is None:
            return None
        self.before += self.work[self.at] if self.at >= 0 else 0
        self.at += 1
        base, share, tell = self.before, self.work[self.at], self.progress
        return lambda done, out_of: tell(base + share * done // out_of, sum(self.work))
