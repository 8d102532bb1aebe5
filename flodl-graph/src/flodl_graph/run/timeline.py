"""When each call of a node began and ended, forward and backward, from marks that are set while they run.

Backward runs the nodes of a graph in the reverse order of forward, one after the other. A node's
backward begins when the gradient of what it made is known, and ends when that of what it read is;
one that reads nothing with a gradient ends where the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter
from typing import Any, Literal, Protocol, TypeAlias, final

import torch
from attrs import define, field, frozen
from torch import Tensor
from torch.utils import _pytree as pytree

Way: TypeAlias = Literal["forward", "backward"]


class Clock(Protocol):
    """Marks points in the work of a device."""

    def mark(self) -> Any:
        """A point: now, in the order of the work that is given to the device."""
        ...

    def between(self, start: Any, end: Any) -> float:
        """Milliseconds from one point to another, when all is done."""
        ...


@final
class HostClock:
    """The processor's own."""

    def mark(self) -> float:
        """Seconds."""
        return perf_counter()

    def between(self, start: float, end: float) -> float:
        """Milliseconds."""
        return (end - start) * 1000.0


@final
class CudaClock:
    """The GPU's own: events in the stream, so that what is measured is when kernels run, not when they are launched."""

    def mark(self) -> torch.cuda.Event:
        """An event in the current stream."""
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def between(self, start: torch.cuda.Event, end: torch.cuda.Event) -> float:
        """Milliseconds; both events must have happened."""
        return float(start.elapsed_time(end))


@final
@define(eq=False)
class Call:
    """One call of a node.

    Args:
        outer: The call that it happened in.
    """

    path: str
    outer: Call | None

    def chain(self) -> Iterator[Call]:
        """Itself and every call around it, from the inside out."""
        call: Call | None = self
        while call is not None:
            yield call
            call = call.outer


@final
@frozen
class Span:
    """A call's time in one direction."""

    path: str
    way: Way
    start: Any
    end: Any


@final
@define(eq=False)
class Timeline:
    """Marks of one forward and backward; a `Watch`."""

    clock: Clock
    spans: list[Span] = field(factory=list)
    _running: list[tuple[Call, Any]] = field(factory=list)
    _unwinding: list[tuple[Call, Any]] = field(factory=list)
    _hooks: list[Callable[[], None]] = field(factory=list)

    def enter(self, path: str, read: Iterable[Any]) -> None:
        """A call begins: what it reads will tell when its backward ends."""
        call = Call(path, self._running[-1][0] if self._running else None)
        self._on_gradient(read, lambda _: self._backward_ends(call))
        self._running.append((call, self.clock.mark()))

    def leave(self, path: str, made: Mapping[str, Any]) -> None:
        """A call ends: what it made will tell when its backward begins."""
        end = self.clock.mark()
        call, start = self._running.pop()
        self.spans.append(Span(path, "forward", start, end))
        self._on_gradient(made.values(), lambda _: self._backward_begins(call))

    def close(self) -> None:
        """Everything is done: what is still open ends here, and no tensor tells any more."""
        self._end_until(None)
        for remove in self._hooks:
            remove()
        self._hooks.clear()

    def _backward_begins(self, call: Call) -> None:
        around = list(call.chain())
        if any(open_call is call for open_call, _ in self._unwinding):
            return
        while self._unwinding and self._unwinding[-1][0] not in around:
            self._end_until(self._unwinding[-1][0])
        now = self.clock.mark()
        inside = len(self._unwinding)
        self._unwinding += [(each, now) for each in around[: len(around) - inside][::-1]]

    def _backward_ends(self, call: Call) -> None:
        if any(open_call is call for open_call, _ in self._unwinding):
            self._end_until(call)

    def _end_until(self, last: Call | None) -> None:
        """End the innermost calls, up to and with one; None: all."""
        now = self.clock.mark()
        while self._unwinding:
            call, start = self._unwinding.pop()
            self.spans.append(Span(call.path, "backward", start, now))
            if call is last:
                return

    def _on_gradient(self, values: Iterable[Any], told: Callable[[Tensor], None]) -> None:
        for value in pytree.tree_leaves(list(values)):
            if isinstance(value, Tensor) and value.requires_grad and not _transformed(value):
                self._hooks.append(value.register_hook(told).remove)


def _transformed(value: Tensor) -> bool:
    """Whether a tensor stands for a whole batch inside `torch.func.vmap`, where hooks are not known."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(value))
