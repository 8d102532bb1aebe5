"""A module's forward and backward in a CUDA graph."""

from __future__ import annotations

import torch
from torch import Tensor

from flodl_core.testing.contracts.captured import require_capturable
from flodl_core.testing.contracts.check import Skip, Subject
from flodl_core.testing.contracts.compare import tensors_of
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.modules.bench import ROUNDING, inputs_of, make, on_demand


def captured(subject: Subject) -> Skip | None:
    """A replay gives eager's outputs and gradients; where it draws random numbers, in evaluation."""
    module, feed = make(subject), Feed.parse(subject.example.inputs)
    inputs = feed.tensors(subject.device)
    if _draws(subject, module.train(), inputs):
        module.eval()
        if _draws(subject, module, inputs):
            return Skip("it draws random numbers in both modes: each replay draws others, as it should")
    leaves = [x.requires_grad_() for slot, x in zip(feed.slots, inputs, strict=True) if slot.moves]
    moved = [*leaves, *(p for p in module.parameters() if p.requires_grad)]
    options = on_demand(subject, module)
    state = {name: value.detach().clone() for name, value in module.named_buffers()}

    def work() -> list[Tensor]:
        outputs = list(tensors_of(module(*inputs, **options)))
        differentiable = [output for output in outputs if output.requires_grad]
        gradients = (
            torch.autograd.grad(
                differentiable, moved, [torch.ones_like(d) for d in differentiable], allow_unused=True
            )
            if differentiable
            else ()
        )
        return [*outputs, *(gradient for gradient in gradients if gradient is not None)]

    def reset() -> None:
        with torch.no_grad():
            for name, value in module.named_buffers():
                value.copy_(state[name])

    return require_capturable(work, reset, ROUNDING[torch.float32])


def _draws(subject: Subject, module: torch.nn.Module, inputs: list[Tensor]) -> bool:
    outputs = []
    options = on_demand(subject, module)
    for seed in (1, 2):
        torch.manual_seed(seed)
        with torch.no_grad():
            outputs.append(list(tensors_of(module(*inputs, **options))))
    return any(not left.equal(right) for left, right in zip(*outputs, strict=True))
