"""Where a run stands in its data: which pass, how many batches of it, and what they came to so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

from flodl_core.errors import CheckpointError

from flodl_cli.training.examples import Batch, Examples
from flodl_cli.training.tally import Tally


@final
class Course:
    """The batches of each epoch, in an order that belongs to seed and epoch; can be saved between any two.

    Args:
        size: Examples per batch.
    """

    def __init__(self, examples: Examples, size: int, seed: int) -> None:
        self._examples, self._size, self._seed = examples, size, seed
        self._epoch = 0
        self.position = 0
        """Batches of the epoch handed out."""
        self.tally = Tally(0)
        """What the epoch's batches came to."""
        self.listeners: list[Callable[[str, Mapping[str, float]], None]] = []
        """Told `"begin"`, `"batch"`, `"pass"` and `"end"`, as those of a `Sampler` are."""

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch that are left: all, unless a saved run goes on within it."""
        if epoch != self._epoch:
            self._epoch, self.position, self.tally = epoch, 0, Tally(0)
        left = self._examples.batches(self._size, shuffled_by=(self._seed, epoch), skip=self.position)
        self._tell("begin")
        try:
            for batch in left:
                self.position += 1
                yield batch
                self._tell("batch")
            self._tell("pass")
        finally:
            self._tell("end")

    def left(self, epoch: int) -> int:
        """How many batches `batches` will hand out."""
        return self._examples.count(self._size) - (self.position if epoch == self._epoch else 0)

    def state_dict(self) -> dict[str, Any]:
        """Plain data, and the sum of the losses."""
        order = {"seed": self._seed, "batch_size": self._size, "examples": len(self._examples)}
        return {"order": order, "epoch": self._epoch, "position": self.position, "tally": self.tally.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on there.

        Raises:
            CheckpointError: The data, its batches or the seed are others: the order would differ.
        """
        own = self.state_dict()["order"]
        for name, value in own.items():
            if state["order"].get(name) != value:
                raise CheckpointError(
                    f"it was saved with {name} = {state['order'].get(name)!r}, the experiment now has {value!r}",
                    mend="resume with the [data] and the seed that the run began with",
                )
        tally = Tally(0)
        tally.load_state_dict(state["tally"])
        self._epoch, self.position, self.tally = state["epoch"], state["position"], tally

    def _tell(self, moment: str) -> None:
        for listener in self.listeners:
            listener(moment, {})
