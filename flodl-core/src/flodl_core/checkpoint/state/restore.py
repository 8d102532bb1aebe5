"""A saved state back into the parts of a run: all of it is checked first, and what fails changes nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, final

from attrs import evolve, frozen
from torch import nn
from torch.cuda import device_count

from flodl_core.checkpoint.inventory import Inventory, inventory, plain_name
from flodl_core.checkpoint.load import fill, fit
from flodl_core.checkpoint.match import Match
from flodl_core.checkpoint.state.folder import SavedPart, SavedState
from flodl_core.checkpoint.state.parts import RANDOM, Parts
from flodl_core.checkpoint.state.picture import PartPicture, picture_of
from flodl_core.checkpoint.state.plain import unpack
from flodl_core.errors import CheckpointError
from flodl_core.tensor.seed import RandomState


@final
@frozen(eq=False)
class _Weights:
    """A module, and what will be loaded into it."""

    module: nn.Module
    held: Inventory
    matched: Match
    saved: SavedPart
    frozen: frozenset[str]
    run: Any


def restore(parts: Parts, state: SavedState) -> None:
    """Give every part its state, and put every random generator to where it stood.

    Raises:
        CheckpointError: Another set of parts, or a part that its state does not fit. All are as they were.
    """
    _check_names(set(parts), set(state.parts) - {RANDOM})
    modules = {name: part for name, part in parts.items() if isinstance(part, nn.Module)}
    others = {name: part for name, part in parts.items() if name not in modules}
    weights = [_named(name, lambda n=name: _fitting(modules[n], state.parts[n])) for name in modules]  # type: ignore[misc]
    data = {name: _named(name, lambda n=name: _unpacked(state.parts[n])) for name in others}  # type: ignore[misc]
    random = _named(RANDOM, lambda: _random(state.parts.get(RANDOM)))
    before = {name: picture_of(name, part).copied() for name, part in others.items()}
    generators = RandomState.capture()
    try:
        _named(RANDOM, random.restore)
        for name, part in others.items():
            _named(name, lambda n=name, p=part: p.load_state_dict(data[n]))  # type: ignore[misc]
        for one in weights:
            _load(one)
        random.restore()  # loading may have drawn some
    except BaseException:
        _put_back(others, before)
        generators.restore()
        raise


def _check_names(held: set[str], saved: set[str]) -> None:
    if missing := sorted(held - saved):
        raise CheckpointError(
            f"it has no part {missing[0]!r}; its parts: {', '.join(sorted(saved))}",
            mend="resume with the parts that the run was saved with",
        )
    if extra := sorted(saved - held):
        raise CheckpointError(
            f"it has the part {extra[0]!r}, which nothing here takes",
            mend=f"TrainingState(..., {extra[0]}=...): resume with the parts that the run was saved with",
        )


def _fitting(module: nn.Module, saved: SavedPart) -> _Weights:
    if saved.weights is None:
        raise CheckpointError("it was no module when it was saved")
    held = inventory(module)
    beside = _unpacked(saved)
    names = {plain_name(name) for name, _ in module.named_parameters()}
    if not isinstance(beside, dict) or not names.issuperset(beside.get("frozen", ())):
        raise CheckpointError("it lists frozen parameters that the module does not have")
    try:
        matched = fit(saved.weights[0], module, held)
    except CheckpointError as error:
        raise CheckpointError(error.what, mend="resume with the model that the run was saved with") from None
    return _Weights(module, held, matched, saved, frozenset(beside["frozen"]), beside.get("run"))


def _unpacked(saved: SavedPart) -> Any:
    return unpack(saved.data, saved.tensors)


def _load(one: _Weights) -> None:
    assert one.saved.weights is not None  # looked at in _fitting
    fill(one.module, one.held, one.matched, one.saved.weights[1])
    for name, parameter in one.module.named_parameters():
        parameter.requires_grad_(plain_name(name) not in one.frozen)
    take = getattr(one.module, "load_run_state", None)
    if one.run is not None and callable(take):
        take(one.run)


def _random(saved: SavedPart | None) -> RandomState:
    fields = None if saved is None else _unpacked(saved)
    if not isinstance(fields, dict):
        raise CheckpointError("the random generators are not in it")
    state = RandomState(**{**fields, "cuda": tuple(fields["cuda"])})
    if len(state.cuda) > device_count():
        warnings.warn(
            f"the run was saved with {len(state.cuda)} CUDA devices in use, {device_count()} are here: "
            "it goes on, but draws other random numbers",
            UserWarning,
            stacklevel=6,
        )
        return evolve(state, cuda=state.cuda[: device_count()])
    return state


def _named(name: str, do: Callable[[], Any]) -> Any:
    """Run it; whatever goes wrong names the part."""
    try:
        return do()
    except CheckpointError as error:
        raise CheckpointError(f"part {name!r}: {error.what}", mend=error.mend) from error.__cause__
    except Exception as error:
        said = str(error).splitlines()[0] if str(error) else ""
        raise CheckpointError(f"part {name!r} refuses its state: {type(error).__name__}: {said}") from error


def _put_back(parts: Parts, before: Mapping[str, PartPicture]) -> None:
    for name, part in parts.items():
        part.load_state_dict(unpack(before[name].data, before[name].tensors))
