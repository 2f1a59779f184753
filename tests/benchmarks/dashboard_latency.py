"""How long the server takes to answer a moved control: one reader, warm, over Streamlit's own websocket.

    .venv/bin/python -m tests.benchmarks.dashboard_latency [--moves 100]

On every page the first slider beside it is moved to a value that it has not had, as far as it has that many.
Measured from the message that carries the move to the end of the answer; drawing it is the browser's part.
Beside it stands the processor time that the server took for a move: other work on the machine moves it less.
"""

import argparse
import math
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.browser.reader import PAGES
from tests.browser.server import Server, serving

WARM_UP = 10
GOLDEN = (math.sqrt(5) - 1) / 2


class Tab:
    """What a browser's side of Streamlit does, without a browser."""

    def __init__(self, socket: ClientConnection, page: str) -> None:
        self._socket = socket
        self._page = page
        self._moved: dict[str, float] = {}
        self.sliders: dict[str, Slider] = {}

    def ask(self) -> tuple[float, int]:
        """Run the page with what has been moved. Returns seconds and bytes of the answer."""
        message = BackMsg()
        message.rerun_script.page_name = self._page
        for name, value in self._moved.items():
            widget = message.rerun_script.widget_states.widgets.add(id=name)
            widget.double_array_value.data.append(value)
        started, size = time.perf_counter(), 0
        self._socket.send(message.SerializeToString())
        while True:
            raw = self._socket.recv(timeout=60)
            assert isinstance(raw, bytes)
            size += len(raw)
            answer = ForwardMsg.FromString(raw)
            kind = answer.WhichOneof("type")
            if kind == "script_finished":
                return time.perf_counter() - started, size
            if kind == "delta" and answer.delta.new_element.WhichOneof("type") == "slider":
                slider = answer.delta.new_element.slider
                self.sliders[slider.id] = slider

    def move(self, slider: Slider, turn: int) -> tuple[float, int]:
        """Move a slider somewhere else and ask. Golden steps come near no earlier value for long."""
        steps = round(turn * GOLDEN % 1 * (slider.max - slider.min) / slider.step)
        self._moved[slider.id] = slider.min + steps * slider.step
        return self.ask()


@contextmanager
def tab(url: str, path: str) -> Iterator[Tab]:
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, proxy=None) as socket:
        yield Tab(socket, path.strip("/"))


class Measured(NamedTuple):
    control: str
    seconds: list[float]  # of every move, the shortest first
    processor: float  # seconds a move
    size: int  # bytes of the largest answer


def measure(server: Server, path: str, moves: int) -> Measured:
    with tab(server.url, path) as reader:
        reader.ask()
        slider = next(s for name, s in reader.sliders.items() if "side_" in name)
        for turn in range(WARM_UP):
            reader.move(slider, turn)
        before = processor_seconds(server)
        answers = [reader.move(slider, WARM_UP + turn) for turn in range(moves)]
        used = (processor_seconds(server) - before) / moves
    seconds, sizes = zip(*answers, strict=True)
    return Measured(slider.label, sorted(seconds), used, max(sizes))


def processor_seconds(server: Server) -> float:
    """What the server has used so far, by Linux's account of it."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moves", type=int, default=100)
    moves = parser.parse_args().moves
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} x {platform.machine()}, load {load}, "
        f"Python {platform.python_version()}, Streamlit {version('streamlit')}, {moves} moves a page\n"
    )
    print("| page | control | p50, ms | p95, ms | most, ms | processor, ms | answer, kB |")
    print("|---|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder, serving(Path(folder)) as server:
        for page, path in PAGES.items():
            found = measure(server, path, moves)
            at = [found.seconds[math.ceil(share * moves) - 1] for share in (0.5, 0.95, 1)]
            cells = " | ".join(f"{1e3 * seconds:.0f}" for seconds in (*at, found.processor))
            print(f"| {page} | {found.control} | {cells} | {found.size / 1e3:.0f} |", flush=True)


if __name__ == "__main__":
    main()
