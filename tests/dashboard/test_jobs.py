"""One engine process: short jobs first, joined, cancelled, refused politely, and rebuilt when it dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from dashboard.jobs import FIRST_PATHS, MAX_WAITING, Job, Jobs
from models.parameters import InputError, parse_scenario
from models.stress import worker
from models.stress.engine import run
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

SHOCKS = REGISTRY.shocks()
SCENARIO = parse_scenario({"months": 12, "price_shock": -0.5, "demand_shock": -0.55}, BASELINE)
ENDLESS = 2_000_000_000


def asked(until: int, seed: int = 1, **changes: Any) -> worker.Run:
    scenario = parse_scenario(changes, SCENARIO)
    return worker.Run(scenario, PROTOCOL, SHOCKS, seed, ("V",), "cpu", until, None)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def ended(job: Job, state: str = "done") -> Job:
    assert job.ended.wait(60)
    assert (job.state, job.error) == (state, None)
    return job


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.close()
    assert jobs.pid is None


def test_slices_give_what_one_run_gives(jobs: Jobs) -> None:
    kept: list[Any] = []
    job = ended(jobs.submit("a", asked(250_000), kept.append))
    whole = run(SCENARIO, PROTOCOL, SHOCKS, paths=250_000, seed=1, fans=("V",), device="cpu")
    assert job.result.counts_sha256 == whole.counts_sha256
    until(lambda: kept == [job.result])


def test_a_first_answer_comes_before_the_whole(jobs: Jobs) -> None:
    job = jobs.submit("a", asked(ENDLESS))
    until(lambda: job.done_paths >= FIRST_PATHS)
    assert not job.finished
    first = job.done_paths
    until(lambda: job.done_paths > first)
    jobs.leave(job)
    assert job.ended.wait(60)
    assert job.state == "cancelled"


def test_what_a_reader_wants_of_it_is_made_of_every_answer_and_the_whole_is_kept(jobs: Jobs) -> None:
    kept: list[Any] = []
    job = ended(jobs.submit("a", asked(60_000), kept.append, lambda made: made.paths))
    assert job.result == 60_000
    assert [made.paths for made in kept] == [60_000]
    spoilt = jobs.submit("b", asked(1_000), None, lambda made: made.nothing)
    assert spoilt.ended.wait(60)
    assert spoilt.state == "failed"
    ended(jobs.submit("c", asked(1_000)))


def test_a_first_answer_comes_before_the_rest_of_others(jobs: Jobs) -> None:
    """The older one has less to do in all, but an answer already."""
    older = jobs.submit("older", asked(50_000_000))
    until(lambda: older.done_paths >= FIRST_PATHS)
    newer = jobs.submit("newer", asked(ENDLESS, seed=2))
    until(lambda: newer.done_paths >= FIRST_PATHS)
    assert not older.finished
    for job in (older, newer):
        jobs.leave(job)


def test_what_nobody_looks_at_any_more_is_given_up(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.jobs.PATIENCE", 0.3)
    job = jobs.submit("a", asked(ENDLESS))
    end = time.monotonic() + 1
    while time.monotonic() < end:
        job.look()
        assert not job.finished
        time.sleep(0.02)
    assert job.ended.wait(60)
    assert job.state == "cancelled"


def test_identical_requests_join(jobs: Jobs) -> None:
    one, two = jobs.submit("a", asked(ENDLESS)), jobs.submit("a", asked(ENDLESS))
    assert one is two
    jobs.leave(one)
    until(lambda: one.done_paths)
    assert not one.finished
    jobs.leave(two)
    assert one.ended.wait(60)
    done = ended(jobs.submit("b", asked(20_000)))
    assert jobs.submit("b", asked(20_000)) is done


def test_short_jobs_do_not_wait_for_long_ones(jobs: Jobs) -> None:
    long = jobs.submit("long", asked(ENDLESS))
    until(lambda: long.done_paths)
    short = ended(jobs.submit("short", asked(5_000, seed=2)))
    assert not long.finished
    assert short.result.paths == 5_000
    until(lambda: long.state == "running")
    jobs.leave(long)


def test_a_cancel_frees_the_engine_at_once(jobs: Jobs) -> None:
    job = jobs.submit("a", asked(ENDLESS))
    until(lambda: job.done_paths > FIRST_PATHS)
    jobs.leave(job)
    assert job.ended.wait(60)
    assert job.state == "cancelled"
    assert job.done_paths < ENDLESS
    ended(jobs.submit("b", asked(1_000)))


def refusal(jobs: Jobs, waiting: list[Job], seed: int) -> str | None:
    try:
        waiting.append(jobs.submit(seed, asked(ENDLESS, seed=seed)))
    except InputError as error:
        return str(error)
    return None


def test_too_many_are_refused_politely(jobs: Jobs) -> None:
    held = jobs.submit("held", asked(ENDLESS))
    until(lambda: held.state == "running")
    waiting = [jobs.submit(k, asked(ENDLESS, seed=k + 2)) for k in range(MAX_WAITING - 1)]
    # The one that runs comes back among those that wait, so one more or less may be taken.
    said = [refusal(jobs, waiting, seed) for seed in range(900, 903)]
    assert said[-1] is not None
    assert "try again in a moment" in said[-1]
    for job in [held, *waiting]:
        jobs.leave(job)
    assert all(job.ended.wait(60) for job in [held, *waiting])
    ended(jobs.submit("after", asked(1_000)))


def test_a_process_killed_in_the_middle_is_rebuilt_and_goes_on(jobs: Jobs) -> None:
    job = jobs.submit("a", asked(3_000_000))
    until(lambda: job.done_paths >= FIRST_PATHS)
    killed = jobs.pid
    assert killed
    os.kill(killed, signal.SIGKILL)
    ended(job)
    assert jobs.pid != killed
    whole = run(SCENARIO, PROTOCOL, SHOCKS, paths=3_000_000, seed=1, fans=("V",), device="cpu")
    assert job.result.counts_sha256 == whole.counts_sha256


def test_a_run_that_kills_its_process_every_time_is_given_up(jobs: Jobs) -> None:
    job = jobs.submit("a", asked(ENDLESS))
    stop = threading.Event()

    def murder() -> None:
        while not stop.is_set():
            if pid := jobs.pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    killer = threading.Thread(target=murder)
    killer.start()
    assert job.ended.wait(60)
    stop.set()
    killer.join()
    assert job.state == "failed"
    assert "died 3 times" in str(job.error)
    ended(jobs.submit("b", asked(1_000)))


def test_bad_input_is_the_sentence_it_is_elsewhere(jobs: Jobs) -> None:
    job = jobs.submit("a", asked(1_000, V0=9e8))
    assert job.ended.wait(60)
    assert job.state == "failed"
    assert job.error
    assert "engine failed" not in job.error
    ended(jobs.submit("b", asked(1_000)))


def test_the_other_questions(jobs: Jobs) -> None:
    richer = parse_scenario({"V0_months": 217.0}, SCENARIO)
    runs = ((SCENARIO, SHOCKS), (richer, SHOCKS))
    spread = ended(jobs.submit("s", worker.Spread(runs, PROTOCOL, 1, 2_000)))
    short = [frame["p_shortfall"][-1] for frame in spread.result]
    assert short[1] < short[0]
    made = run(SCENARIO, PROTOCOL, SHOCKS, paths=2_000, seed=1, fans=("V",), device="cpu")
    near = ended(jobs.submit("n", worker.Nearest(made.plan, 1, 2_000, "V", 12, {50.0: 0.0})))
    assert set(near.result) == {50.0}
    both = worker.Contrasting((SCENARIO, richer), PROTOCOL, SHOCKS, 1, 2_000, None)
    pair = ended(jobs.submit(both.key, both))
    difference = pair.result.difference(1, "p_shortfall").value
    assert difference == pytest.approx(short[1] - short[0], abs=1e-12)


def test_the_process_ends_with_its_starter() -> None:
    jobs = Jobs()
    ended(jobs.submit("a", asked(100)))
    process = jobs._process
    assert process
    assert process.stdin
    process.stdin.close()
    assert process.wait(10) == 0
    jobs.close()


def test_the_process_imports_nothing_of_the_dashboard() -> None:
    probe = "import sys, models.stress.worker as w; sys.exit(any(m.split('.')[0] in "
    probe += "('dashboard', 'data', 'streamlit') for m in sys.modules))"
    subprocess.run([sys.executable, "-P", "-c", probe], check=True)
