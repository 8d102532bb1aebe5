"""What a dashboard's readers get, and what they cost: rows for monitor_cost.py."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
from flodl_monitor import EpochRecord, Monitor
from flodl_monitor.sinks.dashboard import Dashboard
from monitor_rows import Row, goal, long_history
from sse_clients import live_at

HERE = Path(__file__).resolve().parent


def rows(quick: bool) -> Iterator[Row]:
    """All of them."""
    enough_files()
    seconds = 4 if quick else 10
    steady, share = told(100, 0.1, seconds, 0)
    yield goal("100 clients x 10 events/s, p99 from log to client", steady["p99"] * 1e3, 50, "ms")
    yield goal("the process that serves them, of a core", share * 100, 5, "%")
    leaves = 80 if quick else 200
    restless, _ = told(100, 0.1, seconds, leaves)
    yield goal(f"events lost over {restless['left']} reconnects", restless["lost"], 0, "")
    yield goal(f"events seen twice over {restless['left']} reconnects", restless["twice"], 0, "")
    many, _ = told(300 if quick else 1000, 1.0, seconds, 0)
    yield goal(f"{300 if quick else 1000} clients x 1 event/s, p99", many["p99"] * 1e3, 250, "ms")
    yield goal("a client that reads nothing", stalled() / 1e6, 1, "MB")
    yield goal("finish() with 50 open tabs", finishing(50), 1.5, "s")
    yield from backfill(20_000 if quick else 100_000)


def enough_files() -> None:
    """A thousand connections are a thousand files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def serving() -> Iterator[tuple[Monitor, Dashboard]]:
    """A run with a dashboard and nothing else."""
    dashboard = Dashboard(port=0)
    with Monitor(10**6, sinks=[dashboard], probes=[]) as monitor:
        yield monitor, dashboard


def port_of(dashboard: Dashboard) -> int:
    """Where it listens."""
    port = urlsplit(dashboard.url).port
    assert port is not None
    return port


def readers(dashboard: Dashboard, clients: int, leaves: int = 0) -> subprocess.Popen[str]:
    """A process of clients, all of them listening."""
    command = [sys.executable, str(HERE / "sse_clients.py"), *map(str, (port_of(dashboard), clients, leaves))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def told(clients: int, pause: float, seconds: int, leaves: int) -> tuple[dict[str, Any], float]:
    """What the clients say at the end, and the share of a core that serving them took."""
    with serving() as (monitor, dashboard):
        monitor.log(0, 0.1, {"loss": 1.0})
        process = readers(dashboard, clients, leaves)
        began, used = time.perf_counter(), time.process_time()
        for epoch in range(1, round(seconds / pause)):
            monitor.log(epoch, 0.1, {"loss": 1 / epoch, "acc": 0.5, "sent": time.time()})
            time.sleep(pause)
        share = (time.process_time() - used) / (time.perf_counter() - began)
    said, _ = process.communicate(timeout=60)
    return json.loads(said), share


def stalled(clients: int = 20) -> float:
    """Bytes of memory, each."""
    with serving() as (_, dashboard):
        metrics = {f"part.metric_{number}": 0.5 for number in range(14)}
        for epoch in range(1, 11_000):
            dashboard.emit(EpochRecord(epoch=epoch, total=10**6, seconds=0.1, metrics=metrics))
        port = port_of(dashboard)
        run, last = live_at(port)
        place = last - 9_000  # as far back as the dashboard keeps events, nearly
        streams = [ask(port, run, place) for _ in range(2)]  # what the first ones bring with them is not theirs
        time.sleep(1)
        before = psutil.Process().memory_info().rss
        streams += [ask(port, run, place) for _ in range(clients)]
        time.sleep(2)
        after = psutil.Process().memory_info().rss
        for stream in streams:
            stream.close()
    return (after - before) / clients


def ask(port: int, run: str, place: int) -> socket.socket:
    """A connection that asks for all events after the one of that number, and takes none."""
    stream = socket.create_connection(("127.0.0.1", port))
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stream.sendall(f"GET /events?run={run}&after={place} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return stream


def finishing(tabs: int) -> float:
    """Seconds."""
    with serving() as (monitor, dashboard):
        monitor.log(0, 0.1, {"loss": 1.0})
        process = readers(dashboard, tabs)
        began = time.perf_counter()
        monitor.finish()
        took = time.perf_counter() - began
    process.communicate(timeout=60)
    return took


def backfill(epochs: int) -> Iterator[Row]:
    """Opening the page of a long run: bytes, seconds, and points of the longest curve."""
    with serving() as (_, dashboard):
        dashboard.begin(long_history(epochs, 14), epochs)
        began = time.perf_counter()
        page = urlopen(dashboard.url).read()
        took = time.perf_counter() - began
        data = json.loads(page.decode().split('id="run">')[1].split("</script>")[0])
        most = max(len(curve["values"]) * 3 // 16 for curve in data["curves"] if curve["kind"] == "metric")
        yield goal(f"page of {epochs:,} epochs x 14 curves", len(page) / 1e3, 500, "KB")
        yield goal("the same, made and sent", took, 1, "s")
        yield goal("points sent of a curve", most, 2000, "")
        yield from in_browser(dashboard, epochs)


def in_browser(dashboard: Dashboard, epochs: int) -> Iterator[Row]:
    """To the first chart, and what an epoch that arrives costs the page; where there is a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("no playwright here: the rows of the browser are left out", file=sys.stderr)
        return
    program = os.environ.get("FLODL_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(dashboard.url)
        page.wait_for_selector("canvas")
        began = time.perf_counter()
        page.reload(wait_until="commit")
        page.wait_for_selector("canvas")
        yield goal("reload to the first chart", time.perf_counter() - began, 1, "s")
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.wait_for_timeout(1000)
        before = scripting(session)
        metrics = {f"part{number // 4}.metric{number}": 0.5 for number in range(14)}
        for epoch in range(epochs + 1, epochs + 11):
            dashboard.emit(EpochRecord(epoch=epoch, total=epochs, seconds=0.5, metrics=metrics))
            page.wait_for_timeout(400)
        yield goal("script in the page per live epoch", (scripting(session) - before) * 100, 8, "ms")
        browser.close()


def scripting(session: Any) -> float:
    """Seconds that the page's scripts took so far."""
    return next(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "ScriptDuration")
