"""Frozen means frozen: no gradient, no optimizer, and no running statistics of normalisation either.

Works on any `nn.Module`; a Graph has these as methods. What a training step keeps of a part that is
thawed (its moments) is the step's affair: `thaw` leaves a request that it finds at its next step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias, final, get_args

from attrs import define

from flodl_core.errors import TrainingError
from flodl_core.paths import matches, resolved, select_parameters

if TYPE_CHECKING:
    from torch import Tensor, nn

Stats: TypeAlias = Literal["hold", "track"]
"""What the running statistics of frozen normalisation layers do in training: stay, or follow the data."""

Moments: TypeAlias = Literal["keep", "reset"]
"""What the optimizer knows of a part that is thawed: all that it knew when it froze, or nothing."""

_MARK = "begins_anew"


@final
@define
class _Requests:
    """How many parts were asked to begin anew; one number to look at, step for step."""

    count: int = 0


_REQUESTS = _Requests()


def freeze(root: nn.Module, path: str = "", *, stats: Stats = "hold") -> None:
    """Take a part's parameters out of training; gradients that they hold are dropped, so that nothing moves them.

    Args:
        root: The model.
        path: Path, parameter name or glob; empty: everything.
        stats: `"hold"`: normalisation layers there keep the running statistics they have, spectral norms
            their vectors, also in training mode (a Graph and a `TrainStep` see to that); `"track"`: these go on
            following the data.

    Raises:
        PathError: The path names nothing.
        TrainingError: `stats` is another word.

        freeze(net, "encoder")
        freeze(net, "*.bias", stats="track")
    """
    _check_word("stats", stats, get_args(Stats))
    for parameter in select_parameters(root, path).values():
        parameter.requires_grad = False  # and not by the method, which one that has no shape yet does not take
        parameter.grad = None
    for norm, holder in _norms_at(root, path):
        if stats == "hold":
            norm.held = True  # type: ignore[assignment]
        else:
            _release(norm, holder)
    hold_still(root.modules())


def thaw(root: nn.Module, path: str = "", *, moments: Moments = "keep") -> None:
    """Take a part's parameters into training again; statistics follow the data again.

    Args:
        root: The model.
        path: Path, parameter name or glob; empty: everything.
        moments: `"keep"`: the optimizer goes on with what it knew of them; `"reset"`: it forgets that, at
            the next step of every `TrainStep` that trains them.

    Raises:
        PathError: The path names nothing.
        TrainingError: `moments` is another word.
    """
    _check_word("moments", moments, get_args(Moments))
    chosen = select_parameters(root, path)
    for parameter in chosen.values():
        parameter.requires_grad = True
    for norm, holder in _norms_at(root, path):
        _release(norm, holder)
    if moments == "reset":
        _REQUESTS.count += 1
        for parameter in chosen.values():
            setattr(parameter, _MARK, _REQUESTS.count)


def is_frozen(root: nn.Module, path: str = "") -> bool:
    """Whether nothing that a path names trains.

    Raises:
        PathError: The path names nothing.
    """
    return not any(parameter.requires_grad for parameter in select_parameters(root, path).values())


def hold_still(modules: Iterable[nn.Module]) -> None:
    """After a change of mode: held normalisation layers go on with the statistics they have."""
    for module in modules:
        if _is_held(module):
            module.training = False


def held_paths(root: nn.Module) -> list[str]:
    """Where layers hold their statistics still: what a saved run keeps of freezes beside the parameters'."""
    return [path for path, module in root.named_modules() if _is_held(module)]


def hold_only(root: nn.Module, paths: Collection[str]) -> None:
    """Let these layers hold their statistics still, and no other: as `held_paths` found them."""
    for path, module in root.named_modules():
        if path in paths:
            module.held = True
        else:
            _release(module, _holder(root, path))
    hold_still(root.modules())


def modes(root: nn.Module) -> dict[nn.Module, bool]:
    """Each module's training mode; of a layer that holds still, the mode that it will have when it is thawed."""
    named = dict(root.named_modules())
    return {m: (_holder(root, path) if _is_held(m) else m).training for path, m in named.items()}


def requests_so_far() -> int:
    """How often parts were asked to begin anew in this process."""
    return _REQUESTS.count


def asked_since(parameter: Tensor, requests: int) -> bool:
    """Whether a parameter was asked to begin anew after so many requests."""
    return getattr(parameter, _MARK, 0) > requests


def _norms_at(root: nn.Module, path: str) -> Iterator[tuple[nn.Module, nn.Module]]:
    """The layers that a path names, or that lie below it, and that keep running statistics; each with its holder.

    A glob that names all parameters of such a layer names the layer: `"norm.*"` is as good as `"norm"`.
    """
    path = resolved(root, path)
    for name, module in root.named_modules(remove_duplicate=False):  # a shared layer is named by each of its paths
        if _keeps_statistics(module):
            own = [f"{name}.{own}" for own, _ in module.named_parameters(recurse=False)]
            if matches(name, path) or (own and all(matches(each, path) for each in own)):
                yield module, _holder(root, name)


def _keeps_statistics(module: nn.Module) -> bool:
    """Running mean and variance, or the vectors of a spectral norm, as parametrization or as torch's older hook."""
    hooks = module._forward_pre_hooks.values()
    return (
        getattr(module, "running_mean", None) is not None
        or type(module).__name__ == "_SpectralNorm"
        or any(type(hook).__name__ == "SpectralNorm" for hook in hooks)
    )


def _holder(root: nn.Module, path: str) -> nn.Module:
    """The module that a path's last part is in; of the root, itself."""
    return root.get_submodule(path.rpartition(".")[0])


def _is_held(module: nn.Module) -> bool:
    """A user's module may have an attribute of that name, for something else."""
    return getattr(module, "held", False) is True


def _release(norm: nn.Module, holder: nn.Module) -> None:
    """Let statistics follow the data again, where they were held."""
    if _is_held(norm):
        norm.held = False  # type: ignore[assignment]
        norm.train(holder.training)


def _check_word(argument: str, word: object, words: tuple[str, ...]) -> None:
    if word not in words:
        raise TrainingError(f"{argument} is {' or '.join(map(repr, words))}, got {word!r}")
