"""A module under torch.compile."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from flodl_core.testing.contracts.check import Subject
from flodl_core.testing.contracts.compare import require_near
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.modules.bench import ROUNDING, call, make


def compiled(subject: Subject) -> None:
    """Traced by dynamo and AOTAutograd, without a code generator: values and gradients are eager's."""
    torch.compiler.reset()
    module = make(subject).train()
    eager = _forward_and_backward(subject, module, module)
    traced = torch.compile(make(subject).train(), backend="aot_eager")
    try:
        found = _forward_and_backward(subject, module, traced)
    finally:
        torch.compiler.reset()
    for what, expected, actual in zip(("output", "gradient"), eager, found, strict=True):
        require_near(expected, actual, f"the compiled one's {what}", tolerance=ROUNDING[torch.float32])


def _forward_and_backward(subject: Subject, original: nn.Module, module: object) -> tuple[list[Tensor], list[Tensor]]:
    feed = Feed.parse(subject.example.inputs)
    inputs = feed.tensors(subject.device)
    leaves = [x.requires_grad_() for slot, x in zip(feed.slots, inputs, strict=True) if slot.moves]
    outputs = call(subject, module, inputs)
    differentiable = [output for output in outputs if output.requires_grad]
    if differentiable:
        torch.autograd.backward(differentiable, [torch.ones_like(output) for output in differentiable])
    parameters = list(getattr(module, "_orig_mod", original).parameters())
    gradients = [t.grad for t in (*leaves, *parameters) if t.grad is not None]
    return [output.detach() for output in outputs], gradients
