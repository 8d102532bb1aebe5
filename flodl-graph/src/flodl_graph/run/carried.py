"""State that one call leaves to the next: how it is read, and what stands in for it at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, cast

import torch
from flodl_core import ShapeError
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from flodl_graph.run.fake import fake_call
from flodl_graph.run.misfit import place_of
from flodl_graph.run.products import any_types


class Carrying(Protocol):
    """A graph, as far as its carried state goes."""

    carried: dict[str, Any]


def given(**refs: Any) -> dict[str, Any]:
    """The keywords whose value is there: a module with a default of its own sees the others left out."""
    return {word: value for word, value in refs.items() if not _absent(value)}


def each_tensor(change: Callable[[Tensor], Tensor], values: Mapping[str, Any]) -> dict[str, Any]:
    """Carried or kept values with every tensor changed: a value may be a tuple of them, as an LSTM's state is."""
    return {
        tag: change(value) if isinstance(value, Tensor) else pytree.tree_map_only(Tensor, change, value)
        for tag, value in values.items()
    }


def _absent(value: Any) -> bool:
    return value is None or (type(value) is tuple and any(part is None for part in value))


def zeros(graph: Carrying, tag: str, *inputs: Any) -> Tensor:
    """Zeros for the first call, in the shape that the graph itself gives the tag.

    The shape is found on fake tensors, which compute nothing: a guess goes in, the shape that comes
    out is the next guess, until both agree. The first guess is a lone number, which fits any
    arithmetic; then the shape of the stream; then, where that fails, what fits the module that refused it.

    Raises:
        ShapeError: They do not come to agree.
    """
    stream = next(value for value in inputs if isinstance(value, Tensor))
    guesses, reasons = [stream.new_empty(()), stream], []
    for guess in guesses:  # more come to it
        try:
            settled = _settle(graph, tag, inputs, guess)
        except Exception as error:  # whatever a module says to a shape that does not fit
            reasons.append(str(error).splitlines()[0])
            tried = {other.shape for other in guesses}
            guesses += [other for other in _guesses(error) if other.shape not in tried]
        else:
            return torch.zeros(settled.shape, dtype=settled.dtype, device=settled.device)
    raise ShapeError(
        f"using({tag!r}) reads what the call before left, and for the first call no shape of zeros fits: {reasons[1]}",
        mend=f"give the module's argument a default, such as {tag}=None",
    )


def _guesses(error: Exception) -> Iterator[Tensor]:
    """Tensors like what a module that refused a guess was given besides, as wide as that and as its own parameters."""
    place = place_of(error)
    like = next((value for value in place.values if isinstance(value, Tensor)), None) if place else None
    if place is None or like is None or like.dim() == 0:
        return
    widths = {size for parameter in place.part.parameters() for size in parameter.shape}
    for width in (like.shape[-1], *sorted(widths)):
        yield like.new_empty((*like.shape[:-1], width))


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
        with any_types():
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
