"""What adapters a model has, and how they take part: added up in each call, merged into one weight, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flodl_core import ComponentError, PathError
from flodl_core.paths import matches, resolved, select_modules
from torch import nn

from flodl_lora.adapter import Adapter
from flodl_lora.layers import AbstractAdapted


def adapters(model: nn.Module, path: str = "") -> dict[str, Adapter]:
    """The adapters of a model, by the path of the layer that each is for.

    Args:
        path: Path or glob of the part that is meant; empty: the whole model.

    Raises:
        PathError: The path names nothing, or nothing that has an adapter.
    """
    return {name: layer.lora for name, layer in adapted_layers(model, path).items()}


def merge(model: nn.Module, path: str = "") -> None:
    """Compute the sum of weight and update once: the layers then cost what they did without adapters.

    The weights themselves are not touched: `state_dict()` and files hold what they held, and `unmerge` goes back
    to the same bits. Merged adapters are frozen. Whoever loads values into a merged layer unmerges it.
    To make the sum the model's own weight, for good: `strip(model, keep=True)`.

    Args:
        path: Path or glob of the part that is meant; empty: the whole model.

    Raises:
        PathError: The path names nothing, or nothing that has an adapter.
    """
    for layer in adapted_layers(model, path).values():
        layer.lora.merge(layer.base)


def unmerge(model: nn.Module, path: str = "") -> None:
    """Take `merge` back: the adapters are added in each call, and train if they did before.

    Args:
        path: Path or glob of the part that is meant; empty: the whole model.

    Raises:
        PathError: The path names nothing, or nothing that has an adapter.
    """
    for layer in adapted_layers(model, path).values():
        layer.lora.unmerge()


@contextmanager
def disabled(model: nn.Module, path: str = "") -> Iterator[None]:
    """A block in which the model is what it was without adapters; merged or not, they are back afterwards.

    Inside an objective it is recorded with the step. Round a whole captured step, it makes the step record anew.

    Args:
        path: Path or glob of the part that is meant; empty: the whole model.

    Raises:
        PathError: The path names nothing, or nothing that has an adapter.
    """
    layers = adapted_layers(model, path).values()
    before = [(layer, layer.lora.instead) for layer in layers]
    for layer in layers:
        layer.lora._buffers["instead"] = layer.base
    try:
        yield
    finally:
        for layer, weight in before:
            if layer.lora.instead is not None:  # values loaded meanwhile: what was merged is no longer the sum
                layer.lora._buffers["instead"] = None if weight is None else weight.to(layer.base)


def adapted_layers(model: nn.Module, path: str = "") -> dict[str, AbstractAdapted]:
    """The adapted layers that a path names, or that lie below it; a shared one once.

    Raises:
        PathError: As in `adapters`.
    """
    model = plain(model)
    path = resolved(model, path)
    found = {n: m for n, m in model.named_modules() if isinstance(m, AbstractAdapted) and matches(n, path)}
    if not found:
        if path:
            select_modules(model, path)  # says what is near, if it names nothing
        raise PathError(
            f"{path!r} has no adapters" if path else "the model has no adapters",
            mend='adapt(model, "encoder") gives it some',
        )
    return found


def plain(model: nn.Module) -> nn.Module:
    """The module inside `torch.compile`'s: its names are the ones that people know."""
    inner = getattr(model, "_orig_mod", model)
    if not isinstance(inner, nn.Module):
        raise ComponentError(f"a model is a torch.nn.Module, got a {type(inner).__name__}")
    return inner
