"""What belongs to a run: the parts that its user names, and the models that they train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from torch import nn

from flodl_core.errors import CheckpointError, did_you_mean


@runtime_checkable
class Part(Protocol):
    """What belongs to a run: a step, a sampler, a monitor, an EMA, a module, a torch optimizer, something of yours."""

    def state_dict(self) -> Any:
        """All that it needs to go on: plain data and tensors."""
        ...

    def load_state_dict(self, state: Any) -> Any:
        """Go on from there."""
        ...


Parts: TypeAlias = Mapping[str, Any]

RANDOM = "random"
"""Under this name the generators stand beside the parts."""


def parts_of_run(named: Parts, options: Sequence[str]) -> dict[str, Any]:
    """The parts by name, with the models that they train, though nobody named those.

    Args:
        options: What else may be said where parts are named: a slip in one looks like a part.

    Raises:
        CheckpointError: There is none, or one is no part, or has a name that no file can have.
    """
    if not named:
        raise CheckpointError("a training state has no parts", mend="TrainingState(folder, step=step)")
    for name, part in named.items():
        _check(name, part, options)
    found = dict(named)
    for name, part in named.items():
        model = getattr(part, "model", None)
        if isinstance(model, nn.Module) and all(model is not held for held in found.values()):
            found["model" if "model" not in found else f"{name}_model"] = model
    return found


def tell_saved(parts: Parts, what: str, ended: int | None) -> None:
    """Tell every part that wants to know that a state is on the disk; a module's own names are its own.

    Args:
        what: Where, in words.
        ended: The epoch that it ends; None: it is within one.
    """
    for part in parts.values():
        tell = None if isinstance(part, nn.Module) else getattr(part, "checkpoint_saved", None)
        if callable(tell):
            tell(what, ended)


def _check(name: str, part: object, options: Sequence[str]) -> None:
    if not name.isidentifier():
        raise CheckpointError(f"a part is called {name!r}, which no file can be", mend="take a Python name")
    if name == RANDOM:
        raise CheckpointError(f"{RANDOM!r} are the generators, which are always saved", mend="choose another name")
    if isinstance(part, type) or not isinstance(part, Part):
        raise CheckpointError(
            f"part {name!r} is of type {type(part).__name__}, which has no state_dict and load_state_dict",
            mend=did_you_mean(name, options) or "keep it in an object that has both",
        )
