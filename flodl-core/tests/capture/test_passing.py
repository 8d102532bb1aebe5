"""What stands in the way of a recording and may pass: a proved recording stays, another is tried again."""

from __future__ import annotations

import warnings

import pytest
import torch
from flodl_core.capture import CapturedStep
from flodl_core.testing.tape import TapeRecorder
from torch import Tensor

SHORT = "there is not enough memory to record it"


class Counting:
    """A step that adds its input to a total, and finds no memory when it is told so."""

    def __init__(self, device: torch.device) -> None:
        if device.type != "cpu":
            pytest.skip("on the CPU memory can be short as often as a test wants")
        self.total, self.short, self.runs, self.told = torch.zeros(4), False, 0, list[str]()
        self.step = CapturedStep(
            self.function, state=lambda: {"total": self.total}, recorder=TapeRecorder(device), tell=self.tell
        )

    def function(self, x: Tensor) -> Tensor:
        self.runs += 1
        if self.short and self.on_trial():
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        self.total.add_(x)
        return self.total.sum()

    def on_trial(self) -> bool:
        """Trials run on copies of the arguments, with the recorder's eyes on every operation."""
        from torch.utils._python_dispatch import _get_current_dispatch_mode

        return _get_current_dispatch_mode() is not None

    def tell(self, reason: str) -> None:
        self.told.append(reason)

    def take(self, steps: int) -> None:
        """As many steps; the total is always right."""
        for _ in range(steps):
            before = self.total.clone()
            assert self.step(torch.ones(4)) == (before + 1).sum()
            assert self.total.equal(before + 1)


def test_a_proved_recording_stays(device):
    """No memory for the tenth comparison: replayed all the same, nothing to tell; compared at the hundredth."""
    counting = Counting(device)
    counting.take(9)
    runs = counting.runs
    counting.short = True
    counting.take(5)
    (row,) = counting.step.rows()
    assert (row.captured, row.replays, row.reason, counting.told) == (True, 13, None, [])
    assert counting.runs == runs + 1
    counting.short = False
    counting.take(100)
    assert counting.runs == runs + 2


def test_a_first_recording_is_tried_again(device):
    """Ever more rarely while it lasts, and then it is recorded after all."""
    counting = Counting(device)
    counting.short = True
    counting.take(1)
    tried = []
    for call in range(2, 34):
        runs = counting.runs
        counting.take(1)
        if counting.runs == runs + 2:  # in vain, and eagerly
            tried.append(call)
    assert tried == [2, 3, 5, 9, 17, 33]
    assert set(counting.told) == {SHORT}
    (row,) = counting.step.rows()
    assert (row.captured, row.reason) == (False, SHORT)
    counting.short = False
    counting.take(40)
    (row,) = counting.step.rows()
    assert (row.captured, row.reason) == (True, None)
    assert row.replays > 5


def test_who_demands_a_recording_may_mend_the_cause(device):
    """Where refusals raise, the next call tries at once."""
    counting = Counting(device)
    counting.step._tell = _raise
    counting.short = True
    counting.take(1)
    for _ in range(3):
        with pytest.raises(RuntimeError, match=SHORT):
            counting.step(torch.ones(4))
    counting.short = False
    counting.take(3)
    assert counting.step.rows()[0].replays == 3


def _raise(reason: str) -> None:
    raise RuntimeError(reason)


def test_what_is_the_steps_own_is_not_tried_again(device):
    """A step that reads back does so tomorrow."""
    counting = Counting(device)
    total, runs = counting.total, []

    def reads_back(x: Tensor) -> Tensor:
        runs.append(1)
        total.add_(x)
        return total.sum() * float(total[0] > -1)

    step = CapturedStep(reads_back, state=lambda: {"total": total}, recorder=TapeRecorder(device))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(20):
            step(torch.ones(4))
    assert len(runs) == 21
    assert total.tolist() == [20.0] * 4
