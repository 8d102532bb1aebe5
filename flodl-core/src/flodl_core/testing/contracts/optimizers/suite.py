"""The table of what an optimizer promises."""

from __future__ import annotations

from flodl_core.testing.contracts.check import Check
from flodl_core.testing.contracts.optimizers.captured import captured
from flodl_core.testing.contracts.optimizers.steps import builds, converges, groups, leaves_alone, resumes, value

SUITE = (
    Check("builds", "Its example makes a torch.optim.Optimizer whose step moves every parameter.", builds),
    Check("value", "Twenty steps are its oracle's, taken in float64 numpy.", value),
    Check("converges", "It comes down a bowl.", converges),
    Check("resume", "Loaded from its saved state it goes on to the bit.", resumes),
    Check("groups", "Each group has a rate of its own, given at once or later.", groups),
    Check("frozen", "A parameter without a gradient stays as it is.", leaves_alone),
    Check("capture", "Steps replayed from a CUDA graph lead where steps do.", captured, devices=("cuda",)),
)
