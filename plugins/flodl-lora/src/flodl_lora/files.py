"""Adapters in a file of their own, which says what they are for: loads onto a fresh base, or not at all."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, final

from flodl_core import CheckpointError, FlodlError, PathError, did_you_mean, join_errors
from flodl_core.checkpoint import LoadReport, load_checkpoint, read_metadata, save_checkpoint
from flodl_core.paths import matches, resolved, select_modules
from torch import Tensor, nn

from flodl_lora.adapter import Adapter
from flodl_lora.attaching import attach, detach, freeze_base, made_adapters
from flodl_lora.label import Label, Saved, fingerprint
from flodl_lora.layers import ADAPTED, AbstractAdapted
from flodl_lora.modes import adapted_layers, plain

_ENTRIES = ("down", "up")


def save_adapters(path: str | os.PathLike[str], model: nn.Module, *, also: Iterable[str] = ()) -> None:
    """Write a model's adapters, and nothing of its base, to one file, which is there whole or not at all.

    The file is safetensors, under the names that the model has for them. It says of each adapter which layer it is
    for, of what shape, with which rank and alpha, and carries a fingerprint of the weight it was trained on.
    Merged or not, the file is the same.

    Args:
        also: Paths and globs of what was trained besides, and belongs to the adapters: a new head.

    Raises:
        PathError: The model has no adapters, or `also` names nothing.
        CheckpointError: The file cannot be written; what was there before is untouched.
    """
    model = plain(model)
    layers = adapted_layers(model)
    further = _entries(model, also)
    label = Label({name: _saved(layer) for name, layer in layers.items()}, further)
    names = (*(_entry(name, part) for name in layers for part in _ENTRIES), *further)
    save_checkpoint(path, _Kept(model, dict.fromkeys(names)), words=label.text(), structure=label.shown())


def load_adapters(path: str | os.PathLike[str], model: nn.Module, *, any_base: bool = False) -> LoadReport:
    """Read adapters from a file that `save_adapters` wrote. All or nothing.

    A layer that has none yet gets one as the file describes it, and the base is frozen, as by `adapt`; layers that
    have adapters must have them as in the file. The device and type are those of the model.

    Args:
        any_base: Take adapters that were trained on other weights, too.

    Raises:
        CheckpointError: The file is damaged or holds no adapters; the model lacks a layer, or has one of another
            kind, shape or rank, or other weights. The model is as it was.
    """
    model = plain(model)
    where = os.fsdecode(path)
    label = Label.parse(read_metadata(path).words, where)
    _raise(_faults(model, label), where)
    if not any_base:
        _check_base(model, label, where)
    fresh = {name: saved for name, saved in label.adapters.items() if not isinstance(_at(model, name), AbstractAdapted)}
    try:
        made = made_adapters(model, {name: saved.options for name, saved in fresh.items()})
    except FlodlError as error:
        raise CheckpointError(error.what, where=where, mend=error.mend) from None
    attach(model, made)
    names = (*(_entry(name, part) for name in label.adapters for part in _ENTRIES), *label.also)
    try:
        report = load_checkpoint(path, _Kept(model, dict.fromkeys(names)))
    except BaseException:
        for name in made:
            _detach(model, name)
        raise
    if made:
        freeze_base(model)
    return report


@final
class _Kept(nn.Module):
    """Some entries of a model's state, as a module of their own."""

    def __init__(self, model: nn.Module, names: Mapping[str, object]) -> None:
        super().__init__()
        self._whole = (model,)  # in a tuple, so that it is no part of this one
        self._names = names

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The model's own tensors, under its names."""
        state = self._whole[0].state_dict(*args, **kwargs)
        return OrderedDict((name, tensor) for name, tensor in state.items() if name in self._names)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Into the model."""
        return self._whole[0].load_state_dict(state_dict, strict=False, assign=assign)


def _faults(model: nn.Module, label: Label) -> Iterator[FlodlError]:
    modules = dict(model.named_modules())
    for name, saved in label.adapters.items():
        if (layer := modules.get(name)) is None:
            near = did_you_mean(name, [path for path, m in modules.items() if type(m) in ADAPTED])
            yield CheckpointError(f"it has an adapter for {name!r}, which the model has not", mend=near)
        elif (fault := _misfit(layer, saved)) is not None:
            yield CheckpointError(f"its adapter for {name!r} is for {fault}")
    for name, layer in modules.items():
        if isinstance(layer, AbstractAdapted) and name not in label.adapters:
            yield CheckpointError(f"the model has an adapter at {name!r}, and the file has not", mend="strip(model)")


def _check_base(model: nn.Module, label: Label, where: str) -> None:
    """The weights are those that the adapters were trained on."""
    others = [name for name, s in label.adapters.items() if fingerprint(_weight(_at(model, name))) != s.base]
    if others:
        shown = ", ".join(map(repr, others[:5])) + (", ..." if len(others) > 5 else "")
        raise CheckpointError(
            f"{len(others)} of its {len(label.adapters)} adapters were trained on other weights: {shown}",
            where=where,
            mend="load the base that they were trained on first, or pass any_base=True",
        )


def _misfit(layer: nn.Module, saved: Saved) -> str | None:
    """What tells a layer from the one that an adapter was saved for."""
    kind = _kind(layer)
    if kind is None or kind.__name__ != saved.layer:
        return f"a {saved.layer}, the model has a {type(layer).__name__} there"
    shape = None if layer._parameters.get(ADAPTED[kind].adapts) is None else tuple(_weight(layer).shape)
    if shape != saved.shape:
        return f"a weight of {_sizes(saved.shape)}, the model's is {_sizes(shape or ())}"
    if isinstance(layer, AbstractAdapted) and (said := _differing(layer.lora, saved)):
        return said
    return None


def _differing(lora: Adapter, saved: Saved) -> str | None:
    for option in ("rank", "alpha"):
        ours, theirs = getattr(lora, option), saved.options[option]
        if ours != theirs:
            return f"{option} {theirs:g}, the model's has {option} {ours:g}"
    return None


def _kind(layer: nn.Module) -> type[nn.Module] | None:
    """The class that torch has for a layer, adapted or not; None where there is no adapter for it."""
    found = (base for base, adapted in ADAPTED.items() if type(layer) in (base, adapted))
    return next(found, None)


def _weight(layer: nn.Module) -> Tensor:
    kind = _kind(layer)
    assert kind is not None
    weight = layer._parameters[ADAPTED[kind].adapts]
    assert weight is not None
    return weight


def _saved(layer: AbstractAdapted) -> Saved:
    kind, lora = _kind(layer), layer.lora
    assert kind is not None
    options = {"rank": lora.rank, "alpha": lora.alpha, "dropout": lora.dropout}
    return Saved(kind.__name__, tuple(layer.base.shape), options, fingerprint(layer.base))


def _entries(model: nn.Module, patterns: Iterable[str]) -> tuple[str, ...]:
    """The entries of `state_dict()` that paths and globs name.

    Raises:
        PathError: One of them names nothing.
    """
    names = list(model.state_dict())
    found: dict[str, None] = {}
    for pattern in (resolved(model, said) for said in patterns):
        chosen = [name for name in names if matches(name, pattern)]
        if not chosen:
            select_modules(model, pattern)
            raise PathError(f"{pattern!r} holds nothing that a file could keep")
        found.update(dict.fromkeys(chosen))
    return tuple(found)


def _raise(faults: Iterable[FlodlError], where: str) -> None:
    errors = list(faults)
    if errors:
        joined = join_errors(errors[:10])
        raise CheckpointError(joined.what, where=where, mend=joined.mend)


def _at(model: nn.Module, path: str) -> nn.Module:
    return model.get_submodule(path)


def _detach(model: nn.Module, path: str) -> None:
    layer = model.get_submodule(path)
    assert isinstance(layer, AbstractAdapted)
    detach(layer)


def _entry(path: str, part: str) -> str:
    return f"{path}.lora.{part}" if path else f"lora.{part}"


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "no shape"
