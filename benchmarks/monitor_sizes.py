"""What the monitor takes up: memory, files, time to import, a core in the background: rows for monitor_cost.py."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from flodl_monitor.history import History
from flodl_monitor.web.page import page_of
from monitor_rows import Row, figure, goal, long_history

HEAVY = ("torch", "starlette", "uvicorn", "rich", "pynvml", "numpy")
LIBRARIES = ("attrs", "pluggy", "packaging", "flodl-core", "flodl-monitor")
SERVER = ("starlette", "uvicorn", "h11", "anyio", "idna", "click", "typing-extensions")


def rows(quick: bool) -> Iterator[Row]:
    """All of them."""
    yield from pages()
    yield goal(f"memory of {20 if quick else 100},000 epochs x 32 metrics, with dashboard", memory(quick), 64, "MB")
    yield goal("in the background, of a core: probes and dashboard, no client", idle(4 if quick else 10), 0.5, "%")
    yield from importing()
    yield from installed()


def pages() -> Iterator[Row]:
    """Archives by length."""
    code = len(page_of(History(), title="run", total=0, finished=True).encode())
    yield goal("code of the page", code / 1e3, 200, "KB")
    for epochs, most in ((1_000, 300), (10_000, 1000), (100_000, 2000)):
        began = time.perf_counter()
        size = len(page_of(long_history(epochs, 14), title="run", total=epochs, finished=True).encode())
        took = time.perf_counter() - began
        yield goal(f"archive of {epochs:,} epochs x 14 curves (made in {took:.1f} s)", size / 1e3, most, "KB")


# It looks into the monitor's outbox, so that what waits in a queue is not taken for what is kept.
MEMORY = """
import sys, time, psutil
from flodl_monitor import Monitor
epochs = int(sys.argv[1])
metrics = [f"part{n // 4}.metric{n}" for n in range(32)]
monitor = Monitor(epochs, sinks=[("dashboard", {"port": 0})])
monitor.log(0, 0.1, dict.fromkeys(metrics, 0.5))
time.sleep(1)
before = psutil.Process().memory_info().rss
for epoch in range(1, epochs):
    monitor.log(epoch, 0.1, {name: epoch / 7 for name in metrics})
    while monitor._outbox.lanes[0].waiting > 500:
        time.sleep(0.01)
while monitor._outbox.waiting or monitor._outbox.lanes[0].waiting:
    time.sleep(0.01)
print((psutil.Process().memory_info().rss - before) / 1e6)
monitor.finish()
"""


def memory(quick: bool) -> float:
    """Megabytes that the history of a long run takes in its process."""
    command = [sys.executable, "-c", MEMORY, str(20_000 if quick else 100_000)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


IDLE = """
import sys, time
from flodl_monitor import Monitor
with Monitor(10, sinks=["terminal", ("dashboard", {"port": 0})]) as monitor:
    monitor.log(0, 0.1, {"loss": 0.5})
    time.sleep(2)
    began, used = time.perf_counter(), time.process_time()
    time.sleep(float(sys.argv[1]))
    print((time.process_time() - used) / (time.perf_counter() - began) * 100)
"""


def idle(seconds: float) -> float:
    """Percent of a core while nothing is logged."""
    command = [sys.executable, "-c", IDLE, str(seconds)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def importing() -> Iterator[Row]:
    """`import flodl_monitor`, and its `Monitor`, over an empty program."""
    for name, code, most in (
        ("import flodl_monitor", "import flodl_monitor", 50),
        ("from flodl_monitor import Monitor", "from flodl_monitor import Monitor", 0),
    ):
        program = f"import sys; {code}; print([n for n in {HEAVY!r} if n in sys.modules])"
        took = statistics.median(started(program)[0] - started("import sys")[0] for _ in range(9))
        heavy = json.loads(started(program)[1].replace("'", '"'))
        if most:
            yield goal(name, took * 1e3, most, "ms")
        else:
            yield Row(name, figure(took * 1e3, "ms"))
        yield Row("  heavy libraries that it brings", ", ".join(heavy) or "none", "none", not heavy)


def started(program: str) -> tuple[float, str]:
    """Seconds to run it, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout


def installed() -> Iterator[Row]:
    """Files that an installation brings, without compiled ones and beside psutil and nvidia-ml-py."""
    bare = sum(map(size, LIBRARIES))
    yield goal("installed: flodl-monitor and what it needs", bare / 1e6, 3, "MB")
    yield Row("  and its web server, flodl-monitor[serve]", figure((bare + sum(map(size, SERVER))) / 1e6, "MB"))


def size(name: str) -> int:
    """Bytes of a distribution; of one in development, of its sources."""
    found = distribution(name)
    direct = json.loads(found.read_text("direct_url.json") or "{}")
    if direct.get("dir_info", {}).get("editable"):
        return sum(path.stat().st_size for path in sources(direct["url"].removeprefix("file://")))
    files = [file for file in found.files or () if not str(file).endswith(".pyc")]
    return sum(path.stat().st_size for file in files if (path := found.locate_file(file)).exists())  # type: ignore[attr-defined]


def sources(folder: str) -> Iterator[Path]:
    """Its files below src."""
    return (path for path in (Path(folder) / "src").rglob("*") if path.is_file() and path.suffix != ".pyc")
