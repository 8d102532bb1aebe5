"""Sink `terminal`: one line per epoch, as floDl prints it."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TextIO, final

from flodl_core.rules import Firing

from flodl_monitor.console import is_terminal, printable, write_line
from flodl_monitor.formats import format_metric, format_seconds, format_share
from flodl_monitor.progress import Progress
from flodl_monitor.record import EpochRecord
from flodl_monitor.sinks.bar import Bar


@final
class Terminal:
    """`  epoch  50/100  loss=0.0023  [24ms  ETA 1.2s]  VRAM: 2.1/6.0 GB (82%)`, and a last line at the end.

    On a terminal, below it, how far the epoch under way is; see `flodl_monitor.sinks.bar`.

    Args:
        stream: Where to; stderr if not given, so that a program's own output stays clean.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._began = time.monotonic()
        self._last: EpochRecord | None = None
        self._bar: Bar | None = None

    def follow(self, progress: Progress) -> None:
        """Show the epoch under way, where somebody may be looking."""
        stream = sys.stderr if self._stream is None else self._stream
        if is_terminal(stream):
            self._bar = Bar(stream, progress)

    def emit(self, record: EpochRecord) -> None:
        """Print the epoch's line."""
        self._last = record
        write_line(epoch_text(record), self._stream)
        for firing in record.fired:
            write_line(rule_text(firing), self._stream)

    def close(self) -> None:
        """Print how long it took and where it ended."""
        if self._bar is not None:
            self._bar.close()
        if self._last is not None:
            write_line(summary_text(self._last, time.monotonic() - self._began), self._stream)


def epoch_text(record: EpochRecord) -> str:
    """One epoch on one line.

    >>> machine = {"gpu0_memory_used": 2.1 * 2**30, "gpu0_memory_total": 6 * 2**30, "gpu0_percent": 82.0}
    >>> record = EpochRecord(epoch=50, total=100, seconds=0.024, eta=1.2, metrics={"loss": 0.0023}, resources=machine)
    >>> epoch_text(record)
    '  epoch  50/100  loss=0.0023  [24ms  ETA 1.2s]  VRAM: 2.1/6.0 GB (82%)'
    """
    number = f"{record.epoch:>{len(str(record.total))}}/{record.total}"
    metrics = (f"{printable(name)}={format_metric(value)}" for name, value in record.metrics.items())
    eta = "" if record.eta is None else f"  ETA {format_seconds(record.eta)}"
    times = f"[{format_seconds(record.seconds)}{eta}]"
    return "  ".join(["  epoch " + number, *metrics, times, *_machine(record.resources)])


def rule_text(firing: Firing) -> str:
    """What a rule did, on one line, below the epoch's.

    >>> condition, actions = "trend('loss').stalled(10)", ("thaw('encoder')", "scale_lr(0.5)")
    >>> rule_text(Firing(epoch=40, condition=condition, actions=actions, windows={}))
    "         rule fired: thaw('encoder'), scale_lr(0.5) because trend('loss').stalled(10)"
    """
    did = ", ".join(firing.actions)
    return f"         rule fired: {printable(did)} because {printable(firing.condition)}"


def summary_text(last: EpochRecord, seconds: float) -> str:
    """The run on one line, when it is over.

    >>> summary_text(EpochRecord(epoch=3, total=10, seconds=1.0, metrics={"loss": 0.5}), 65.0)
    '  training stopped at epoch 3/10 after 1m 05s  | loss: 0.5000'
    """
    took = format_seconds(seconds)
    done = last.epoch >= last.total
    head = (
        f"training complete in {took}" if done else f"training stopped at epoch {last.epoch}/{last.total} after {took}"
    )
    metrics = (f"{printable(name)}: {format_metric(value)}" for name, value in last.metrics.items())
    return "  ".join(["  " + head, *(["| " + "  ".join(metrics)] if last.metrics else [])])


def _machine(resources: Mapping[str, float]) -> list[str]:
    """What the machine is busy with: the GPUs' memory and load where there are any, else the CPU's."""
    totals = [name for name in resources if name.startswith("gpu") and name.endswith("_memory_total")]
    gpus = [name.removesuffix("_memory_total") for name in totals if name.replace("total", "used") in resources]
    if gpus:
        return [_vram(resources, gpus)]
    cpu = [f"CPU: {resources['cpu_percent']:.0f}%"] if "cpu_percent" in resources else []
    if "ram_used" in resources and "ram_total" in resources:
        return [*cpu, f"RAM: {format_share(resources['ram_used'], resources['ram_total'])}"]
    return cpu


def _vram(resources: Mapping[str, float], gpus: list[str]) -> str:
    used = sum(resources[f"{gpu}_memory_used"] for gpu in gpus)
    total = sum(resources[f"{gpu}_memory_total"] for gpu in gpus)
    loads = [resources[f"{gpu}_percent"] for gpu in gpus if f"{gpu}_percent" in resources]
    notes = [f"{len(gpus)} GPUs"] if len(gpus) > 1 else []
    notes += [f"{sum(loads) / len(loads):.0f}%"] if loads else []
    return f"VRAM: {format_share(used, total)}" + (f" ({', '.join(notes)})" if notes else "")
