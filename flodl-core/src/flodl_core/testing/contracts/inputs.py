"""What an example feeds its product, for checks of one's own. Imports torch when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.testing.contracts.check import Subject

if TYPE_CHECKING:
    import torch


def inputs_of(subject: Subject, seed: int = 0, floating: torch.dtype | None = None) -> list[torch.Tensor]:
    """What a component's example feeds it, on its device.

    Args:
        seed: Of what the tensors hold.
        floating: For all that are floating, instead of their own dtype.
    """
    from flodl_core.testing.contracts.feed import Feed

    return Feed.parse(subject.example.inputs).tensors(subject.device, seed=seed, floating=floating)
