"""Calls of a module: as declared, the same every time, in training and in evaluation."""

from __future__ import annotations

import inspect

import torch
from torch import Tensor, nn

from flodl_core.component import ModuleSpec
from flodl_core.testing.contracts.check import Subject
from flodl_core.testing.contracts.compare import require_near, require_same
from flodl_core.testing.contracts.inputs import inputs_of
from flodl_core.testing.contracts.modules.bench import ROUNDING, call, make, on_demand
from flodl_core.testing.contracts.promise import require


def builds(subject: Subject) -> None:
    """The example makes a module, and feeds it."""
    call(subject, make(subject), inputs_of(subject))


def as_declared(subject: Subject) -> None:
    """Inputs are forward's parameters; outputs are as many as named; all is finite; the same seed, the same outputs."""
    module, inputs, spec = make(subject), inputs_of(subject), subject.component.spec
    assert isinstance(spec, ModuleSpec)
    parameters = inspect.signature(module.forward).parameters
    missing = [name for name in spec.inputs if name not in parameters]
    require(not missing, f"the spec's input {missing[:1]} is no parameter of forward")
    torch.manual_seed(0)
    value = module(*inputs, **on_demand(subject, module))
    if spec.outputs:
        count = len(value) if isinstance(value, tuple) else 1
        require(count == len(spec.outputs), f"the spec names {len(spec.outputs)} outputs, forward gives {count}")
    first = value[0] if isinstance(value, tuple) else value
    require(isinstance(first, Tensor), f"its first output is a {type(first).__name__}, not a tensor")
    outputs = call(subject, module, inputs)
    for output in outputs:
        require(bool(torch.isfinite(output).all()), "its output is not finite")
        require(output.device.type == torch.device(subject.device).type, f"its output is on {output.device}")
    require_same(outputs, call(subject, make(subject), inputs), "made and called again from the same seed")


def modes(subject: Subject) -> None:
    """Both modes reach every part and give the same shapes; a call changes no parameter, in evaluation no buffer."""
    module, inputs = make(subject), inputs_of(subject)
    shapes = {}
    for training in (True, False):
        require(all(part.training is training for part in module.train(training).modules()), "train() misses a part")
        before = _copies(module, buffers=not training)
        shapes[training] = [output.shape for output in call(subject, module, inputs)]
        require_same(before, _copies(module, buffers=not training), "a parameter or buffer after a call")
    require(shapes[True] == shapes[False], f"shapes are {shapes[True]} in training, {shapes[False]} in evaluation")
    with_gradients = call(subject, module, inputs)
    with torch.no_grad():
        without = call(subject, module, inputs)
    require_near(with_gradients, without, "without gradients", tolerance=ROUNDING[torch.float32])


def _copies(module: nn.Module, *, buffers: bool) -> dict[str, Tensor]:
    named = [*module.named_parameters(), *(module.named_buffers() if buffers else ())]
    return {name: value.detach().clone() for name, value in named}
