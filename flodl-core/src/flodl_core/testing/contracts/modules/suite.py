"""The table of what a module promises."""

from __future__ import annotations

from flodl_core.testing.contracts.check import Check
from flodl_core.testing.contracts.modules.captured import captured
from flodl_core.testing.contracts.modules.compiled import compiled
from flodl_core.testing.contracts.modules.copies import deepcopied, pickled, shown, state_dict
from flodl_core.testing.contracts.modules.forward import as_declared, builds, modes
from flodl_core.testing.contracts.modules.gradients import in_evaluation, in_training
from flodl_core.testing.contracts.modules.moves import bfloat16, devices, float64

SUITE = (
    Check("builds", "Its example makes a torch.nn.Module that takes the example's inputs.", builds),
    Check("declared", "Inputs and outputs are as the spec names them, finite, the same for one seed.", as_declared),
    Check("modes", "train() and eval() reach every part, keep the shapes, and a call changes no parameter.", modes),
    Check("gradients", "Gradients by inputs and parameters are finite differences', in training.", in_training),
    Check("gradients in eval", "The same in evaluation.", in_evaluation),
    Check("state_dict", "Another one that loads its state gives the same.", state_dict),
    Check("deepcopy", "A deepcopy gives the same and shares nothing.", deepcopied),
    Check("pickle", "It comes back from bytes and gives the same.", pickled),
    Check("repr", "Its repr is the same every time, without addresses.", shown),
    Check("float64", "to(float64) moves all of it, and gives float64.", float64),
    Check("bfloat16", "to(bfloat16) moves all of it, and gives bfloat16.", bfloat16),
    Check("devices", "It moves between devices whole, and computes shapes on meta.", devices),
    Check("compile", 'Under torch.compile(backend="aot_eager"), values and gradients are eager\'s.', compiled),
    Check("capture", "Forward and backward replayed from a CUDA graph are eager's.", captured, devices=("cuda",)),
)
