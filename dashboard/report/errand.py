"""A report made aside, while its reader goes on."""

import threading
from datetime import UTC, datetime

from dashboard.errands import Errand
from dashboard.report import scenarios as report
from dashboard.report.runs import Queued
from models.stress.sweep import Stopped


class ReportErrand(Errand):
    """`question` is what the report is asked (comparisons.Question), `found` the HTML, `what` the work."""

    turn = threading.Lock()  # the engine's process has turns of its own; what is drawn is drawn one by one
    what = "Waiting for another report"

    def _work(self) -> bytes:
        engine = Queued(self._answers, self._unwanted)
        return report.make(self._answers, self.question, engine, self._at, datetime.now(UTC))

    def _at(self, what: str, done: int, out_of: int) -> None:
        if self._unwanted():
            raise Stopped
        self.what = what
        self._told(done, out_of)
