"""A long answer in a thread of its own, which its reader looks at from time to time."""

import logging
import threading
import time
from typing import Any

from dashboard.answers import Answers
from dashboard.questions.risks import Question
from models.parameters import InputError
from models.stress.sweep import Stopped

LOG = logging.getLogger("vaultline.errands")
# Each takes every core, so two at once would both be late.
TURN = threading.Lock()
PATIENCE = 120.0  # seconds; a browser lets a hidden tab look once a minute
FAULT = (
    "Something went wrong here, and that is a fault of vaultline, not of your input. The details are in the "
    "terminal that runs the dashboard."
)


class Errand:
    """One question on its way. It stops when it is cancelled, or when nobody has looked for PATIENCE."""

    turn = TURN

    def __init__(self, answers: Answers, question: Any) -> None:
        self.question = question
        self.share: float | None = None  # of the work done; None: it waits for its turn
        self.found: Any = None
        self.error: str | None = None
        self.ended = threading.Event()
        self._answers = answers
        self._stop = threading.Event()
        self._seen = time.monotonic()
        threading.Thread(target=self._run, name="errand", daemon=True).start()

    def look(self) -> None:
        """Somebody still waits."""
        self._seen = time.monotonic()

    def cancel(self) -> None:
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        return self.ended.is_set() and self.found is None and self.error is None

    def _unwanted(self) -> bool:
        return self._stop.is_set() or time.monotonic() - self._seen > PATIENCE

    def _work(self) -> Any:
        question: Question = self.question
        return self._answers.risk(question, self._told, self._unwanted)

    def _told(self, done: int, out_of: int) -> None:
        self.share = done / out_of

    def _run(self) -> None:
        try:
            while not self.turn.acquire(timeout=0.2):
                if self._unwanted():
                    return
            try:
                self.share = 0.0
                self.found = self._work()
            finally:
                self.turn.release()
        except Stopped:
            pass
        except InputError as error:
            self.error = f"{error}."
        except Exception:
            LOG.exception("an answer of %s failed", type(self.question).__name__)
            self.error = FAULT
        finally:
            self.ended.set()
