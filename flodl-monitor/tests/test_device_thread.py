"""What lives on a GPU is touched by the thread that trains, and by no other: CUDA has a context for each."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace

from flodl_monitor import Monitor
from flodl_monitor.sinks.terminal import Terminal


class OnDevice:
    """A tensor of a GPU, as far as a monitor may go with it; it remembers who touched it."""

    threads: set[str] = set()  # noqa: RUF012 - one for all of them

    def __init__(self, value: float) -> None:
        self.value, self.device = value, SimpleNamespace(type="cuda")

    def _touched(self, value: float) -> OnDevice:
        self.threads.add(threading.current_thread().name)
        return OnDevice(value)

    def numel(self) -> int:
        return 1

    def detach(self) -> OnDevice:
        return self._touched(self.value)

    def reshape(self, shape: tuple[int, ...]) -> OnDevice:
        return self._touched(self.value)

    def double(self) -> OnDevice:
        return self._touched(self.value)

    def add(self, other: OnDevice, alpha: float) -> OnDevice:
        return self._touched(self.value + alpha * other.value)

    def __mul__(self, weight: float) -> OnDevice:
        return self._touched(self.value * weight)

    def __add__(self, other: float) -> OnDevice:
        return self._touched(self.value + other)

    def item(self) -> float:
        return self._touched(self.value).value


def test_only_the_training_thread_touches_a_gpu(tmp_path):
    """With every sink, a served page and a page asked for: they get numbers."""
    sinks = [
        Terminal(io.StringIO()),
        *((name, {"path": tmp_path / f"run.{name}"}) for name in ("csv", "jsonl", "html")),
    ]
    with Monitor(3, sinks=sinks) as monitor:
        for epoch in range(3):
            for _ in range(2):
                monitor.record("loss", OnDevice(0.5))
            monitor.log(epoch, 0.1, {"norm": OnDevice(2.0)})
        monitor.save_html(tmp_path / "page.html")
    assert {threading.current_thread().name} == OnDevice.threads
    assert [{"norm": 2.0, "loss": 0.5}] * 3 == [dict(record.metrics) for record in monitor.history()]
