"""A monitor that serves its run, from the start or from the middle."""

from __future__ import annotations

import os
import socket

import pytest
from flodl_core.errors import MonitorError
from flodl_monitor import Monitor

pytest.importorskip("uvicorn", reason="the dashboard's server is not installed: pip install 'flodl-monitor[serve]'")
bound = pytest.importorskip("flodl_monitor.serve.server").bound


def curve(page, name):
    (found,) = (curve for curve in page["curves"] if curve["name"] == name)
    return found["epochs"]


def test_serving_from_the_middle_shows_what_was(reader_at, wait_until):
    """The page has the epochs before; those after come as events."""
    with Monitor(5, sinks=[], probes=[]) as monitor:
        for epoch in range(3):
            monitor.log(epoch, 0.1, {"loss": 1.0})
        reader = reader_at(monitor.serve(port=0))
        wait_until(lambda: reader.page()["curves"][0]["epochs"] == [1, 3])
        page = reader.page()
        events = reader.events(page["live"]["run"], page["live"]["after"])
        monitor.log(3, 0.1, {"loss": 1.0})
        assert 4 == next(events)[1]["epoch"]
        assert [1, 3] == curve(page, "loss")


def test_a_resumed_run_shows_its_past(reader_at, wait_until, capfd):
    """Also where the dashboard was there first: its open pages begin anew."""
    with Monitor(5, sinks=[], probes=[]) as before:
        for epoch in range(3):
            before.log(epoch, 0.1, {"loss": 1.0})
    with Monitor(5, sinks=["dashboard"], probes=[]) as monitor:
        reader = reader_at(capfd.readouterr().err.split()[-1])
        live = reader.page()["live"]
        events = reader.events(live["run"], live["after"])
        monitor.load_state_dict(before.state_dict())
        monitor.log(2, 0.1, {"loss": 2.0})
        assert (None, "anew") == next(events)
        wait_until(lambda: curve(reader.page(), "loss") == [1, 3])


def test_a_finished_monitor_serves_nothing():
    """Its threads are gone; its page can still be kept."""
    monitor = Monitor(1, sinks=[], probes=[])
    monitor.finish()
    with pytest.raises(MonitorError, match=r"a monitor serves nothing after finish\(\)"):
        monitor.serve(port=0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_address():
    """A loader's worker may outlive the run: its readers are refused, not left waiting, and the port is free."""
    with Monitor(2, sinks=[], probes=[]) as monitor:
        port = int(monitor.serve(port=0).rsplit(":", 1)[1].strip("/"))
        ready, over = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            os.write(ready[1], b".")
            os.read(over[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
    try:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5.0).close()
        bound("127.0.0.1", port, exactly=True).close()
    finally:
        os.write(over[1], b".")
        os.waitpid(child, 0)


@pytest.mark.parametrize(
    "options", [{"port": "3000"}, {"port": 3000.0}, {"host": None}, {"host": ""}, {"host": 5}, {"token": 12345678}]
)
def test_an_address_that_is_none(options):
    """Is told as every wrong use is."""
    with (
        Monitor(2, sinks=[], probes=[]) as monitor,
        pytest.raises(MonitorError, match=r"a dashboard('s host is| cannot listen)|a token is"),
    ):
        monitor.serve(**options)
