"""A step's optimizer as plain data by parameter name, and back: all is checked before anything changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flodl_core import CheckpointError
from torch import Tensor

from flodl_nn.step.device_rates import EXECUTION
from flodl_nn.step.parts import TrainedParts


def save_parts(parts: TrainedParts) -> dict[str, Any]:
    """Groups, shapes, freezes and the optimizer's state, all by parameter name. Tensors are not copied."""
    parts.honour_requests()
    return {
        "class": type(parts.optimizer).__name__,
        "groups": [{"names": names, "options": options} for options, names in parts.groups()],
        "shapes": {name: list(p.shape) for name, p in parts.named.items()},
        "frozen": [name for name, p in parts.named.items() if not p.requires_grad],
        "state": {name: state for name, p in parts.named.items() if (state := parts.state_of(p))},
    }


def check_parts(parts: TrainedParts, saved: Mapping[str, Any]) -> None:
    """Does the saved optimizer fit these parts?

    Raises:
        CheckpointError: Another optimizer, other parameters, other shapes or other groups.
    """
    kind = type(parts.optimizer).__name__
    if saved["class"] != kind:
        raise CheckpointError(f"the state is of {saved['class']}, this step trains with {kind}")
    shapes = {name: list(p.shape) for name, p in parts.named.items()}
    saved_shapes = {name: list(shape) for name, shape in saved["shapes"].items()}
    if shapes != saved_shapes:
        raise CheckpointError(f"the state is of another model: {_difference(shapes, saved_shapes)}")
    spoken = {name: index for index, group in enumerate(saved["groups"]) for name in group["names"]}
    for _, names in parts.groups():
        if len({spoken.get(name) for name in names}) > 1:
            raise CheckpointError(
                f"the state has other parameter groups: {_few(names)} were not together",
                mend="give the step the groups= it was saved with",
            )


def load_parts(parts: TrainedParts, saved: Mapping[str, Any]) -> None:
    """Take over what `check_parts` found fitting."""
    for name, parameter in parts.named.items():
        parameter.requires_grad_(name not in saved["frozen"])
    parts.take_all()
    options = {name: group["options"] for group in saved["groups"] for name in group["names"]}
    order = [name for _, names in parts.groups() for name in names]
    place = {name: index for index, name in enumerate(order)}
    groups = [
        {**_retyped(options[names[0]] if names else own, own), "params": [place[name] for name in names]}
        for own, names in parts.groups()
    ]
    state = {place[name]: copied(entry) for name, entry in saved["state"].items()}
    parts.optimizer.load_state_dict({"state": state, "param_groups": groups})
    parts.settle()


def check_gradients(parts: TrainedParts, saved: Mapping[str, Any]) -> None:
    """Do the gradients of a saved window fit?

    Raises:
        CheckpointError: One belongs to no parameter, or has another shape.
    """
    for name, gradient in saved.items():
        known = parts.named.get(name)
        if known is None or not isinstance(gradient, Tensor) or gradient.shape != known.shape:
            raise CheckpointError(f"the state's open window has a gradient for {name!r} that fits nothing here")


def load_gradients(parts: TrainedParts, saved: Mapping[str, Tensor]) -> None:
    """The gradients of an open window."""
    for name, parameter in parts.named.items():
        gradient = saved.get(name)
        parameter.grad = None if gradient is None else gradient.detach().to(parameter, copy=True)


def copied(value: Any) -> Any:
    """Plain data with tensors of its own, so that training on changes nothing saved."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(copied(item) for item in value)
    return value


def _retyped(options: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The saved options, but for those that say how this machine computes.

    What went through JSON came back with lists for tuples; torch wants its tuples.
    """
    taken = {
        key: tuple(value) if isinstance(value, list) and isinstance(own.get(key), tuple) else copied(value)
        for key, value in options.items()
    }
    return taken | {key: own[key] for key in EXECUTION if key in own}


def _difference(here: Mapping[str, list[int]], there: Mapping[str, list[int]]) -> str:
    missing, extra = [n for n in here if n not in there], [n for n in there if n not in here]
    if missing:
        return f"it lacks {_few(missing)}"
    if extra:
        return f"it also has {_few(extra)}"
    name = next(n for n in here if here[n] != there[n])
    return f"{name} is {there[name]} there and {here[name]} here"


def _few(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
