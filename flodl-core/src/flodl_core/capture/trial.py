"""Eager runs of a step that are taken back: the warm-up of a recording, and its measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, final

import torch
from attrs import frozen
from torch import Tensor, nn

from flodl_core.capture.batch import Batch, tensors_of
from flodl_core.capture.effects import HostCopy
from flodl_core.capture.host import HostWatch
from flodl_core.capture.recorder import Recorder
from flodl_core.capture.refusal import Refusal, on_trial
from flodl_core.capture.slots import AbstractSlots, AttributeSlots, Bindings

_STEADY = 1e-3  # two eager steps whose results differ by more are not the same step


@final
@frozen(kw_only=True)
class Surroundings:
    """All that a step may change, besides what it returns. As in `CapturedStep`."""

    state: Callable[[], Mapping[str, Tensor]]
    reads: tuple[AbstractSlots, ...]
    leaves: tuple[AbstractSlots, ...]
    proved: tuple[AbstractSlots, ...]
    modules: Callable[[], Mapping[str, nn.Module]]
    slots: frozenset[str]
    attributes: AttributeSlots


@final
class NewPlaces(Exception):
    """The step binds tensors where nobody looked yet: the same again, looking there."""


@final
class Trial:
    """One batch, run eagerly as often as wanted from the same state.

    Args:
        function: The step.
        batch: Its arguments; the step gets copies.
        recorder: Where the runs take place.
        around: What is put back.

    Raises:
        Refusal: A place holds something else than a tensor.
    """

    def __init__(self, function: Callable[..., Any], batch: Batch, recorder: Recorder, around: Surroundings) -> None:
        self._function, self._batch, self._recorder, self._around = function, batch, recorder, around
        self.lent: list[Bindings] | None = None
        """What its recording leaves in each of the step's places, if there is one: runs may use that memory."""
        self._places = list(dict.fromkeys([*around.reads, *around.leaves]))
        self._bindings = [slots.held() for slots in self._places]
        for slots, bindings in zip(self._places, self._bindings, strict=True):
            slots.write(bindings)
        _detach(around.modules().values())
        self.left: list[Bindings] = []
        """What the last run left in each of the step's places."""
        self._state = dict(around.state())
        self._touched = {**self._state, **_named(around.reads)}
        self._before = HostCopy(self._touched)
        self._known = around.attributes.places
        self._host = HostWatch(around.modules(), around.slots, draws=recorder.device.type != "cpu")

    def run(self) -> dict[str, Tensor]:
        """One eager step.

        Returns:
            What it did, by name.

        Raises:
            Refusal: It does host work, or replaces a tensor instead of changing it.
            NewPlaces: It binds a tensor to an attribute that was not looked after.
        """
        args, kwargs = self._batch.with_tensors([own_copy(tensor) for tensor in self._batch.tensors])
        for slots, bindings in zip(self._around.leaves, self.lent or (), strict=False):
            if slots not in self._around.reads:
                slots.write(bindings)
        with on_trial(again=self.lent is not None), self._recorder.trial():
            result = self._function(*args, **kwargs)
        if fresh := self._host.check() - self._known:
            self._around.attributes.add(fresh)
            raise NewPlaces
        self._check_in_place()
        self.left = [slots.held() for slots in self._around.leaves]
        return self._effects(result)

    def restore(self) -> None:
        """As before the trial: tensors, places, host."""
        for slots, bindings in zip(self._places, self._bindings, strict=True):
            slots.write(bindings)
        self._before.restore(self._touched)
        self._host.restore()

    def spread(self, first: HostCopy) -> dict[str, float]:
        """How far another eager step is from the first, by name.

        Raises:
            Refusal: Too far to be the same step.
        """
        self.restore()
        found = first.distances(self.run(), self._before)
        worst = max((gap for name, gap in found.items() if name.startswith("result")), default=0.0)
        if worst > _STEADY:
            raise Refusal(f"two eager steps from the same state, with the same batch, differ by {worst:.1e}")
        return found

    def distances(self, first: HostCopy, result: Any) -> dict[str, float]:
        """How far what happened since `restore` is from the first run, by name."""
        return first.distances(self._effects(result), self._before)

    def _check_in_place(self) -> None:
        now = self._around.state()
        for name, tensor in self._state.items():
            if now.get(name) is not tensor:
                raise Refusal(f"the step replaces {name} instead of changing it in place")

    def _effects(self, result: Any) -> dict[str, Tensor]:
        results = {f"result {index}": leaf for index, leaf in enumerate(tensors_of(result))}
        return {**self._around.state(), **_named(self._around.proved), **results}


def _detach(modules: Iterable[nn.Module]) -> None:
    """Cut what modules keep from the gradients of earlier steps, which hold on to the stream they were made on."""
    for module in modules:
        for name, value in module.__dict__.items():
            if isinstance(value, Tensor) and value.grad_fn is not None:
                module.__dict__[name] = value.detach()


def _named(places: Sequence[AbstractSlots]) -> dict[str, Tensor]:
    """What slots hold, by names for messages."""
    return {slots.name(place): tensor for slots in places for place, tensor in slots.read().items()}


def own_copy(tensor: Tensor) -> Tensor:
    """The same values and strides in other memory; a leaf that requires a gradient if it does."""
    copy = torch.empty_like(tensor, requires_grad=tensor.requires_grad)
    copy.detach().copy_(tensor.detach())
    return copy
