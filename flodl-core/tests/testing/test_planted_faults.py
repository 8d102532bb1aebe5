"""Faults planted in a stranger's components: each is found, by the check that is there for it."""

from __future__ import annotations

import os

import pytest
from flodl_core import ContractError
from flodl_core.testing import exercise, fake_distribution, fresh_registry, plugin_source

torch = pytest.importorskip("torch")
F = torch.nn.functional
Feed = pytest.importorskip("flodl_core.testing.contracts.feed").Feed
require_gradients = pytest.importorskip("flodl_core.testing.contracts.gradients").require_gradients

HEAD = """
_V = {}
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

"""

MODULE = """
class Thing(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 3)
        self.register_buffer("shift", torch.ones(3))
    def forward(self, x):
        return torch.tanh(self.inner(x) + self.shift)
"""

STRAIGHT = """
class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return torch.tanh(x)
    @staticmethod
    def backward(ctx, g): return {backward}
"""

LOSS = """
class Thing(nn.Module):
    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction
    def forward(self, x, y):
        each = (x - y) ** 2
        return {"none": each, "sum": each.sum(), "mean": each.mean()}[self.reduction]

def oracle(reduction="mean"):
    return lambda x, y: {"none": (x - y) ** 2, "sum": ((x - y) ** 2).sum(), "mean": ((x - y) ** 2).mean()}[reduction]
"""

OPTIMIZER = """
class Thing(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, momentum=0.5):
        super().__init__(params, {"lr": lr, "momentum": momentum})
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                v = state.setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(p.grad)
                p.sub_(group["lr"] * v)

def oracle(x, gradient, lr=0.1, momentum=0.5):
    v = 0.0 * x
    while True:
        v = momentum * v + gradient(x)
        x = x - lr * v
        yield x
"""

INITIALIZER = """
def Thing(scale=0.5):
    def fill(tensor):
        with torch.no_grad():
            return tensor.uniform_(-scale, scale)
    return fill

def oracle(scale=0.5):
    return lambda shape: {"mean": 0.0, "std": scale / 3**0.5, "low": -scale, "high": scale}
"""

MERGE = """
class Thing(nn.Module):
    def forward(self, *values):
        return torch.stack(values).mean(0)

def oracle():
    return lambda *values: np.mean(values, axis=0)
"""

OP = """
def Thing(by=2.0):
    return lambda x: by * torch.sin(x)
"""

DATASET = """
class Thing(torch.utils.data.Dataset):
    classes = ("no", "yes")
    def __init__(self, n=10): self.n = n
    def __len__(self): return self.n
    def __getitem__(self, i): return torch.full((3,), float(i)), torch.tensor(i % 2)
"""

PROBE = """
class Thing:
    def sample(self): return {"load": 1.0}
    def close(self): pass
"""

WORD = """
class Thing:
    word = "thing"
    @classmethod
    def from_words(cls, module): return {}, module
"""

SOUND = {
    "module": ("flodl_modules", "ModuleSpec", MODULE, "f32[2,4]"),
    "loss": ("flodl_losses", "LossSpec", LOSS, "f32[4,3] f32[4,3]"),
    "optimizer": ("flodl_optimizers", "OptimizerSpec", OPTIMIZER, ""),
    "initializer": ("flodl_initializers", "InitializerSpec", INITIALIZER, "f32[64,32]"),
    "merge_op": ("flodl_merge_ops", "MergeOpSpec", MERGE, "f32[4,3] f32[4,3]"),
    "op": ("flodl_ops", "OpSpec", OP, "f32[4,3]"),
    "dataset": ("flodl_datasets", "DatasetSpec", DATASET, ""),
    "probe": ("flodl_probes", "ProbeSpec", PROBE, ""),
    "word": ("flodl_words", "WordSpec", WORD, ""),
}
HAS_ORACLE = ("loss", "optimizer", "initializer", "merge_op")


@pytest.fixture
def results(tmp_path, device):
    """Results of exercising a kind's component, its source changed: `results("loss", "each.sum()", "each.mean()")`."""

    def run(kind, sound="", broken="", *, on=None, spec=""):
        hook, made, source, feed = SOUND[kind]
        assert sound in source
        target = 'name="thing", target="acme_code:Thing", summary="S."'
        example = f", example=Example(inputs={tuple(feed.split())!r})"
        oracle = ', oracle="acme_code:oracle"' if kind in HAS_ORACLE else ""
        acme = fake_distribution(
            tmp_path / "site",
            "acme",
            entry_points={"acme": "acme_plugin"},
            files={
                "acme_plugin.py": plugin_source(hook, f"{made}({target}{example}{oracle}{spec})"),
                "acme_code.py": HEAD + source.replace(sound, broken),
            },
        )
        with fresh_registry(acme.folder) as registry:
            chosen = registry.find(kind, "thing")
            return list(exercise(chosen, device=on or device.type, registry=registry))

    return run


@pytest.mark.parametrize("kind", SOUND)
def test_what_is_sound_passes(results, kind):
    """Before anything is planted: no failure, and nothing skipped."""
    assert {"passed"} == {result.outcome for result in results(kind)}, kind


GRADIENT = "torch.tanh(self.inner(x) + self.shift)"
CALL = "    def forward(self, x):\n"
FAULTS = {
    "wrong gradient": (
        "module",
        MODULE,
        STRAIGHT.format(backward="g") + MODULE.replace("torch.tanh(", "Straight.apply("),
        "gradients",
        "finite differences",
    ),
    "gradient cut off": ("module", "self.inner(x)", "self.inner(x).detach()", "gradients", "no output has a gradient"),
    "gradient of a parameter cut off": (
        "module",
        GRADIENT,
        "F.linear(x, self.inner.weight.detach(), self.inner.bias)",
        "gradients",
        "inner.weight[0, 0]: gradient 0",
    ),
    "wrong gradient in evaluation": (
        "module",
        MODULE,
        STRAIGHT.format(backward="g") + MODULE.replace(GRADIENT, f"{GRADIENT} if self.training else Straight.apply(x)"),
        "gradients in eval",
        "finite differences",
    ),
    "not finite": ("module", GRADIENT, "torch.log(self.inner(x) - 100)", "declared", "not finite"),
    "other values from the same seed": (
        "module",
        CALL,
        "    calls = 0\n" + CALL + "        type(self).calls += 1; x = x + self.calls\n",
        "declared",
        "from the same seed",
    ),
    "a call changes a parameter": (
        "module",
        CALL,
        CALL + "        self.inner.weight.data.add_(1.0)\n",
        "declared",
        "from the same seed",
    ),
    "a part that train() misses": (
        "module",
        "self.inner = nn.Linear(4, 3)",
        "self.inner = nn.Linear(4, 3); self.inner.train = lambda mode: self.inner",
        "modes",
        "train() misses a part",
    ),
    "statistics move in evaluation": ("module", CALL, CALL + "        self.shift += 1\n", "modes", "after a call"),
    "state left out": (
        "module",
        'self.register_buffer("shift", torch.ones(3))',
        'self.register_buffer("shift", torch.randn(3), persistent=False)',
        "state_dict",
        "after load_state_dict",
    ),
    "a deepcopy that shares": (
        "module",
        CALL,
        "    def __deepcopy__(self, memo): return self\n" + CALL,
        "deepcopy",
        "shares",
    ),
    "not picklable": (
        "module",
        "self.inner = nn.Linear(4, 3)",
        "self.inner = nn.Linear(4, 3); self.after = lambda x: x",
        "pickle",
        "lambda",
    ),
    "an address in its repr": (
        "module",
        CALL,
        "    def extra_repr(self): return str(object())\n" + CALL,
        "repr",
        "an address of memory: 0x",
    ),
    "a repr of its own every time": (
        "module",
        CALL,
        "    def extra_repr(self): return str(torch.rand(1).item())\n" + CALL,
        "repr",
        "not the same every time",
    ),
    "always float32": ("module", GRADIENT, f"{GRADIENT}.float()", "float64", "in torch.float64 it gives torch.float32"),
    "a tensor that does not move": (
        "module",
        'self.register_buffer("shift", torch.ones(3))',
        "self.shift = torch.ones(3)",
        "devices",
        "device",
    ),
    "another shape on meta": (
        "module",
        GRADIENT,
        f"{GRADIENT} if x.device.type != 'meta' else x",
        "devices",
        "on the meta device its shapes are",
    ),
    "other values when compiled": (
        "module",
        GRADIENT,
        f"{GRADIENT} if not torch.compiler.is_compiling() else self.inner(x)",
        "compile",
        "the compiled one's output",
    ),
    "no module": ("module", "(nn.Module)", "", "builds", ""),
    "wrong reduction": ("loss", "each.sum()", "each.mean()", "reductions", "reduction='sum'"),
    "wrong mean": ("loss", '"mean": each.mean()}[self', '"mean": each.sum()}[self', "value", "in float64 (draw 0)"),
    "wrong value": ("loss", "each = (x - y) ** 2", "each = (x - y) ** 2 + 1e-3", "value", "instead of"),
    "a loss of another gradient": (
        "loss",
        "each = (x - y) ** 2",
        "d = x - y; each = d.detach() ** 2 + d - d.detach()",
        "gradients",
        "input 0[0, 0]: gradient",
    ),
    "a loss of many numbers": ("loss", "[self.reduction]\n\n", '["none"]\n\n', "builds", "numbers, not one"),
    "a loss that cannot be copied": (
        "loss",
        "self.reduction = reduction",
        "self.reduction = reduction; self.after = lambda: 0",
        "copies",
        "lambda",
    ),
    "wrong step": ("optimizer", 'p.sub_(group["lr"] * v)', 'p.sub_(group["lr"] * p.grad)', "value", "after step 2"),
    "a step up": ("optimizer", "p.sub_(", "p.add_(", "value", "after step 1"),
    "a state that is not saved": (
        "optimizer",
        'state.setdefault("v", torch.zeros_like(p))',
        "_V.setdefault((id(self), p.shape), torch.zeros_like(p))",
        "resume",
        "after a resume",
    ),
    "one rate for all groups": ("optimizer", 'group["lr"] * v', 'self.param_groups[0]["lr"] * v', "groups", "at once"),
    "decay of what is frozen": (
        "optimizer",
        "if p.grad is None:\n                    continue",
        "if p.grad is None:\n                    p.mul_(0.9); continue",
        "frozen",
        "a parameter without a gradient",
    ),
    "a step that moves nothing": ("optimizer", "p.sub_(", "(", "builds", "a step moves nothing"),
    "another spread": (
        "initializer",
        "uniform_(-scale, scale)",
        "uniform_(-scale, 0.9 * scale)",
        "value",
        "its mean is",
    ),
    "unfilled": ("initializer", "return tensor.uniform_", "return tensor[:-1].uniform_", "builds", "another tensor"),
    "beyond its bounds": (
        "initializer",
        "-scale, scale)",
        "-1.001 * scale, 1.001 * scale)",
        "value",
        "the least is -0.5",
    ),
    "a trace in the gradients": (
        "initializer",
        "        with torch.no_grad():\n            return tensor.uniform_(-scale, scale)",
        "        return tensor.requires_grad_().mul(2) if tensor.requires_grad else tensor.uniform_(-scale, scale)",
        "parameters",
        "another tensor",
    ),
    "wrong mean of branches": ("merge_op", ".mean(0)", ".sum(0)", "value", "of 2 branches"),
    "two branches only": ("merge_op", "return torch", "first, second = values; return torch", "numbers", "unpack"),
    "a branch changed": (
        "merge_op",
        "return torch",
        "values[0].mul_(2); return torch",
        "numbers",
        "a branch after joining",
    ),
    "an op of another gradient": ("op", "by * torch.sin(x)", "by * torch.sin(x.detach()) + x", "gradients", "input 0"),
    "an op that changes its input": ("op", "by * torch.sin(x)", "by * x.sin_()", "builds", ""),
    "coarse in float32": (
        "op",
        "torch.sin(x)",
        "torch.sin(x + 1e-3 * (x.dtype == torch.float32))",
        "value",
        "in float32",
    ),
    "a target beyond the classes": ("dataset", "i % 2", "i % 3", "classes", "there are 2 classes"),
    "an item that changes": ("dataset", "float(i)), torch", "float(i)) + torch.rand(1), torch", "items", "read again"),
    "items of other shapes": ("dataset", "(3,)", "(3 + i % 2,)", "items", "item 0 is"),
    "an empty set": ("dataset", "n=10", "n=0", "builds", "it is empty"),
    "a set that cannot travel": ("dataset", "self.n = n", "self.n = n; self.f = lambda: 0", "repeats", "lambda"),
    "NaN as a reading": ("probe", "1.0}", "float('nan')}", "samples", "what cannot be read is left out"),
    "a reading that is no number": ("probe", "1.0}", "'high'}", "samples", "not a number by name"),
    "closed once only": (
        "probe",
        "def close(self): pass",
        "file = 1\n    def close(self): del type(self).file",
        "closes",
        "file",
    ),
    "another word": ("word", '"thing"', '"think"', "builds", "the class calls itself 'think'"),
    "no from_words": ("word", "from_words(", "of_words(", "builds", "has no from_words"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(results, fault, device):
    """By the check that is there for it, with a reason that tells; others may stumble over it too."""
    kind, sound, broken, check, reason = FAULTS[fault]
    if (fault, device.type) == ("a tensor that does not move", "cuda"):
        check = "builds"  # which has to move it already
    found = results(kind, sound, broken)
    failed = {result.check: result.reason for result in found if result.outcome == "failed"}
    skipped = {result.check: result.reason for result in found if result.outcome == "skipped"}
    assert reason in {**failed, **skipped}.get(check, "it was not found"), (failed, skipped)


def test_a_gradient_that_is_no_derivative_by_design_may_be_waived(results):
    """Straight-through estimators: said, shown, and still checked to be so."""
    source = STRAIGHT.format(backward="g") + MODULE.replace("torch.tanh(", "Straight.apply(")
    why = "straight through, by design"
    waived = results(
        "module", MODULE, source, spec=f", waives={dict.fromkeys(['gradients', 'gradients in eval'], why)}"
    )
    assert {("gradients", why), ("gradients in eval", why)} == {
        (r.check, r.reason) for r in waived if r.outcome != "passed"
    }


def test_kinks_are_no_faults(device):
    """At a kink there is no derivative to be right or wrong about; beside it there is."""
    feed = Feed.parse(["f32[5]"])
    near = feed.draw()[0].to(device) + 3e-7
    assert require_gradients(lambda x: F.relu(x - near), feed, device.type) is None
    with pytest.raises(ContractError, match=r"input 0\[0\]: gradient"):
        require_gradients(lambda x: x + x.detach(), feed, device.type)


def test_an_element_type_that_torch_lacks_is_a_fact(results):
    """bfloat16 where no kernel is: skipped, with torch's own words."""
    (skipped,) = (
        result
        for result in results("module", GRADIENT, "F.avg_pool3d(x[None, None, None], 1).reshape(2, 4)", on="cpu")
        if result.check == "bfloat16"
    )
    assert ("skipped", True) == (skipped.outcome, "not implemented for 'BFloat16'" in skipped.reason)
    assert os.linesep not in skipped.reason
