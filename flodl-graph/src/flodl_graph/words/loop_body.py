"""`loop_body(m)`: feed a module its own output, a number of times or until a condition says stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar, Literal, final

import torch
from attrs import evolve, frozen
from flodl_core import BuildError, RoutingError
from torch import Tensor, nn

from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.sketch import Link, Sketch
from flodl_graph.known import is_known
from flodl_graph.part import as_module, stream_of
from flodl_graph.ports import expose, makes_on_demand, outputs_of
from flodl_graph.words.inside import shown

# B batch


@final
class LoopModule(nn.Module):
    """`x = body(x)`, again and again. A graph inside, which carries state, begins anew with each run.

    Args:
        condition: Its signal, > 0, means stop; None: run `most` times.
        most: At most so many iterations.
        first: Ask the condition before the body (while) rather than after it (until).
        per: `"batch"`: stop when every element of the signal is > 0. `"sample"`: a row whose signal is
            > 0 keeps its state from then on.
        every: The host reads whether all is over after so many iterations; what has stopped waits for
            it unchanged. None: per batch each time, per sample never.
    """

    def __init__(
        self, body: Part, condition: Part | None, *, most: int, first: bool, per: str, every: int | None = None
    ) -> None:
        super().__init__()
        self.body = as_module(body)
        self.condition = None if condition is None else as_module(condition)
        self.most, self.first, self.per, self.every = most, first, per, every
        self._returned = outputs_of(self.body)[1:]  # what the body gives besides the stream
        self._asks = makes_on_demand(self.body)

    @property
    def ports(self) -> tuple[str, ...]:
        """What a loop can give besides the stream: its own first, then what its body gives, iteration by iteration."""
        own = ("states", "steps") if self.condition is None else ("states", "halts", "steps")
        return (*own, *(name for name in self._returned if name not in own))

    def expose(self, *ports: str) -> None:
        """Tell the body what it will be asked for."""
        expose(self.body, [name for name in ports if name in self._traced])

    def forward(self, x: Tensor, *, wanted: tuple[str, ...] = (), **refs: Any) -> Any:
        """Run. Shapes: x [B, ...] -> what the body makes of it, which is what it takes.

        Args:
            wanted: Of `states` [T, B, ...] (after each iteration), `halts` [T, ...] (the condition's
                signals), `steps` (how many; [B] per sample), and the body's own outputs [T, ...].
        """
        _begin_anew(self)
        traces: dict[str, list[Tensor]] = {name: [] for name in wanted}
        running = self._all_running(x)
        steps: Any = 0 if running is None else torch.zeros_like(running, dtype=torch.long)
        for turn in range(self.most):
            if self.condition is not None and (self.first or turn):
                signal = _signal(self.condition, x)
                _note(traces, halts=signal)
                if running is None and is_known(signal) and bool((signal > 0).all()):
                    break
                if running is not None:
                    running = running & ~_over(signal, running)
                    if self._looks(turn) and is_known(running) and not bool(running.any()):
                        break
            made, further = self._turn(x, [name for name in wanted if name in self._traced], refs)
            x = made if running is None else torch.where(_like(running, made), made, x)
            steps = steps + (1 if running is None else running)
            _note(traces, states=x, **further)
        return (x, *self._further(wanted, traces, steps, x)) if wanted else x

    def _further(
        self, wanted: Sequence[str], traces: Mapping[str, Sequence[Tensor]], steps: Any, x: Tensor
    ) -> Iterator[Any]:
        """What was asked for, of the turns that counted: a loop that asks seldom made some more."""
        for name in wanted:
            if name == "steps":
                yield steps
                continue
            trace = traces[name]
            if self.per == "batch" and isinstance(steps, Tensor) and is_known(steps):
                trace = trace[: int(steps) + (name == "halts" and self.first)]
            yield torch.stack(list(trace)) if trace else x.new_empty((0, *(x.shape if name == "states" else ())))

    def _looks(self, turn: int) -> bool:
        return self.every is not None and turn % self.every == 0

    @property
    def _traced(self) -> tuple[str, ...]:
        """Of the loop's ports those that the body makes."""
        return tuple(name for name in self.ports if name in self._returned and name not in ("states", "halts", "steps"))

    def _all_running(self, x: Tensor) -> Tensor | None:
        """A flag for each row, or one for the batch; None where the host itself knows."""
        if self.condition is None or (self.per == "batch" and self.every in (None, 1)):
            return None
        return torch.ones(x.shape[:1] if self.per == "sample" else (), dtype=torch.bool, device=x.device)

    def _turn(self, x: Tensor, traced: Sequence[str], refs: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """The body's stream, and of what it makes besides what is traced."""
        if not traced:
            return stream_of(self.body(x, **refs)), {}
        if self._asks:
            made, *further = self.body(x, wanted=tuple(traced), **refs)
            return made, dict(zip(traced, further, strict=True))
        made, *further = self.body(x, **refs)
        return made, {name: further[self._returned.index(name)] for name in traced}


def _signal(condition: nn.Module, x: Tensor) -> Tensor:
    """What the condition says of the state; above 0 it means stop."""
    signal = stream_of(condition(x))
    if not isinstance(signal, Tensor):
        raise RoutingError(f"a halt gives a tensor, got {signal!r}", mend="(x > 5).any(), torch.tensor(flag)")
    return signal


def _begin_anew(loop: nn.Module) -> None:
    """What graphs inside remember is of turns before, not of runs before."""
    for module in loop.modules():
        if module.__dict__.get("carried"):  # not vars(): compilers of older torches do not know it
            module.carried = {}  # type: ignore[assignment]


def _note(traces: Mapping[str, list[Tensor]], **values: Tensor) -> None:
    for name, value in values.items():
        if name in traces:
            traces[name].append(value)


def _over(signal: Tensor, running: Tensor) -> Tensor:
    """Whether every element of a row's signal, or of the batch's, is > 0. Shapes: [B, ...] -> [B], or []."""
    stops = signal > 0
    return stops.all() if running.dim() == 0 else stops.reshape(running.shape[0], prod(stops.shape[1:])).all(1)


def _like(running: Tensor, values: Tensor) -> Tensor:
    """One flag per row, as many dimensions as the values. Shapes: [B] or [], [B, ...] -> [B, 1, ...] or []."""
    return running.reshape(running.shape + (1,) * (values.dim() - 1)) if running.dim() else running


@final
@frozen(kw_only=True)
class Loop(AbstractNode):
    """The stream goes round. `using` speaks to the body.

    Further outputs: `states`, `halts`, `steps`, and the body's own, stacked.
    """

    word: ClassVar[str] = "loop_body"
    noun: ClassVar[str | None] = "loop"

    most: int
    first: bool
    per: str

    @classmethod
    def from_words(
        cls,
        body: Part,
        for_n: int | None = None,
        while_cond: Part | None = None,
        until_cond: Part | None = None,
        most: int | None = None,
        per: Literal["batch", "sample"] = "batch",
        every: int | None = None,
    ) -> tuple[dict[str, Any], Part]:
        """A body, and exactly one of: a number of turns, a condition asked before each, or one asked after each."""
        said = {"for_n": for_n, "while_cond": while_cond, "until_cond": until_cond}
        kinds = [name for name, value in said.items() if value is not None]
        if len(kinds) != 1:
            raise BuildError(
                f"a loop runs by one of for_n, while_cond and until_cond, got {' and '.join(kinds) or 'none'}",
                mend="loop_body(m).for_n(3)",
            )
        turns = for_n if for_n is not None else most
        if turns is None or isinstance(turns, bool) or turns < 1:
            mend = "for_n(3)" if for_n is not None else f"{kinds[0]}(halt, 10): the most it may run"
            raise BuildError(f"a loop runs at least once, got {turns!r}", mend=mend)
        if every is not None and (isinstance(every, bool) or every < 1):
            raise BuildError(f"a loop asks every so many turns, at least 1, got {every!r}", mend="every=4")
        condition = while_cond if while_cond is not None else until_cond
        first = while_cond is not None
        module = LoopModule(body, condition, most=turns, first=first, per=per, every=every)
        return {"most": turns, "first": first, "per": per}, module

    @classmethod
    def hints(cls, arguments: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """The condition may want to know whether it speaks for the batch or for each row."""
        per = {"per": arguments.get("per", "batch")}
        return {"while_cond": per, "until_cond": per}

    @classmethod
    def addressed(cls, part: Any) -> Part:
        """The body."""
        body: Part = part.body
        return body

    def sketch(self, part: Any) -> Sketch:
        """The body, the condition where it is asked, and the way back."""
        body = shown(part.body, "body", addressed=True)
        if part.condition is None:
            turns = (Link("", "body"), Link("body", "body", "again"), Link("body", ""))
            return Sketch(f"{self.most} turns", "stack", "loop", (body,), turns)
        halt = evolve(shown(part.condition, "condition"), shape="hexagon")
        order = (halt, body) if self.first else (body, halt)
        names = [inner.name for inner in order]
        links = (Link("", names[0]), Link(names[0], names[1]), Link(names[1], names[0], "again"), Link("condition", ""))
        sort = "while" if self.first else "until"
        return Sketch(f"{sort} loop, at most {self.most} turns", "stack", "loop", order, links)
