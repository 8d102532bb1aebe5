"""What one call leaves to the next, and blocks in which it is set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from flodl_core.freezing import hold_still, modes
from torch import Tensor

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.abilities.run_state import load_run, save_run
from flodl_graph.run.carried import each_tensor, set_aside

T = TypeVar("T", bound="AbstractStateful")


class AbstractStateful(AbstractFamily):
    """A graph that carries state from call to call."""

    def reset_state(self) -> None:
        """Forget what calls left to the next one, in nested graphs too: a new sequence begins."""
        for _, graph in self._family():
            graph.carried = {}

    def detach_state(self) -> None:
        """Cut carried state off from the gradients of the calls before, in nested graphs too: BPTT ends here."""
        for _, graph in self._family():
            graph.carried, graph.kept = each_tensor(_detached, graph.carried), each_tensor(_detached, graph.kept)

    def run_state(self) -> dict[str, Any]:
        """What a run has besides weights, nested graphs' too: carried state, means, curves, epoch, held statistics.

        Plain data and live tensors. A training step keeps it in its own state.
        """
        return save_run(self)

    def load_run_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved run. Nothing changes unless all of it fits.

        Raises:
            CheckpointError: It is of another graph.
        """
        load_run(self, state)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Evaluate in a block: eval mode, no gradients, carried state of its own; then each part as it was."""
        before = modes(self)
        self.eval()
        try:
            with torch.no_grad(), set_aside(graph for _, graph in self._family()):
                yield
        finally:
            for module, training in before.items():
                module.training = training
            hold_still(before)

    @contextmanager
    def _untouched(self) -> Iterator[None]:
        """A block after which carried and kept values are as they were."""
        kept = [(graph, graph.kept) for _, graph in self._family()]
        for graph, _ in kept:
            graph.kept = {}
        try:
            with set_aside(graph for _, graph in self._family()):
                yield
        finally:
            for graph, values in kept:
                graph.kept = values

    def _apply(self: T, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> T:
        """Carried state moves with the parameters: `to`, `cuda`, `half`."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.carried = each_tensor(fn, self.carried)
        return self


def _detached(value: Tensor) -> Tensor:
    return value.detach()
