"""Giving adapters to the layers that paths name, and taking them off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, final

import torch
from attrs import frozen
from flodl_core import ComponentError, FlodlError, PathError
from flodl_core.errors import did_you_mean, join_errors
from flodl_core.freezing import freeze
from flodl_core.paths import matches, select_modules
from torch import Tensor, nn

from flodl_lora.adapter import Adapter
from flodl_lora.layers import ADAPTED, AbstractAdapted
from flodl_lora.modes import adapted_layers, plain

Options: TypeAlias = "int | Mapping[str, Any] | None"
"""A rank, a table of `rank`, `alpha` and `dropout`, or None: no adapter."""

Targets: TypeAlias = "str | Sequence[str] | Mapping[str, Options]"
"""Paths and globs; with options of their own, later ones winning."""

_OPTIONS = ("rank", "alpha", "dropout")


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
    model, table = plain(model), _table(targets)
    chosen = dict(_chosen(model, table, {"rank": rank, "alpha": alpha, "dropout": dropout}))
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


def freeze_base(model: nn.Module) -> None:
    """Freeze all but the adapters, which train or not as they did."""
    own = [(p, p.requires_grad) for layer in adapted_layers(model).values() for p in layer.lora.parameters()]
    freeze(model)
    for parameter, trains in own:
        parameter.requires_grad_(trains)


def detach(layer: AbstractAdapted) -> None:
    """Make an adapted layer what it was."""
    kind = type(layer)
    del layer.lora
    layer.__class__ = next(base for base, adapted in ADAPTED.items() if adapted is kind)  # type: ignore[assignment]


def _table(targets: Any) -> dict[str, dict[str, Any] | None]:
    if isinstance(targets, str):
        return {targets: {}}
    if isinstance(targets, Mapping):
        return {pattern: _options(pattern, said) for pattern, said in targets.items()}
    if isinstance(targets, Sequence) and all(isinstance(pattern, str) for pattern in targets):
        return {pattern: {} for pattern in targets}
    raise ComponentError(
        f"targets are paths, or a table of paths to options, got a {type(targets).__name__}",
        mend='adapt(model, {"encoder.*": {"rank": 4}})',
    )


def _options(pattern: str, said: Any) -> dict[str, Any] | None:
    if said is None:
        return None
    if isinstance(said, int) and not isinstance(said, bool):
        return {"rank": said}
    if not isinstance(said, Mapping):
        raise ComponentError(
            f"the options of {pattern!r} are a rank, a table or None, got {said!r}",
            mend=f'{{"{pattern}": {{"rank": 4}}}}',
        )
    for option in said:
        if option not in _OPTIONS:
            mend = did_you_mean(str(option), _OPTIONS) or f"options are {', '.join(_OPTIONS)}"
            raise ComponentError(f"{pattern!r}: an adapter has no option {option!r}", mend=mend)
    return dict(said)


def _chosen(
    model: nn.Module, table: Mapping[str, dict[str, Any] | None], defaults: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and options of each layer that is to be adapted; a shared one under its first path."""
    layers = dict(model.named_modules(remove_duplicate=False))
    able = [path for path, layer in layers.items() if type(layer) in ADAPTED]
    errors = [_refused(model, layers, pattern) for pattern in table if not any(matches(p, pattern) for p in able)]
    taken = [p for p, layer in layers.items() if isinstance(layer, AbstractAdapted) and _wanted(p, table) is not None]
    errors += [
        ComponentError(f"{path or 'the model'!r} has an adapter already", mend=f"strip(model, {path!r}) takes it off")
        for path in taken
    ]
    options = {path: said for path in able if (said := _wanted(path, table)) is not None}
    if not options and not errors:
        errors.append(PathError("nothing is left to adapt", mend="a path that None does not take away again"))
    if errors:
        raise join_errors(errors)
    first = {id(layer): path for path, layer in model.named_modules()}
    for path, said in {first[id(layers[path])]: said for path, said in options.items()}.items():
        yield path, {**defaults, **said}


def _wanted(path: str, table: Mapping[str, dict[str, Any] | None]) -> dict[str, Any] | None:
    """What the table says of a path, later entries over earlier ones; None: no adapter."""
    said: dict[str, Any] | None = None
    for pattern, options in table.items():
        if matches(path, pattern):
            said = None if options is None else {**(said or {}), **options}
    return said


def _refused(model: nn.Module, layers: Mapping[str, nn.Module], pattern: str) -> FlodlError:
    """Why a pattern gives no adapter."""
    below = [layer for path, layer in layers.items() if matches(path, pattern)]
    if any(isinstance(layer, AbstractAdapted) for layer in below):
        return ComponentError(f"{pattern!r} has adapters already", mend=f"strip(model, {pattern!r}) takes them off")
    try:
        select_modules(model, pattern)
    except PathError as error:
        return error
    kinds = sorted({type(layer).__name__ for layer in below if any(True for _ in layer.parameters(recurse=False))})
    held = ", ".join(kinds) or "no layer with parameters"
    known = ", ".join(kind.__name__ for kind in ADAPTED if hasattr(nn, kind.__name__))
    return PathError(f"nothing at {pattern!r} can be adapted: it holds {held}", mend=f"layers that can: {known}")


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


def parts_of(model: nn.Module, patterns: Iterable[str]) -> tuple[str, ...]:
    """The entries of `state_dict()` that paths and globs name.

    Raises:
        PathError: One of them names nothing.
    """
    names = list(model.state_dict())
    found: dict[str, None] = {}
    for pattern in patterns:
        chosen = [name for name in names if matches(name, pattern)]
        if not chosen:
            select_modules(model, pattern)
            raise PathError(f"{pattern!r} holds nothing that a file could keep")
        found.update(dict.fromkeys(chosen))
    return tuple(found)
