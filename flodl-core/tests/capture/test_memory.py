"""What a proof needed is free when the recorder is told to give memory back."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from flodl_core.capture import CapturedStep, ModuleSlots, Recorder
from flodl_core.testing.tape import TapeRecorder
from torch import Tensor, nn


class Counting:
    """A recorder that looks, whenever it tidies, how many tensors of trials are still alive."""

    def __init__(self, device: torch.device) -> None:
        self.device, self._inner, self._tried = device, TapeRecorder(device), False
        self.made: list[weakref.ref[Tensor]] = []
        self.alive: list[int] = []

    def made_here(self, tensor: Tensor) -> Tensor:
        if self._tried:
            self.made.append(weakref.ref(tensor))
        return tensor

    @contextmanager
    def trial(self) -> Iterator[None]:
        self._tried = True
        try:
            with self._inner.trial():
                yield
        finally:
            self._tried = False

    def record(self, function):
        return self._inner.record(function)

    def tidy(self) -> None:
        self.alive.append(sum(reference() is not None for reference in self.made))


class Carrying(nn.Module):
    """Leaves a tensor behind."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, device=device))
        self.carried: dict[str, Tensor] = {}


@pytest.fixture
def on_cpu(device: torch.device) -> torch.device:
    if device.type != "cpu":
        pytest.skip("the operations that are counted are played back on the CPU")
    return device


def captured(model: Carrying, recorder: Recorder, made_here) -> CapturedStep:
    def step(x: Tensor) -> Tensor:
        model.weight.data.mul_(0.9)
        model.carried = {"last": made_here(x * model.weight.detach())}
        return made_here(model.carried["last"].sum())

    slots = ModuleSlots([model], "carried")
    return CapturedStep(
        step,
        state=lambda: {"weight": model.weight},
        recorder=recorder,
        leaves=[slots],
        modules=lambda: {"": model},
        slots=frozenset({"carried"}),
    )


def test_a_trial_is_gone_when_memory_goes_back(on_cpu):
    """At the first proof, with its recording, and at the second and the tenth: nothing of a trial outlives it."""
    recorder = Counting(on_cpu)
    step = captured(Carrying(on_cpu), recorder, recorder.made_here)
    for _ in range(12):
        step(torch.ones(4, device=on_cpu))
    assert len(recorder.made) >= 2 * 4
    assert [0] * 6 == recorder.alive  # before and after each of three proofs


def test_a_refused_trial_is_gone_too(on_cpu):
    """Also where the step turned out to be none that can be recorded."""
    recorder = Counting(on_cpu)
    model = Carrying(on_cpu)

    def reads_back(tensor: Tensor) -> Tensor:
        recorder.made_here(tensor).sum().item()
        return tensor

    step = captured(model, recorder, reads_back)
    step(torch.ones(4, device=on_cpu))
    with pytest.warns(UserWarning, match="the host reads a value back"):
        step(torch.ones(4, device=on_cpu))
    assert recorder.made
    assert [0, 0] == recorder.alive
