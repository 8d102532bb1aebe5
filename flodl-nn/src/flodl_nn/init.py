"""Ways to fill parameters, by name, and applied to any part of a model.

initialize(model, {"*.weight": "kaiming_normal", "*.bias": "zeros", "head": ref("normal", std=0.01)})
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, final

import torch
from attrs import field, frozen
from flodl_core import ComponentError, Reference, components
from flodl_core.paths import resolved, select_parameters
from torch import Tensor, nn
from torch.nn import init

Fan: TypeAlias = Literal["fan_in", "fan_out"]


@final
@frozen(repr=False)
class Initializer:
    """A way to fill a tensor in place: what the factories of this page make.

    Args:
        name: By which it is registered.
        fill: Fills a tensor in place.
        options: What `fill` was made with.
        least_dims: Dimensions a tensor must have.
    """

    name: str
    fill: Callable[..., object] = field(eq=False)
    options: Mapping[str, Any] = field(factory=dict, hash=False)
    least_dims: int = 0

    def __call__(self, tensor: Tensor) -> Tensor:
        """Fill it, and give it back.

        Raises:
            ComponentError: It has too few dimensions, or a shape that cannot be filled so.
        """
        if tensor.dim() < self.least_dims:
            raise ComponentError(f"{self.name} fills {self.least_dims} dimensions and more, got {list(tensor.shape)}")
        if tensor.numel() == 0:
            return tensor  # there is nothing to fill, and no fan to scale by
        try:
            with torch.no_grad():
                self.fill(tensor, **self.options)
        except (ValueError, ArithmeticError, RuntimeError) as error:
            said = str(error).partition("\n")[0]
            raise ComponentError(f"{self.name} cannot fill {list(tensor.shape)}: {said}") from error
        return tensor

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.options.items())})"


def initialize(module: nn.Module, rules: Mapping[str, Reference]) -> dict[str, Initializer]:
    """Fill the parameters of a model, or of parts of it, by path, name or glob; later rules win.

    What names several parameters, a glob or the path of a module, passes over those with too few
    dimensions for its initializer: `"encoder"` with `"xavier_uniform"` leaves the biases alone. The
    name of one parameter means what it says.

    Args:
        module: Whose parameters are filled, in place.
        rules: Pattern to an initializer: a name, `ref("normal", std=0.02)`, or any `f(tensor)`.

    Returns:
        What was filled: parameter name to initializer.

    Raises:
        PathError: A pattern names no parameter.
        ComponentError: A parameter, or none that a pattern names, can be filled so. Nothing has changed then.

    >>> initialize(nn.Linear(2, 2), {"*": "ones", "bias": ("constant", 0.5)})
    {'weight': ones(), 'bias': constant(value=0.5)}
    """
    if not isinstance(rules, Mapping):
        raise ComponentError(
            f"initialize() takes rules, path to initializer, got {rules!r}", mend='initialize(model, {"*": "zeros"})'
        )
    chosen: dict[str, tuple[Tensor, Any]] = {}
    for pattern, reference in rules.items():
        made = components.create("initializer", reference)
        chosen |= {name: (parameter, made) for name, parameter in _fillable(module, pattern, made).items()}
    filled = {name: _tried(name, parameter, made) for name, (parameter, made) in chosen.items()}
    with torch.no_grad():
        for name, (target, _) in chosen.items():
            target.copy_(filled[name])
    return {name: made for name, (_, made) in chosen.items()}


def _fillable(module: nn.Module, pattern: str, made: Any) -> dict[str, nn.Parameter]:
    named = select_parameters(module, pattern)
    if resolved(module, pattern) in dict(module.named_parameters(remove_duplicate=False)):
        return named
    least = getattr(made, "least_dims", 0)
    fitting = {name: parameter for name, parameter in named.items() if parameter.dim() >= least}
    if named and not fitting:
        shapes = ", ".join(f"{name} {list(parameter.shape)}" for name, parameter in list(named.items())[:3])
        raise ComponentError(
            f"{made.name} fills {least} dimensions and more, and no parameter that {pattern!r} names has them",
            mend=f"it names {shapes}",
        )
    return fitting


def _tried(name: str, parameter: Tensor, made: Any) -> Tensor:
    fresh = parameter.detach().clone()
    try:
        given = made(fresh)
    except ComponentError as error:
        raise ComponentError(f"parameter {name!r}: {error.what}", mend=error.mend) from error
    if isinstance(given, Tensor) and given.untyped_storage().data_ptr() != fresh.untyped_storage().data_ptr():
        raise ComponentError(
            f"parameter {name!r}: {made!r} made another tensor, and an initializer fills the one it is given",
            mend="tensor.copy_(values)",
        )
    return fresh


def zeros() -> Initializer:
    """All 0."""
    return Initializer("zeros", init.zeros_)


def ones() -> Initializer:
    """All 1."""
    return Initializer("ones", init.ones_)


def constant(value: float) -> Initializer:
    """All one value."""
    return Initializer("constant", Tensor.fill_, {"value": value})


def eye() -> Initializer:
    """The identity, for matrices."""
    return Initializer("eye", _eye, least_dims=2)


def dirac(groups: int = 1) -> Initializer:
    """The identity, for convolutions: each channel to itself."""
    if groups < 1:
        raise ComponentError(f"dirac: groups is at least 1, got {groups}")
    return Initializer("dirac", init.dirac_, {"groups": groups}, least_dims=3)


def uniform(low: float = 0.0, high: float = 1.0) -> Initializer:
    """Evenly from `low` to `high`."""
    if not -math.inf < low <= high < math.inf:
        raise ComponentError(f"uniform: low is at most high, both finite, got {low} and {high}")
    return Initializer(
        "uniform", lambda tensor, low, high: init.uniform_(tensor, low, high), {"low": low, "high": high}
    )


def normal(mean: float = 0.0, std: float = 1.0) -> Initializer:
    """A bell curve."""
    return Initializer("normal", init.normal_, _spread(mean=mean, std=std))


def trunc_normal(mean: float = 0.0, std: float = 1.0, low: float = -2.0, high: float = 2.0) -> Initializer:
    """A bell curve without its tails: what falls outside is drawn again.

    Args:
        mean: Of the curve.
        std: Of the curve.
        low: Least value, in standard deviations from the mean.
        high: Greatest value, likewise.
    """
    if not low < high:
        raise ComponentError(f"trunc_normal: low is below high, got {low} and {high}")
    return Initializer("trunc_normal", _trunc_normal, {**_spread(mean=mean, std=std), "low": low, "high": high})


def xavier_uniform(gain: float = 1.0) -> Initializer:
    """Evenly, so wide that variance is kept, forward and backward (Glorot and Bengio 2010)."""
    return Initializer("xavier_uniform", init.xavier_uniform_, {"gain": _size(gain)}, least_dims=2)


def xavier_normal(gain: float = 1.0) -> Initializer:
    """A bell curve, so wide that variance is kept, forward and backward (Glorot and Bengio 2010)."""
    return Initializer("xavier_normal", init.xavier_normal_, {"gain": _size(gain)}, least_dims=2)


def kaiming_uniform(a: float = 0.0, mode: Fan = "fan_in", nonlinearity: str = "leaky_relu") -> Initializer:
    """Evenly, so wide that variance is kept through relu (He et al. 2015).

    Args:
        a: Slope below 0 of a leaky relu.
        mode: Keep the variance forth (`fan_in`) or back (`fan_out`).
        nonlinearity: As `torch.nn.init.calculate_gain` names them.
    """
    return Initializer("kaiming_uniform", init.kaiming_uniform_, _kaiming(a, mode, nonlinearity), least_dims=2)


def kaiming_normal(a: float = 0.0, mode: Fan = "fan_in", nonlinearity: str = "leaky_relu") -> Initializer:
    """A bell curve, so wide that variance is kept through relu (He et al. 2015).

    Args:
        a: Slope below 0 of a leaky relu.
        mode: Keep the variance forth (`fan_in`) or back (`fan_out`).
        nonlinearity: As `torch.nn.init.calculate_gain` names them.
    """
    return Initializer("kaiming_normal", init.kaiming_normal_, _kaiming(a, mode, nonlinearity), least_dims=2)


def lecun_normal() -> Initializer:
    """A bell curve of variance 1 / fan_in: what selu wants (Klambauer et al. 2017)."""
    return Initializer("lecun_normal", lambda tensor: init.kaiming_normal_(tensor, nonlinearity="linear"), least_dims=2)


def lecun_uniform() -> Initializer:
    """Evenly, of variance 1 / fan_in (LeCun et al. 1998)."""
    return Initializer(
        "lecun_uniform", lambda tensor: init.kaiming_uniform_(tensor, nonlinearity="linear"), least_dims=2
    )


def uniform_bias(fan_in: int) -> Initializer:
    """Evenly within 1 / sqrt(fan_in): the bias of torch's own layers.

    Args:
        fan_in: Inputs of the layer, which the bias itself cannot tell.
    """
    if fan_in < 1:
        raise ComponentError(f"uniform_bias: fan_in is at least 1, got {fan_in}")
    return Initializer("uniform_bias", _uniform_bias, {"fan_in": fan_in})


def orthogonal(gain: float = 1.0) -> Initializer:
    """Rows, or columns, of length `gain` and at right angles (Saxe et al. 2013)."""
    return Initializer("orthogonal", _orthogonal, {"gain": _size(gain)}, least_dims=2)


def sparse(sparsity: float = 0.9, std: float = 0.01) -> Initializer:
    """A bell curve, and a part of each column 0 (Martens 2010); for matrices."""
    if not 0.0 <= sparsity < 1.0:
        raise ComponentError(f"sparse: sparsity is at least 0 and below 1, got {sparsity}")
    return Initializer("sparse", init.sparse_, {"sparsity": sparsity, "std": _spread(std=std)["std"]}, least_dims=2)


def _uniform_bias(tensor: Tensor, fan_in: int) -> Tensor:
    bound = 1.0 / math.sqrt(fan_in)
    return init.uniform_(tensor, -bound, bound)


def _trunc_normal(tensor: Tensor, mean: float, std: float, low: float, high: float) -> Tensor:
    if std == 0.0:
        return init.constant_(tensor, mean)
    return init.trunc_normal_(tensor, mean, std, mean + low * std, mean + high * std)


def _orthogonal(tensor: Tensor, gain: float) -> Tensor:
    whole = tensor.to(torch.promote_types(tensor.dtype, torch.float32))  # no kernel does it in half precision
    return tensor.copy_(init.orthogonal_(whole, gain))


def _eye(tensor: Tensor) -> Tensor:
    if tensor.dim() != 2:
        raise ValueError("only a matrix has an identity")
    return init.eye_(tensor)


def _spread(*, std: float, mean: float = 0.0) -> dict[str, float]:
    if not 0.0 <= std < math.inf:
        raise ComponentError(f"std is at least 0, and finite, got {std}")
    if not math.isfinite(mean):
        raise ComponentError(f"mean is a finite number, got {mean}")
    return {"mean": mean, "std": std}


def _size(gain: float) -> float:
    if not 0.0 <= gain < math.inf:
        raise ComponentError(f"gain is at least 0, and finite, got {gain}")
    return gain


def _kaiming(a: float, mode: str, nonlinearity: str) -> dict[str, Any]:
    if mode not in ("fan_in", "fan_out"):
        raise ComponentError(f"mode is 'fan_in' or 'fan_out', got {mode!r}")
    if not math.isfinite(a):
        raise ComponentError(f"a is the slope below 0, got {a}")
    try:
        init.calculate_gain(nonlinearity, a)  # type: ignore[arg-type]  # asked now, and not at the first tensor
    except ValueError:
        raise ComponentError(
            f"no nonlinearity is called {nonlinearity!r}", mend="relu, leaky_relu, tanh, selu"
        ) from None
    return {"a": a, "mode": mode, "nonlinearity": nonlinearity}
