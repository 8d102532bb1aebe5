"""State that one call leaves to the next: how it is read, and what stands in for it at first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import torch
from flodl_core import ShapeError
from torch import Tensor, nn

from flodl_graph.run.fake import fake_call


class Carrying(Protocol):
    """A graph, as far as its carried state goes."""

    carried: dict[str, Any]


def given(**refs: Any) -> dict[str, Any]:
    """The keywords whose value is there: a module with a default of its own sees the others left out."""
    return {word: value for word, value in refs.items() if not _absent(value)}


def _absent(value: Any) -> bool:
    return value is None or (type(value) is tuple and any(part is None for part in value))


def zeros(graph: Carrying, tag: str, *inputs: Any) -> Tensor:
    """Zeros for the first call, in the shape that the graph itself gives the tag.

    The shape is found on fake tensors, which compute nothing: a guess goes in, the shape that comes
    out is the next guess, until both agree. The first guess is a lone number, which fits any
    arithmetic; where that fails, the shape of the stream.

    Raises:
        ShapeError: They do not come to agree.
    """
    stream = next(value for value in inputs if isinstance(value, Tensor))
    reasons = []
    for first in (stream.new_empty(()), stream):
        try:
            settled = _settle(graph, tag, inputs, first)
        except Exception as error:  # whatever a module says to a shape that does not fit
            reasons.append(str(error).splitlines()[0])
        else:
            return torch.zeros(settled.shape, dtype=settled.dtype, device=settled.device)
    raise ShapeError(
        f"using({tag!r}) reads what the call before left, and for the first call no shape of zeros fits: {reasons[-1]}",
        mend=f"give the module's argument a default, such as {tag}=None",
    )


def _settle(graph: Carrying, tag: str, inputs: tuple[Any, ...], guess: Tensor) -> Tensor:
    """The fake state that the graph leaves when it is given one of the same shape."""
    for _ in range(4):
        found = _fake_state(graph, tag, inputs, guess)
        if (found.shape, found.dtype) == (guess.shape, guess.dtype):
            return found
        guess = found
    raise ShapeError(f"it grows from call to call, to {list(guess.shape)}")


def _fake_state(graph: Carrying, tag: str, inputs: tuple[Any, ...], guess: Tensor) -> Tensor:
    """What the graph would leave under a tag, were it given zeros like the guess; nothing fake stays behind."""
    module = cast(nn.Module, graph)
    family: list[Any] = [inner for inner in module.modules() if isinstance(getattr(inner, "carried", None), dict)]
    held = [(inner, inner.carried, inner.kept) for inner in family]
    for inner, carried, _ in held:
        inner.carried, inner.kept = dict(carried), {}
    graph.carried[tag] = torch.zeros(guess.shape, dtype=guess.dtype, device=guess.device)
    try:
        fake_call(module, inputs)
        state: Tensor = graph.carried[tag]
    finally:
        for inner, carried, kept in held:
            inner.carried, inner.kept = carried, kept
    return state


@contextmanager
def set_aside(graphs: Iterable[Carrying]) -> Iterator[None]:
    """Run a block in which graphs carry nothing yet, and put back what they carried."""
    held = [(graph, graph.carried) for graph in graphs]
    for graph, _ in held:
        graph.carried = {}
    try:
        yield
    finally:
        for graph, carried in held:
            graph.carried = carried
