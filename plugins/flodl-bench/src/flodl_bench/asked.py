"""What the command line asks for; what it leaves open depends on where it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import final

from attrs import frozen

from flodl_bench.machine import Machine
from flodl_bench.setting import Setting


@final
@frozen(kw_only=True)
class Asked:
    """The words of `flodl bench`, one field each, under the names that its options have.

    Args:
        models: By name, as they were typed; none: all. Likewise the sides.
        device: `"auto"`, `"cpu"` or `"cuda"`.
        epochs: Of a round that are timed; None: as many as suit the device. Likewise what sizes are divided by.
        file: Where results are kept; None: nowhere.
        budget: Seconds, after which nothing more is measured; None: no end.
        guests: Files, or guests by name.
        together: How many processes wait side by side; None: as many as a model has sides.
    """

    models: Sequence[str]
    sides: Sequence[str]
    device: str
    rounds: int
    epochs: int | None
    batches: int
    shrink: str | None
    read_loss: str
    inference: bool
    kernels: bool
    file: Path | None
    budget: float | None
    guests: Sequence[str]
    together: int | None

    def setting(self, machine: Machine, device: str) -> Setting:
        """On what is measured, and how much: a CPU is given less to do.

        Args:
            device: `"cpu"` or `"cuda"`.
        """
        epochs, shrink = (20, 1) if device == "cuda" else (5, 4)
        return Setting(
            device=(machine.gpu if device == "cuda" else None) or machine.cpu,
            torch=machine.torch,
            flodl=version("flodl-nn"),
            shrink=int(self.shrink or shrink),
            batches_per_epoch=self.batches,
            measured_epochs=self.epochs or epochs,
            read_loss=self.read_loss,
            inference=self.inference,
        )
