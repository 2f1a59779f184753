"""How the dashboard bears many readers: each a websocket of its own that moves a control every few seconds.

    .venv/bin/python -m tests.benchmarks.dashboard_load [--readers 20] [--seconds 120]

Readers are spread over the pages. Each moves the first slider beside its page, and asks for the parts that
refresh themselves as often as a browser would. Measured from the message that carries a move to the end of
the answer. Then the crowd comes, all in one moment, and each moves a control once. Answers with an error are
counted. Memory and processor time are the server's, by Linux's account, without the engine's process.
"""

import argparse
import asyncio
import math
import os
import platform
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.benchmarks.dashboard_latency import GOLDEN, processor_seconds
from tests.browser.reader import PAGES
from tests.browser.server import Server, serving

PATIENCE = 300  # seconds for one answer


class Visitor:
    """What a browser's side of Streamlit does, without a browser: one reader on one page."""

    def __init__(self, socket: ClientConnection, page: str, number: int) -> None:
        self._socket, self._page, self._turn = socket, page, number * 1000
        self._hash = ""
        self._moved: dict[str, float] = {}
        self._sliders: dict[str, Slider] = {}
        self._refreshing: dict[str, float] = {}  # fragment -> seconds between looks at it
        self.seconds: list[float] = []
        self.faults: list[str] = []

    async def look(self, fragment: str = "") -> float:
        """Ask for the page, or for one part of it. Returns the seconds until the whole answer is there."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.page_script_hash = self._page, self._hash
        asked.fragment_id, asked.is_auto_rerun = fragment, bool(fragment)
        for name, value in self._moved.items():
            asked.widget_states.widgets.add(id=name).double_array_value.data.append(value)
        if not fragment:
            self._refreshing.clear()
        started = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        while True:
            raw = await asyncio.wait_for(self._socket.recv(), PATIENCE)
            assert isinstance(raw, bytes)
            answer = ForwardMsg.FromString(raw)
            kind = answer.WhichOneof("type")
            if kind == "script_finished":
                if answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return time.perf_counter() - started
                self._refreshing.clear()  # the whole page comes now
            elif kind == "new_session":
                self._hash = answer.new_session.page_script_hash
            elif kind == "auto_rerun":
                self._refreshing[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
            elif kind == "delta":
                self._take(answer)

    def _take(self, answer: ForwardMsg) -> None:
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "slider":
            self._sliders[element.slider.id] = element.slider
        elif kind == "exception":
            self.faults.append(element.exception.message)
        elif kind == "alert":
            self.faults.append(element.alert.body)

    async def move(self) -> None:
        """Move the first slider beside the page somewhere else, and wait for the answer. Golden steps come
        near no earlier value for long."""
        slider = next(s for name, s in self._sliders.items() if "side_" in name)
        self._turn += 1
        steps = round(self._turn * GOLDEN % 1 * (slider.max - slider.min) / slider.step)
        self._moved[slider.id] = slider.min + steps * slider.step
        self.seconds.append(await self.look())

    async def read(self, seconds: float) -> None:
        """Stay for so long; what refreshes itself does so meanwhile."""
        end = time.monotonic() + seconds
        while self._refreshing and time.monotonic() < end:
            await asyncio.sleep(min(self._refreshing.values()))
            for fragment in [*self._refreshing]:
                if fragment in self._refreshing:  # not after the whole page came instead
                    await self.look(fragment)
        await asyncio.sleep(max(end - time.monotonic(), 0))


async def visit(url: str, path: str, number: int, until: float, every: float, least: int = 1) -> Visitor:
    """One reader from the first look on: a move every so many seconds, until then and at least so often."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    protocol = [Subprotocol("streamlit")]
    async with connect(
        address, subprotocols=protocol, max_size=None, proxy=None, ping_timeout=None
    ) as socket:
        visitor = Visitor(socket, path.strip("/"), number)
        await visitor.look()
        while time.monotonic() < until or len(visitor.seconds) < least:
            await visitor.read(every * random.uniform(0.5, 1.5))
            await visitor.move()
        return visitor


async def visits(server: Server, readers: int, seconds: float, every: float, first: int = 0) -> list[Visitor]:
    until = time.monotonic() + seconds
    paths = islice(cycle(PAGES.values()), readers)
    each = [visit(server.url, path, first + k, until, every) for k, path in enumerate(paths)]
    return await asyncio.gather(*each)


def megabytes(server: Server) -> float:
    """What the server holds in memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


def told(name: str, found: Sequence[Visitor], processor: float) -> str:
    seconds = sorted(s for visitor in found for s in visitor.seconds)
    at = [1e3 * seconds[math.ceil(share * len(seconds)) - 1] for share in (0.5, 0.95, 1)]
    faults = [fault for visitor in found for fault in visitor.faults]
    cells = " | ".join(f"{ms:.0f}" for ms in (*at, 1e3 * processor / len(seconds)))
    return f"| {name} | {len(seconds)} | {cells} | {len(faults)}{': ' + faults[0][:80] if faults else ''} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--crowd", type=int, default=50)
    asked = parser.parse_args()
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} x {platform.machine()}, load {load}, "
        f"Python {platform.python_version()}, Streamlit {version('streamlit')}\n"
    )
    with TemporaryDirectory() as folder, serving(Path(folder)) as server:
        asyncio.run(visits(server, len(PAGES), 0, 0.5))  # everything is loaded and compiled
        print("| readers | moves | p50, ms | p95, ms | most, ms | processor a move, ms | errors |")
        print("|---|---|---|---|---|---|---|")
        held = [("one on each page, gone", 0, megabytes(server))]
        moves = 0
        for part in ("first half", "second half"):
            before = processor_seconds(server)
            found = asyncio.run(visits(server, asked.readers, asked.seconds / 2, asked.every, 100 + moves))
            moves += sum(len(visitor.seconds) for visitor in found)
            name = f"{asked.readers}, every {asked.every:g} s, {part}"
            print(told(name, found, processor_seconds(server) - before), flush=True)
            held.append((f"{asked.readers} gone, {part}", moves, megabytes(server)))
        before = processor_seconds(server)
        found = asyncio.run(visits(server, asked.crowd, 0, 0.2, 10_000))
        print(told(f"{asked.crowd} in one moment", found, processor_seconds(server) - before))
        held.append((f"{asked.crowd} gone", moves + asked.crowd, megabytes(server)))
        print("\n| memory after | moves so far | server, MB |\n|---|---|---|")
        for name, count, size in held:
            print(f"| {name} | {count} | {size:.0f} |")


if __name__ == "__main__":
    main()
