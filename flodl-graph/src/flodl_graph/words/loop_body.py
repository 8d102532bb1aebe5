"""`loop_body(m)`: feed a module its own output, a number of times or until a condition says stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, final

import torch
from attrs import frozen
from flodl_core import BuildError
from torch import Tensor, nn

from flodl_graph.ir.node import AbstractNode, Part, Sketch
from flodl_graph.part import as_module

# B batch


@final
class LoopModule(nn.Module):
    """`x = body(x)`, again and again.

    Args:
        condition: Its signal, > 0, means stop; None: run `most` times.
        most: At most so many iterations.
        first: Ask the condition before the body (while) rather than after it (until).
        per: `"batch"`: stop when every element of the signal is > 0; the host reads it once an
            iteration. `"sample"`: a row whose signal is > 0 keeps its state from then on; nothing waits.
    """

    def __init__(self, body: Part, condition: Part | None, *, most: int, first: bool, per: str) -> None:
        super().__init__()
        self.body = as_module(body)
        self.condition = None if condition is None else as_module(condition)
        self.most, self.first, self.per = most, first, per

    def forward(self, x: Tensor, *, wanted: tuple[str, ...] = (), **refs: Tensor) -> Any:
        """Run. Shapes: x [B, ...] -> what the body makes of it, which is what it takes.

        Args:
            wanted: Of `states` [T, B, ...] (after each iteration), `steps` (how many; [B] per sample).
        """
        states: list[Tensor] = []
        running = torch.ones(len(x), dtype=torch.bool, device=x.device) if self._by_sample else None  # [B]
        steps: Any = 0 if running is None else torch.zeros(len(x), dtype=torch.long, device=x.device)
        for turn in range(self.most):
            if self.condition is not None and (self.first or turn):
                stop = self.condition(x)
                if running is None and bool((stop > 0).all()):
                    break
                if running is not None:
                    running = running & ~_rows_above_zero(stop)
            made = self.body(x, **refs)
            x = made if running is None else torch.where(_like(running, made), made, x)
            steps = steps + (1 if running is None else running)
            if "states" in wanted:
                states.append(x)
        if not wanted:
            return x
        further = {"states": torch.stack(states) if states else x.new_empty((0, *x.shape)), "steps": steps}
        return (x, *(further[name] for name in wanted))

    @property
    def _by_sample(self) -> bool:
        return self.condition is not None and self.per == "sample"


def _rows_above_zero(signal: Tensor) -> Tensor:
    """Whether every element of a row's signal is > 0. Shapes: [B, ...] -> [B]."""
    return (signal > 0).reshape(len(signal), -1).all(1)


def _like(rows: Tensor, values: Tensor) -> Tensor:
    """One flag per row, as many dimensions as the values. Shapes: [B], [B, ...] -> [B, 1, ...]."""
    return rows.reshape(-1, *[1] * (values.dim() - 1))


@final
@frozen(kw_only=True)
class Loop(AbstractNode):
    """The stream goes round. `using` speaks to the body; further outputs: `states`, `steps`."""

    word: ClassVar[str] = "loop_body"
    noun: ClassVar[str | None] = "loop"
    outputs: ClassVar[tuple[str, ...]] = ("states", "steps")

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
        condition = while_cond if while_cond is not None else until_cond
        first = while_cond is not None
        return {"most": turns, "first": first, "per": per}, LoopModule(
            body, condition, most=turns, first=first, per=per
        )

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
        """A box in depth with the body inside."""
        return Sketch(f"loop, at most {self.most}", "box3d", (Sketch(type(part.body).__name__),))
