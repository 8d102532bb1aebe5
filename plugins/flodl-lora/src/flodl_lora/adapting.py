"""Giving adapters to the layers that paths name, and taking them off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from attrs import frozen
from flodl_core import ComponentError, join_errors
from torch import Tensor, nn

from flodl_lora.attaching import attach, detach, freeze_base, made_adapters
from flodl_lora.layers import AbstractAdapted
from flodl_lora.modes import adapted_layers, plain
from flodl_lora.targets import Targets, chosen_layers


@final
@frozen
class Adaptation:
    """What `adapt` did.

    Args:
        paths: The adapted layers, in the model's order.
        trained: Numbers that train now: those of the adapters.
        total: Numbers in all parameters of the model, the adapters' among them.

    >>> print(Adaptation(("encoder.0",), 48, 800))
    1 layer adapted, 48 of 800 parameters train (6.0 %)
    """

    paths: tuple[str, ...]
    trained: int
    total: int

    @property
    def share(self) -> float:
        """The part of all parameters that trains, in [0, 1]."""
        return self.trained / self.total

    def __str__(self) -> str:
        layers = f"{len(self.paths)} layer{'s' if len(self.paths) != 1 else ''} adapted"
        return f"{layers}, {self.trained:,} of {self.total:,} parameters train ({100 * self.share:.1f} %)"


def adapt(
    model: nn.Module, targets: Targets, *, rank: int = 8, alpha: float = 16.0, dropout: float = 0.0
) -> Adaptation:
    """Freeze a model, and give low-rank adapters to the layers that paths name: these alone train.

    At first the model computes what it did. Layers stay the objects they are: paths, hooks, shared modules and
    the base's names in `state_dict()` are as before, and `<path>.lora` is new. Layers are adapted that are exactly
    torch's `Linear`, `Conv1d`, `Conv2d`, `Conv3d`, `Embedding` or `MultiheadAttention` (its projections).
    What else shall train is thawed afterwards: `thaw(model, "head")`.

    Args:
        model: Any module, a Graph too.
        targets: What gets adapters: a path or glob, several, or a table of these to options: a rank, a table
            of `rank`, `alpha`, `dropout`, or None (no adapter). Of several that match a layer, later ones win.
        rank: Of each update: the adapter of a weight [O, I] has `rank * (O + I)` numbers.
        alpha: The update's size, over `rank`.
        dropout: Part of an adapter's input that is zeroed in training.

    Returns:
        What was adapted; `print` it.

    Raises:
        PathError: A path names nothing, or nothing that can be adapted; with the nearest.
        ComponentError: Options that a layer cannot take. The model is then as it was.

    >>> net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    >>> print(adapt(net, {"*": {}, "2": None}, rank=2))
    1 layer adapted, 192 of 2,602 parameters train (7.4 %)
    >>> [name for name, parameter in net.named_parameters() if parameter.requires_grad]
    ['0.lora.down', '0.lora.up']
    """
    model = plain(model)
    chosen = dict(chosen_layers(model, targets, {"rank": rank, "alpha": alpha, "dropout": dropout}))
    made = made_adapters(model, chosen)
    attach(model, made)
    freeze_base(model)
    parameters = {id(p): p for p in model.parameters()}.values()
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    return Adaptation(tuple(made), trained, sum(p.numel() for p in parameters))


def strip(model: nn.Module, path: str = "", *, keep: bool = False) -> None:
    """Take adapters off: the layers are what they were, class and all. What was frozen stays so.

    Args:
        path: Path or glob of the part that is meant; empty: the whole model.
        keep: Add the updates to the weights first, in place; otherwise the weights are those of before, bit for bit.

    Raises:
        PathError: The path names nothing, or nothing that has an adapter.
        ComponentError: `keep`, and a weight is shared with another layer, which the update is not for.
    """
    model = plain(model)
    layers = adapted_layers(model, path)
    if keep:
        _check_shared(model, layers)
    for layer in layers.values():
        if keep:
            layer.lora.merge(layer.base)
            _overwrite(layer.base, layer.lora.onto(layer.base))
        detach(layer)


def _check_shared(model: nn.Module, layers: Mapping[str, AbstractAdapted]) -> None:
    ours = {id(layer.base): path for path, layer in layers.items()}
    errors = []
    for path, module in model.named_modules():
        for name, parameter in module._parameters.items():
            owner = ours.get(id(parameter))
            if owner is not None and module is not layers[owner]:
                said = f"the weight of {owner!r} is also {f'{path}.{name}'.lstrip('.')!r}, which the update is not for"
                errors.append(ComponentError(said, mend="merge(model) keeps the weight itself as it is"))
    if errors:
        raise join_errors(errors)


@torch.no_grad()
def _overwrite(weight: Tensor, value: Tensor) -> None:
    weight.copy_(value)
