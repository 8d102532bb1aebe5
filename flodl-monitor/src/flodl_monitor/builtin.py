"""The plugin: the sinks and probes that flodl-monitor brings, by the same hooks as anybody's."""

from __future__ import annotations

from collections.abc import Iterator

from flodl_core.component import Example, ProbeSpec, SinkSpec
from flodl_core.hookspecs import hookimpl


@hookimpl
def flodl_sinks() -> Iterator[SinkSpec]:
    """Terminal, table, event log and page."""
    yield SinkSpec(
        name="terminal",
        target="flodl_monitor.sinks.terminal:Terminal",
        summary="A line per epoch on stderr: metrics, time, ETA, the machine's load.",
        example=Example(),
    )
    yield SinkSpec(
        name="csv",
        target="flodl_monitor.sinks.csv:Csv",
        summary="A table, a row per epoch, with the union of all columns; whole after a crash.",
        example=Example(args=("run.csv",)),
    )
    yield SinkSpec(
        name="jsonl",
        target="flodl_monitor.sinks.jsonl:Jsonl",
        summary="The event log, a JSON object per line, from which every other view can be made.",
        example=Example(args=("run.jsonl",)),
    )
    yield SinkSpec(
        name="html",
        target="flodl_monitor.sinks.html:Html",
        summary="Curves, readings and a table on one page that opens from disk, without network.",
        example=Example(args=("run.html",)),
    )
    yield SinkSpec(
        name="dashboard",
        target="flodl_monitor.sinks.dashboard:Dashboard",
        summary="Live curves in the browser, served from the training process to its own machine.",
        example=Example(kwargs={"port": 0}),
    )


@hookimpl
def flodl_probes() -> Iterator[ProbeSpec]:
    """Processor, memory, GPUs."""
    yield ProbeSpec(
        name="cpu",
        target="flodl_monitor.probes.cpu:Cpu",
        summary="How busy the processor is, of what a container may use.",
        example=Example(),
    )
    yield ProbeSpec(
        name="ram",
        target="flodl_monitor.probes.ram:Ram",
        summary="Memory in use, of what a container may use.",
        example=Example(),
    )
    yield ProbeSpec(
        name="gpu",
        target="flodl_monitor.probes.gpu:Gpu",
        summary="Load, memory, power and temperature of each NVIDIA GPU that CUDA may see.",
        example=Example(),
    )
