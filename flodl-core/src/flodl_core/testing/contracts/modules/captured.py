"""A module's forward and backward in a CUDA graph."""

from __future__ import annotations

import torch
from torch import Tensor

from flodl_core.testing.contracts.captured import require_capturable
from flodl_core.testing.contracts.check import Skip, Subject
from flodl_core.testing.contracts.compare import tensors_of
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.modules.bench import ROUNDING, draws, make, on_demand


def captured(subject: Subject) -> Skip | None:
    """A replay gives eager's outputs and gradients; where it draws random numbers, in evaluation."""
    module, feed = make(subject), Feed.parse(subject.example.inputs)
    inputs = feed.tensors(subject.device)
    if draws(subject, module.train()):
        module.eval()
        if draws(subject, module):
            return Skip("it draws random numbers in both modes: each replay draws others, as it should")
    leaves = [x.requires_grad_() for slot, x in zip(feed.slots, inputs, strict=True) if slot.moves]
    moved = [*leaves, *(p for p in module.parameters() if p.requires_grad)]
    options = on_demand(subject, module)
    state = {name: value.detach().clone() for name, value in module.named_buffers()}

    def work() -> list[Tensor]:
        outputs = list(tensors_of(module(*inputs, **options)))
        ends = [output for output in outputs if output.requires_grad]
        if not ends:
            return outputs
        ones = [torch.ones_like(end) for end in ends]
        return [*outputs, *torch.autograd.grad(ends, moved, ones, allow_unused=True, materialize_grads=True)]

    def reset() -> None:
        with torch.no_grad():
            for name, value in module.named_buffers():
                value.copy_(state[name])

    return require_capturable(work, reset, subject.device, ROUNDING[torch.float32])
