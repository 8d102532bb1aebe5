"""The dashboard on the wire: late is as early, nothing is lost or seen twice, and the end is quick."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time

import pytest
from flodl_core.errors import MissingDistribution, MonitorError
from flodl_core.rules import Firing
from flodl_monitor import Monitor
from flodl_monitor.sinks.dashboard import Dashboard

pytest.importorskip("uvicorn", reason="the dashboard's server is not installed: pip install 'flodl-monitor[serve]'")


def epochs_of(events) -> list[int]:
    return [event["epoch"] for number, event in events if number is not None and event["event"] == "epoch"]


def test_late_is_as_early(dashboard, reader, record):
    """A page opened late has in it what an early one was told, and is told the rest."""
    early = reader.page()["live"]
    told = []
    thread = threading.Thread(target=lambda: told.extend(reader.events(early["run"], early["after"])))
    thread.start()
    for epoch in range(1, 6):
        dashboard.emit(record(epoch, metrics={"loss": 1 / epoch}))
    late = reader.page()
    assert 5 == late["live"]["after"]
    (loss,) = (curve for curve in late["curves"] if curve["name"] == "loss")
    assert [1, 5] == loss["epochs"]
    rest = []
    other = threading.Thread(target=lambda: rest.extend(reader.events(late["live"]["run"], 5)))
    other.start()
    for epoch in range(6, 9):
        dashboard.emit(record(epoch, metrics={"loss": 1 / epoch}))
    dashboard.close()
    thread.join(10)
    other.join(10)
    assert list(range(1, 9)) == epochs_of(told)
    assert list(range(6, 9)) == epochs_of(rest)
    assert [(None, "ended")] == told[-1:] == rest[-1:]


def test_a_reader_that_comes_and_goes_sees_each_event_once(dashboard, reader, record):
    """200 reconnects at random moments, by the number that a browser sends: nothing lost, nothing twice."""
    live, chance, seen = reader.page()["live"], random.Random(0), []
    writer = threading.Thread(
        target=lambda: [
            dashboard.emit(record(epoch, metrics={"loss": 1.0})) or time.sleep(0.001) for epoch in range(1, 401)
        ]
    )
    writer.start()
    place = 0
    for _ in range(200):
        for number, event in reader.events(live["run"], 0, Last_Event_ID=str(place)):
            place = number
            seen.append(event["epoch"])
            if chance.random() < 0.5 or place == 400:
                reader.close()
                break
        if place == 400:
            break
    writer.join(30)
    assert list(range(1, len(seen) + 1)) == seen
    assert len(seen) > 100


def test_a_quiet_run_is_known_to_be_well(monkeypatch, reader_of):
    """Between epochs that take long a reader hears something, so that a dead one is noticed."""
    monkeypatch.setattr(pytest.importorskip("flodl_monitor.serve.bell"), "PULSE", 0.05)
    dashboard = Dashboard(port=0)
    try:
        reader = reader_of(dashboard)
        response = reader.get(f"/events?run={reader.page()['live']['run']}&after=0")
        assert [b": well\n", b"\n", b": well\n"] == [response.readline() for _ in range(3)]
    finally:
        dashboard.close()


def test_the_page_of_another_server_begins_anew(dashboard, reader, reader_of, record):
    """Numbers of a run that is gone mean nothing to the next one on the same port."""
    live = reader.page()["live"]
    other = Dashboard(port=0)
    try:
        other.emit(record(1, metrics={"loss": 1.0}))
        assert [(None, "anew")] == list(reader_of(other).events(live["run"], 0))
    finally:
        other.close()


def test_rules_that_fired_are_told(dashboard, reader, record):
    """Before the epoch that they ended; the end of the run after all."""
    firing = Firing(epoch=1, condition="trend('loss').stalled(10)", actions=("stop()",), windows={"loss": [1.0]})
    live, told = reader.page()["live"], []
    thread = threading.Thread(target=lambda: told.extend(reader.events(live["run"], 0)))
    thread.start()
    dashboard.emit(record(1, metrics={"loss": 1.0}, fired=(firing,)))
    dashboard.close()
    thread.join(10)
    assert ["rule", "epoch", "finish"] == [event["event"] for number, event in told if number is not None]
    assert "trend('loss').stalled(10)" == told[0][1]["condition"]


def test_finish_is_quick_with_open_pages(reader_of):
    """Fifty pages are listening, and one of them reads nothing: the run ends within the limit all the same."""
    dashboard = Dashboard(port=0)
    reader = reader_of(dashboard)
    live = reader.page()["live"]
    open_ = [reader.get(f"/events?run={live['run']}&after=0") for _ in range(50)]
    began = time.monotonic()
    dashboard.close()
    assert time.monotonic() - began < 1.5
    assert all(b"event: ended" in response.read() for response in open_)


def test_a_page_that_never_reads_costs_the_run_nothing(dashboard, reader, record):
    """Two thousand epochs go by a reader that takes not one byte; another sees them all."""
    live = reader.page()["live"]
    with socket.create_connection(("127.0.0.1", reader.port)) as stream:
        stream.sendall(f"GET /events?run={live['run']}&after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for epoch in range(1, 2001):
            dashboard.emit(record(epoch, metrics={f"metric_{number}": 1.0 for number in range(20)}))
        threading.Thread(target=dashboard.close).start()
        assert list(range(1, 2001)) == epochs_of(reader.events(live["run"], 0))


def test_a_taken_port(dashboard):
    """The usual one gives way to any free one; one that was asked for is an error that names it."""
    port = int(dashboard.url.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(MonitorError, match=f"a dashboard cannot listen on 127.0.0.1:{port}") as caught:
        Dashboard(port=port)
    assert caught.value.mend == "another port, or port=0 for a free one"
    with pytest.raises(MonitorError, match=r"cannot listen on 127\.0\.0\.1:70000"):
        Dashboard(port=70000)
    one, other = Dashboard(), Dashboard()
    assert one.url != other.url
    one.close()
    other.close()


def test_without_its_libraries_it_says_how_to_get_them():
    """The rest of the monitor works without a web server."""
    code = (
        "import sys; sys.modules['starlette'] = sys.modules['starlette.applications'] = None\n"
        "from flodl_core import components, MissingDistribution\n"
        "from flodl_monitor.sinks.dashboard import Dashboard\n"
        "try:\n    Dashboard(port=0)\nexcept MissingDistribution as error:\n    print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "a dashboard needs a web server, and starlette.applications is not installed" in said
    assert "try: pip install 'flodl-monitor[serve]'" in said
    assert issubclass(MissingDistribution, ImportError)


def test_a_monitor_serves_by_name(capfd):
    """`sinks=[ref("dashboard")]` says where to look, and a run without pages ends as any other."""
    with Monitor(2, sinks=["dashboard"], probes=[]) as monitor:
        monitor.log(0, 0.1, {"loss": 1.0})
    assert "flodl-monitor: dashboard at http://127.0.0.1:" in capfd.readouterr().err
