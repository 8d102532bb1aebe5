"""A module moved: to other element types, to another device."""

from __future__ import annotations

import copy

import torch
from torch import nn

from flodl_core.testing.contracts.check import Skip, Subject
from flodl_core.testing.contracts.compare import require_near
from flodl_core.testing.contracts.inputs import inputs_of
from flodl_core.testing.contracts.modules.bench import ROUNDING, call, draws, make
from flodl_core.testing.contracts.promise import require

_NOT_IN_TORCH = ("not implemented for", "not supported", "no kernel", "unsupported dtype")
_NEEDS_DATA = ("meta tensor", "meta device", "Meta", "data-dependent", "data-independent", "cannot be called on meta")


def float64(subject: Subject) -> None:
    """In float64 it gives float64, near to what it gives in float32."""
    _in(subject, torch.float64, ROUNDING[torch.float32])


def bfloat16(subject: Subject) -> Skip | None:
    """In bfloat16 it gives bfloat16, near to what it gives in float32."""
    try:
        _in(subject, torch.bfloat16, ROUNDING[torch.bfloat16])
    except (NotImplementedError, RuntimeError) as error:
        if not any(words in str(error) for words in _NOT_IN_TORCH):
            raise
        return Skip(f"torch {torch.__version__} has no bfloat16 kernel for it here: {str(error).splitlines()[0]}")
    return None


def _in(subject: Subject, dtype: torch.dtype, tolerance: float) -> None:
    module = make(subject).eval()
    inputs = [x.to(dtype).to(x.dtype) if x.is_floating_point() else x for x in inputs_of(subject)]
    for parameter in module.parameters():
        parameter.data = parameter.data.to(dtype).to(parameter.dtype)
    moved = copy.deepcopy(module).to(dtype)
    kinds = {value.dtype for value in moved.state_dict().values() if value.is_floating_point()}
    require(kinds <= {dtype}, f"to({dtype}) leaves a {(kinds - {dtype}).pop() if kinds - {dtype} else ''} behind")
    cast = [x.to(dtype) if x.is_floating_point() else x for x in inputs]
    with torch.no_grad():
        expected, actual = call(subject, module, inputs), call(subject, moved, cast)
    for output in actual:
        require(not output.is_floating_point() or output.dtype == dtype, f"in {dtype} it gives {output.dtype}")
    if not draws(subject, module):  # they would be others in each type
        require_near(expected, actual, f"in {dtype}", tolerance=tolerance)


def devices(subject: Subject) -> Skip | None:
    """It takes all it needs with it: to CUDA and back the same, and to meta, where only shapes are computed."""
    module, inputs = make(subject).eval(), inputs_of(subject)
    with torch.no_grad():
        expected = call(subject, module, inputs)
        if subject.device != "cpu":
            _there_and_back(subject, module, expected)
        shapes = [output.shape for output in expected]
        moved = copy.deepcopy(module).to("meta")
        _require_all_on(moved, "meta")
        try:
            outputs = call(subject, moved, [value.to("meta") for value in inputs])
        except (NotImplementedError, RuntimeError) as error:
            if not any(words in str(error) for words in _NEEDS_DATA):
                raise
            return Skip(f"torch cannot run it on the meta device: {str(error).split('. ')[0]}")
    found = [output.shape for output in outputs]
    require(found == shapes, f"on the meta device its shapes are {found} instead of {shapes}")
    return None


def _there_and_back(subject: Subject, module: nn.Module, expected: list[torch.Tensor]) -> None:
    """The CPU, by way of which models are saved and loaded."""
    home = copy.deepcopy(module).to("cpu")
    _require_all_on(home, "cpu")
    on_cpu = call(subject, home, [value.cpu() for value in inputs_of(subject)])
    if not draws(subject, module):
        require_near(expected, on_cpu, "on the CPU", tolerance=ROUNDING[torch.float32])
    back = home.to(subject.device)
    require_near(expected, call(subject, back, inputs_of(subject)), "back on the device", tolerance=1e-5)


def _require_all_on(module: nn.Module, device: str) -> None:
    named = [*module.named_parameters(), *module.named_buffers()]
    left = [name for name, value in named if value.device.type != device]
    require(not left, f"to({device!r}) leaves {left[:1]} behind")
