"""Probes are read on a thread of their own."""

from __future__ import annotations

import threading
import time

from flodl_monitor.notices import Notices
from flodl_monitor.probes import sampler as sampler_module
from flodl_monitor.probes.sampler import Sampler


class Steady:
    def __init__(self):
        self.threads, self.closed = set(), 0

    def sample(self):
        self.threads.add(threading.current_thread())
        return {"steady": len(self.threads)}

    def close(self):
        self.closed += 1


class Failing(Steady):
    def sample(self):
        raise OSError("no such sensor")


class Odd(Steady):
    def sample(self):
        return ["not", "a", "mapping"]


def finish(sampler, notices):
    sampler.stop()
    sampler._thread.join(5.0)
    notices.close(time.monotonic() + 5.0)


def test_sampler_reads_off_the_training_thread():
    """The first readings are there when it is made; the probe is closed once, at the end."""
    probe, notices = Steady(), Notices()
    sampler = Sampler([("test/steady", probe)], notices)
    assert {"steady": 1.0} == sampler.latest
    finish(sampler, notices)
    assert threading.main_thread() not in probe.threads
    assert 1 == probe.closed


def test_failing_probe_is_named_once(capsys):
    """The others go on."""
    probes, notices = (Failing(), Odd(), Steady()), Notices()
    sampler = Sampler([("test/failing", probes[0]), ("test/odd", probes[1]), ("test/steady", probes[2])], notices)
    time.sleep(0.25)  # a second sample
    finish(sampler, notices)
    assert {"steady": 1.0} == sampler.latest
    err = capsys.readouterr().err
    assert 1 == err.count("probe test/failing failed and is dropped (OSError: no such sensor)")
    assert 1 == err.count("probe test/odd failed and is dropped (MonitorError: sample() returns a mapping")
    assert [1, 1, 1] == [probe.closed for probe in probes]


def test_hanging_probe_delays_nobody():
    """A driver that does not answer costs a quarter of a second, once."""
    free = threading.Event()

    class Hanging(Steady):
        def sample(self):
            free.wait(10.0)
            return {}

    began = time.monotonic()
    notices = Notices()
    sampler = Sampler([("test/hanging", Hanging())], notices)
    assert time.monotonic() - began < 1.0
    assert {} == sampler.latest
    free.set()
    finish(sampler, notices)


def test_no_probes_no_thread():
    """Nothing to read."""
    before = threading.active_count()
    sampler = Sampler([], Notices())
    assert before == threading.active_count()
    sampler.stop()


def test_hanging_probe_is_dropped_and_the_others_go_on(monkeypatch, capsys):
    """Its last reading does not stay for ever, and theirs are fresh."""
    monkeypatch.setattr(sampler_module, "PATIENCE", 0.2)
    monkeypatch.setattr(sampler_module, "INTERVAL", 0.05)
    free = threading.Event()

    class Hanging(Steady):
        def sample(self):
            if self.threads:
                free.wait(10.0)
            return {"hanging": 1.0, **super().sample()}

    class Counting(Steady):
        count = 0

        def sample(self):
            self.count += 1
            return {"count": self.count}

    hanging, counting, notices = Hanging(), Counting(), Notices()
    sampler = Sampler([("test/counting", counting), ("test/hanging", hanging)], notices)
    deadline = time.monotonic() + 10.0
    while "hanging" in sampler.latest and time.monotonic() < deadline:
        time.sleep(0.02)
    while sampler.latest.get("count", 0.0) < 4.0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert {"count"} == set(sampler.latest)
    free.set()
    finish(sampler, notices)
    while not hanging.closed and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (1, 1) == (counting.closed, hanging.closed)
    assert "flodl-monitor: probe test/hanging does not answer and is dropped\n" == capsys.readouterr().err
