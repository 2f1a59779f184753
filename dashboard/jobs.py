"""The dashboard's one engine process, and who may use it when.

Readers ask by `Jobs.submit` and look at the job that they get, which is filled in from another thread; nobody
waits. A run is done in slices, so that what is short never waits for what is long, and what a reader sees
grows from a first answer on. Whatever the process dies of, it is started again and goes on from the last
slice."""

import logging
import pickle
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast

from models.parameters import InputError
from models.stress import worker
from models.stress.contrast import BLOCK, Contrast
from models.stress.engine import StressResult

LOG = logging.getLogger("vaultline.jobs")
FIRST_PATHS = 10_000
SLICE_SECONDS = 0.5
MAX_WAITING = 256
REMEMBERED = 32
PATIENCE = 120.0  # seconds; a browser lets a hidden tab look once a minute
MAX_DEATHS = 2
# Not with -m: what it answers with must be of the module, not of __main__.
START = f"from {worker.__name__} import main; main()"


@dataclass(eq=False)
class Job:
    """One request. `result` is the newest answer as its reader wants it (`read`), of a run also what it has
    so far; `error` a sentence."""

    key: object
    request: worker.Request
    readers: int = 1
    state: str = "waiting"  # then running, done, failed or cancelled
    result: Any = None
    error: str | None = None
    deaths: int = 0
    after: Callable[[Any], object] | None = None
    read: Callable[[Any], Any] | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    seen: float = field(default_factory=time.monotonic)
    _so_far: Any = None  # what the engine's process answered last, while it is gone on with

    def look(self) -> None:
        """Somebody still waits."""
        self.seen = time.monotonic()

    @property
    def finished(self) -> bool:
        return self.ended.is_set()

    @property
    def done_paths(self) -> int:
        found = self.result if self._so_far is None else self._so_far
        return found.paths if isinstance(found, StressResult | Contrast) else 0

    @property
    def turn(self) -> tuple[bool, int]:
        """Who goes first: who has nothing yet, then whose next slice is the shortest."""
        return self._so_far is not None, self.next_request().path_steps

    def next_request(self) -> worker.Request:
        """The next slice: a first answer, then as much more as takes about SLICE_SECONDS."""
        if not isinstance(self.request, worker.Run | worker.Contrasting):
            return self.request
        earlier = cast(StressResult | Contrast | None, self._so_far)
        if earlier is None:
            until = FIRST_PATHS
        else:
            pace = earlier.new_paths / max(earlier.seconds, 1e-3)
            until = earlier.paths + max(FIRST_PATHS, int(pace * SLICE_SECONDS))
            until -= until % BLOCK  # what a comparison can be gone on from
        return replace(self.request, until=min(until, self.request.until), extend=cast(Any, earlier))


class Jobs:
    """Safe to share between threads. The engine's process starts with the first job."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._known: OrderedDict[object, Job] = OrderedDict()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._pipe = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="engine-jobs", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The engine's process, while there is one."""
        process = self._process
        return process.pid if process else None

    def submit(
        self,
        key: object,
        request: worker.Request,
        after: Callable[[Any], object] | None = None,
        read: Callable[[Any], Any] | None = None,
    ) -> Job:
        """The job of this key, joined if anybody asked for it before, else begun. `after` gets its result
        when it is done; `read` makes of each answer what stands in `result`, which is kept. Raises
        InputError, politely, while too many are waiting."""
        with self._changed:
            job = self._known.get(key)
            if job is not None and job.state not in ("failed", "cancelled"):
                job.readers += 1
                job.look()
                self._known.move_to_end(key)
                return job
            if len(self._waiting) >= MAX_WAITING:
                raise InputError(
                    f"{MAX_WAITING} runs are waiting for the engine already; try again in a moment"
                )
            job = Job(key, request, after=after, read=read)
            self._waiting.append(job)
            self._known[key] = job
            self._forget()
            self._changed.notify_all()
            return job

    def leave(self, job: Job) -> None:
        """A reader does not want it any more. What nobody wants is cancelled, and frees the engine within a
        block."""
        with self._changed:
            job.readers -= 1
            if job.readers > 0 or job.finished:
                return
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, "cancelled")
            elif job is self._running:
                job.state = "cancelled"
                self._send(worker.CANCEL)

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._changed:
            self._closed = True
            self._stop()
            self._changed.notify_all()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                job = min(self._waiting, key=lambda j: j.turn)
                self._waiting.remove(job)
                if time.monotonic() - job.seen > PATIENCE:
                    self._end(job, "cancelled")
                    continue
                self._running, job.state = job, "running"
                request = job.next_request()
                self._start()
                process = self._process
            self._send(request)
            answer = self._received(process)
            read = self._read(job, answer)
            with self._changed:
                self._running = None
                whole = self._take(job, answer, read)
            if whole:
                self._finish(job)

    @staticmethod
    def _read(job: Job, answer: object) -> object:
        """As the job's reader wants it; nobody else waits meanwhile."""
        if job.read is None or answer is None or isinstance(answer, worker.Failed):
            return answer
        try:
            return job.read(answer)
        except Exception as error:  # a fault of what reads must not stop the others
            LOG.exception("an answer could not be read")
            return worker.Failed(f"{type(error).__name__} over its answer", False)

    def _take(self, job: Job, answer: object, read: object) -> bool:
        """What came back for a slice of a job; None: the process died over it. True: the job is whole."""
        if answer is None:
            self._stop()
            job.deaths += 1
            if job.deaths > MAX_DEATHS:
                job.error = f"the engine's process died {job.deaths} times over this run, so it was given up"
        elif isinstance(read, worker.Failed):
            job.error = read.sentence if read.bad_input else f"the engine failed: {read.sentence}"
        elif job.state != "cancelled":
            job._so_far, job.result = answer, read
        if self._closed or job.state == "cancelled":
            self._end(job, "cancelled")
        elif job.error is not None:
            self._end(job, "failed")
        elif answer is not None and not self._goes_on(job):
            return True
        else:
            self._waiting.append(job)
        return False

    def _finish(self, job: Job) -> None:
        """Recording takes its time, in which others may ask."""
        try:
            if job.after is not None:
                job.after(job._so_far)
        except Exception as error:  # a fault of what takes the result must not stop the others
            LOG.exception("a finished run could not be taken in")
            job.error = f"the result could not be taken in: {type(error).__name__}"
        with self._changed:
            self._end(job, "failed" if job.error else "done")

    @staticmethod
    def _goes_on(job: Job) -> bool:
        sliced = isinstance(job.request, worker.Run | worker.Contrasting)
        return sliced and job.done_paths < cast(Any, job.request).until

    def _end(self, job: Job, state: str) -> None:
        job.state = state
        job.after = job.read = job._so_far = None
        job.ended.set()

    def _forget(self) -> None:
        finished = [key for key, job in self._known.items() if job.finished]
        for key in finished[: max(0, len(self._known) - REMEMBERED)]:
            del self._known[key]

    def _start(self) -> None:
        if self._process is None or self._process.poll() is not None:
            # By its name and without the current folder on its path, so that nothing else comes along.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", START], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )

    def _send(self, message: object) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        pickled = _pickled(message)
        with self._pipe, suppress(OSError, ValueError):  # it has died: the end of its answers says so
            process.stdin.write(pickled)
            process.stdin.flush()

    @staticmethod
    def _received(process: subprocess.Popen[bytes] | None) -> object:
        try:
            return pickle.load(process.stdout) if process and process.stdout else None
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):  # ValueError: closed while we read
            return None

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._process = None


def _pickled(message: object) -> bytes:
    """Readers of a result fill in its cached properties, and an object that grows meanwhile cannot be
    pickled: once filled in, it does not grow again."""
    while True:
        with suppress(RuntimeError):
            return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
