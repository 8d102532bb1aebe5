"""A model's values at one moment, with all that a file says of it: to be written later, by another thread."""

from __future__ import annotations

import os
from typing import Protocol, final, runtime_checkable

from attrs import frozen
from torch import Tensor, nn

from flodl_core.checkpoint.info import About
from flodl_core.checkpoint.inventory import Inventory, inventory, snapshot
from flodl_core.checkpoint.save import save_inventory


@final
@frozen(eq=False, repr=False)
class Snapshot:
    """Copies on the CPU that share no memory with the model: what it does next does not reach them.

    >>> import tempfile
    >>> from pathlib import Path
    >>> model = nn.Linear(2, 3)
    >>> taken = Snapshot.of(model)
    >>> _ = model.weight.data.zero_()
    >>> bool(taken.tensors["weight"].any())
    True
    >>> taken.save(Path(tempfile.mkdtemp()) / "model.safetensors")
    """

    held: Inventory
    about: About

    @classmethod
    def of(cls, module: nn.Module, about: About | None = None) -> Snapshot:
        """Copy a module's parameters and persistent buffers.

        Raises:
            CheckpointError: It holds what no file can.
        """
        return cls(snapshot(inventory(module)), about or About())

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Name to copy; shared tensors under each of their names."""
        return dict(self.held.tensors)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write them to one file, as `save_checkpoint` does.

        Raises:
            CheckpointError: It cannot be written; what was there before is untouched.
        """
        save_inventory(path, self.held, self.about)

    def __repr__(self) -> str:
        size = sum(tensor.nbytes for tensor in {id(t): t for t in self.held.tensors.values()}.values())
        return f"<Snapshot of {len(self.held.tensors)} tensors, {size:,} bytes>"


@runtime_checkable
class TakesSnapshots(Protocol):
    """A module that knows how it is written down, as a graph does."""

    def snapshot(self) -> Snapshot:
        """Its values now."""
        ...
