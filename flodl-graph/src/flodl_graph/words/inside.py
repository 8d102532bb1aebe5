"""How words show the modules inside them: what each is, and what it does."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from flodl_graph.ir.node import Part
from flodl_graph.ir.sketch import Sketch, Tone
from flodl_graph.part import Function, name_of

_TONES: Mapping[str, Tone] = {
    "torch.nn.modules.activation": "activation",
    "torch.nn.modules.normalization": "norm",
    "torch.nn.modules.batchnorm": "norm",
    "torch.nn.modules.instancenorm": "norm",
    "torch.nn.modules.dropout": "random",
}


def shown(part: Part, name: str = ".", *, addressed: bool = False) -> Sketch:
    """A module as a box.

    Args:
        name: Its path below the node's own module.
        addressed: Whether references go to it.
    """
    return Sketch(noun(part), tone=tone(part), name=name, addressed=addressed)


def noun(part: Part) -> str:
    """What a part is called: its class; a plain function its own name.

    >>> noun(nn.GELU()), noun(Function(len))
    ('GELU', 'len')
    """
    if isinstance(part, Function):
        return name_of(part.function)
    return type(part).__name__


def tone(part: Part) -> Tone:
    """What a part does, as far as its colour goes: the kind of torch layer that it is, else whether it learns.

    >>> tone(nn.GELU()), tone(nn.Linear(1, 1)), tone(nn.Flatten())
    ('activation', 'weights', 'plain')
    """
    if not isinstance(part, nn.Module):
        return "plain"
    if any(True for _ in part.parameters()) and not hasattr(part, "running_mean"):
        own: Tone = "weights"
    else:
        own = "plain"
    return next((_TONES[base.__module__] for base in type(part).__mro__ if base.__module__ in _TONES), own)
