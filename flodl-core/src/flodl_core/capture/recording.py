"""A recorded step: the tensors that it reads and leaves, and the replay that fills them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, final

import torch
from attrs import frozen
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from flodl_core.capture.batch import Batch, tensors_of
from flodl_core.capture.recorder import Recorder
from flodl_core.capture.refusal import Refusal, on_trial
from flodl_core.capture.slots import AbstractSlots, Bindings
from flodl_core.capture.trial import Surroundings, own_copy


@final
@frozen(kw_only=True, eq=False)
class Recording:
    """What a replay needs.

    Args:
        play: Does what was recorded.
        inputs: Where it reads the batch.
        reads: Where it reads what places hold.
        leaves: What it leaves in places.
        result: What it returned; each replay fills it anew.
        alive: Other tensors that it may read where they are.
    """

    play: Callable[[], None]
    inputs: tuple[Tensor, ...]
    reads: list[Bindings]
    leaves: list[Bindings]
    result: Any
    alive: list[Tensor]

    @classmethod
    def make(
        cls,
        function: Callable[..., Any],
        batch: Batch,
        recorder: Recorder,
        around: Surroundings,
        left: Sequence[Bindings],
    ) -> Recording:
        """Record a step.

        Args:
            function: The step.
            batch: A batch of the signature.
            recorder: What records.
            around: What it changes.
            left: What an eager step left in each place.

        Raises:
            Refusal: It returns a tensor on the host.
        """
        inputs = tuple(map(own_copy, batch.tensors))
        args, kwargs = batch.with_tensors(inputs)
        reads = [{place: s.own(place, tensor) for place, tensor in s.read().items()} for s in around.reads]
        own = dict(zip(around.reads, reads, strict=True))
        outside = [_outside(s, bindings, own.get(s, {})) for s, bindings in zip(around.leaves, left, strict=True)]
        for slots, bindings in own.items():
            slots.write(bindings)
        alive = _plain_tensors(around.modules().values())

        def step() -> Any:
            result = function(*args, **kwargs)
            for slots, bindings in zip(around.leaves, outside, strict=True):
                _carry_out(slots, bindings)
            return result

        with on_trial():
            result, play = recorder.record(step)
        if any(leaf.device != recorder.device for leaf in tensors_of(result)):
            raise Refusal("the step returns a tensor on the host")
        leaves = [slots.held() for slots in around.leaves]
        return cls(play=play, inputs=inputs, reads=reads, leaves=leaves, result=result, alive=alive)

    def replay(self, batch: Batch, read: Sequence[Bindings]) -> Any:
        """The step for a batch, from what places hold: its result, in tensors of its own."""
        moved = list(zip(self.inputs, batch.tensors, strict=True))
        for own, bindings in zip(self.reads, read, strict=True):
            moved += [(own[place], source) for place, source in bindings.items() if own[place] is not source]
        if moved:
            with torch.no_grad():
                torch._foreach_copy_([to.detach() for to, _ in moved], [source.detach() for _, source in moved])
        self.play()
        return _cloned(self.result)

    def bind(self, places: Sequence[AbstractSlots], *, again: bool) -> None:
        """Have places hold what it leaves.

        Args:
            places: Those that it leaves something in.
            again: Was it this one that did so last? Then most hold it already.
        """
        for slots, bindings in zip(places, self.leaves, strict=True):
            if not (again and slots.holds(bindings)):
                slots.write(bindings)


def _plain_tensors(modules: Iterable[nn.Module]) -> list[Tensor]:
    """Tensors that modules hold as plain attributes: a recording may read them where they are now."""
    return [value for module in modules for value in module.__dict__.values() if isinstance(value, Tensor)]


def _outside(slots: AbstractSlots, left: Bindings, read: Bindings) -> Bindings:
    """Tensors for what must outlast other replays: those it is read from where they fit, so that it stays there."""
    if not slots.persist:
        return {}
    fitting = {p: t for p, t in read.items() if p in left and (t.shape, t.dtype) == (left[p].shape, left[p].dtype)}
    return {place: fitting[place] if place in fitting else slots.own(place, t) for place, t in left.items()}


def _carry_out(slots: AbstractSlots, outside: Bindings) -> None:
    """Copy what a step left in the memory of its recording to where it lasts."""
    if outside:
        held = slots.held()
        moved = [(outside[place], tensor) for place, tensor in held.items() if outside[place] is not tensor]
        if moved:
            torch._foreach_copy_([to for to, _ in moved], [tensor for _, tensor in moved])
        slots.write({place: outside[place] for place in held})


def _cloned(result: Any) -> Any:
    """The same with tensors of its own: the next replay fills the recording's."""
    if isinstance(result, Tensor):
        return result.clone()
    return pytree.tree_map_only(Tensor, torch.clone, result)
