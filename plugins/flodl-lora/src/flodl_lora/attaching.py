"""Making layers adapted ones, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flodl_core import ComponentError, FlodlError, join_errors
from flodl_core.freezing import freeze
from torch import nn

from flodl_lora.adapter import Adapter
from flodl_lora.layers import ADAPTED, AbstractAdapted
from flodl_lora.modes import adapted_layers


def made_adapters(model: nn.Module, chosen: Mapping[str, Mapping[str, Any]]) -> dict[str, Adapter]:
    """New adapters for layers, by path, not yet attached.

    Args:
        chosen: Path to options.

    Raises:
        ComponentError: Options that a layer cannot take; all such together.
    """
    made: dict[str, Adapter] = {}
    errors: list[FlodlError] = []
    for path, options in chosen.items():
        try:
            made[path] = _adapter(model.get_submodule(path), **options)
        except ComponentError as error:
            errors.append(ComponentError(f"{path or 'the model'}: {error.what}", mend=error.mend))
    if errors:
        raise join_errors(errors)
    return made


def attach(model: nn.Module, made: Mapping[str, Adapter]) -> None:
    """Make layers adapted ones."""
    for path, adapter in made.items():
        layer = model.get_submodule(path)
        adapter.train(layer.training)
        layer.__class__ = ADAPTED[type(layer)]
        layer.lora = adapter


def detach(layer: AbstractAdapted) -> None:
    """Make an adapted layer what it was."""
    kind = type(layer)
    del layer.lora
    layer.__class__ = next(base for base, adapted in ADAPTED.items() if adapted is kind)  # type: ignore[assignment]


def freeze_base(model: nn.Module) -> None:
    """Freeze all but the adapters, which train or not as they did."""
    own = [(p, p.requires_grad) for layer in adapted_layers(model).values() for p in layer.lora.parameters()]
    freeze(model)
    for parameter, trains in own:
        parameter.requires_grad_(trains)


def _adapter(layer: nn.Module, rank: int, alpha: float, dropout: float) -> Adapter:
    kind = ADAPTED[type(layer)]
    weight = layer._parameters.get(kind.adapts)
    if weight is None:
        raise ComponentError(
            "its projections are three matrices apart (kdim, vdim), which have no adapter", mend="adapt its out_proj"
        )
    if isinstance(layer, nn.Embedding) and layer.max_norm is not None:
        raise ComponentError("an embedding with max_norm changes its frozen rows in each call", mend="leave it out")
    if not weight.is_floating_point():
        raise ComponentError(f"an adapter is for floating weights, this is {weight.dtype}")
    if dropout and not kind.drops:
        raise ComponentError(
            f"{type(layer).__name__} has no input that dropout could reach for the adapter alone",
            mend='{"its.path": {"dropout": 0.0}} for this one',
        )
    if "lora" in layer._modules or "lora" in vars(layer):
        raise ComponentError("it has an attribute called lora, where its adapter would stand")
    return Adapter(weight, rank, alpha, dropout, kind.blocks)
