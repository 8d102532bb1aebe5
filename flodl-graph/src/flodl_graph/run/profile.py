"""Time a graph, node by node, forward and backward, and leave it as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Protocol, TypeAlias, final

import torch
from attrs import define
from flodl_core import TrainingError
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from flodl_graph.run.profiled import Profile, Row
from flodl_graph.run.timeline import Clock, CudaClock, HostClock, Span, Timeline
from flodl_graph.run.watch import Family, watched

_WARM_UP = 3
_HEAD_START = 2.0  # how many times the time that launching takes the GPU is kept busy with nothing
_CYCLES = 2e9  # of a GPU, per second


class Profilable(Protocol):
    """A graph, as far as calling it again and again goes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Forward."""
        ...

    def detach_state(self) -> None:
        """Cut what it carries off from the call before."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """All, each once."""
        ...

    def buffers(self) -> Iterator[Tensor]:
        """All, each once."""
        ...


Inputs: TypeAlias = tuple[tuple[Any, ...], Mapping[str, Any]]


def profile(module: Profilable, family: Family, inputs: Inputs, repeat: int) -> Profile:
    """Average over calls after a few that warm up. Parameters, gradients, buffers and generators stay as they were.

    Args:
        module: The graph; is called in the mode that it is in. What it carries from call to call is the caller's.
        family: It and the graphs inside it.
        repeat: Calls to average over.

    Raises:
        TrainingError: `repeat` is below 1.
    """
    if isinstance(repeat, bool) or repeat < 1:
        raise TrainingError(f"profile() averages over at least 1 call, got {repeat!r}", mend="repeat=10")
    device = _device(module, inputs)
    clock: Clock = CudaClock() if device.type == "cuda" else HostClock()
    paths = _paths(family)
    relay = _Relay(Timeline(clock))
    with _unchanged(module, device), watched(family, relay):
        launching = [_seconds(lambda: _run(module, inputs, relay.next(clock))) for _ in range(_WARM_UP)]
        timelines = []
        for _ in range(repeat):
            _head_start(device, launching[-1])
            timelines.append(relay.next(clock))
            _run(module, inputs, timelines[-1])
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return _profile(str(device), clock, [timeline.spans for timeline in timelines], paths)


@final
@define(eq=False)
class _Relay:
    """A watch that hands on to the timeline of the call that is running."""

    timeline: Timeline

    def next(self, clock: Clock) -> Timeline:
        """A timeline for another call."""
        self.timeline = Timeline(clock)
        return self.timeline

    def enter(self, path: str, read: Iterable[Any]) -> None:
        """Hand on."""
        self.timeline.enter(path, read)

    def leave(self, path: str, made: Mapping[str, Any]) -> None:
        """Hand on."""
        self.timeline.leave(path, made)


def _head_start(device: torch.device, launching: float) -> None:
    """Give a GPU nothing to do for a while, so that no kernel of the call that follows waits to be launched."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda._sleep(int(launching * _HEAD_START * _CYCLES))


def _run(module: Profilable, inputs: Inputs, timeline: Timeline) -> None:
    """Forward, and backward to every parameter that learns, without touching its gradient."""
    module.detach_state()
    args, kwargs = pytree.tree_map_only(Tensor, _fresh, inputs)
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    start = timeline.clock.mark()
    made = module(*args, **kwargs)
    timeline.spans.append(Span("", "forward", start, timeline.clock.mark()))
    outputs = [value for value in pytree.tree_leaves(made) if isinstance(value, Tensor) and value.requires_grad]
    try:
        if learning and outputs and torch.is_grad_enabled():
            ones = [torch.ones_like(value) for value in outputs]
            start = timeline.clock.mark()
            torch.autograd.grad(outputs, learning, ones, allow_unused=True)
            timeline.spans.append(Span("", "backward", start, timeline.clock.mark()))
    finally:
        timeline.close()


def _fresh(value: Tensor) -> Tensor:
    """A copy of an input: a module may write into what it is given."""
    return value.detach().clone().requires_grad_(value.requires_grad)


def _profile(device: str, clock: Clock, runs: Sequence[Sequence[Span]], paths: Iterable[str]) -> Profile:
    times: dict[tuple[str, str], float] = {}
    calls: dict[str, int] = {}
    for span in (span for spans in runs for span in spans):
        key = (span.path, span.way)
        times[key] = times.get(key, 0.0) + clock.between(span.start, span.end) / len(runs)
        calls[span.path] = calls.get(span.path, 0) + (span.way == "forward")
    forward, backward = times.get(("", "forward"), 0.0), times.get(("", "backward"), 0.0)
    rows = [
        _row(path, calls[path] / len(runs), times, forward + backward) for path in dict.fromkeys(paths) if path in calls
    ]
    return Profile(device, len(runs), forward, backward, tuple(rows))


def _row(path: str, calls: float, times: Mapping[tuple[str, str], float], whole: float) -> Row:
    forward, backward = times.get((path, "forward"), 0.0), times.get((path, "backward"), 0.0)
    return Row(path, calls, forward, backward, (forward + backward) / whole if whole else 0.0)


def _paths(family: Family) -> list[str]:
    """Everything that can be timed, in the order of the graph, each followed by what is inside it."""
    graphs: dict[str, Any] = dict(family)
    return list(_below("", graphs[""], graphs))


def _below(prefix: str, graph: Any, graphs: Mapping[str, Any]) -> Iterator[str]:
    for node in graph.ir.nodes:
        path = prefix + node.name
        yield path
        inner = [item.name for item in node.sketch(getattr(graph, node.name)).inner]
        for inside in (path, *(f"{path}.{name}" for name in inner)):
            if inside != path:
                yield inside
            if f"{inside}." in graphs:
                yield from _below(f"{inside}.", graphs[f"{inside}."], graphs)


def _device(module: Profilable, inputs: Inputs) -> torch.device:
    tensors = (value for value in pytree.tree_leaves(inputs) if isinstance(value, Tensor))
    first = next(module.parameters(), next(tensors, None))
    return torch.device("cpu") if first is None else first.device


@contextmanager
def _unchanged(module: Profilable, device: torch.device) -> Iterator[None]:
    """A block after which buffers and random generators are as they were."""
    held = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, before in held:
                    buffer.copy_(before)


def _seconds(work: Callable[[], None]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
