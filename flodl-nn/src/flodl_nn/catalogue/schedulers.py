"""Schedules by name."""

from __future__ import annotations

from flodl_core import Example, SchedulerSpec

SCHEDULERS = (
    SchedulerSpec(
        name="constant",
        target="flodl_nn.schedules:constant",
        summary="The same factor at every step.",
        category="plain",
        example=Example(args=(0.5,)),
    ),
    SchedulerSpec(
        name="cosine",
        target="flodl_nn.schedules:cosine",
        summary="Down along half a cosine.",
        category="decay",
        aliases=("CosineScheduler", "CosineAnnealingLR"),
        example=Example(args=(100,), kwargs={"floor": 0.01}),
    ),
    SchedulerSpec(
        name="cyclic",
        target="flodl_nn.schedules:cyclic",
        summary="Up and down in lines, again and again.",
        category="cycle",
        aliases=("CyclicLR",),
        example=Example(args=(20,)),
    ),
    SchedulerSpec(
        name="exponential",
        target="flodl_nn.schedules:exponential",
        summary="Down by a factor at every step.",
        category="decay",
        aliases=("ExponentialLR",),
        example=Example(args=(0.97,)),
    ),
    SchedulerSpec(
        name="inverse_sqrt",
        target="flodl_nn.schedules:inverse_sqrt",
        summary="Up in a line, then down with the square root of the step.",
        category="decay",
        example=Example(args=(10,)),
    ),
    SchedulerSpec(
        name="linear",
        target="flodl_nn.schedules:linear",
        summary="From one factor to another in a line.",
        category="decay",
        aliases=("LinearLR",),
        example=Example(args=(100,)),
    ),
    SchedulerSpec(
        name="multi_step",
        target="flodl_nn.schedules:multi_step",
        summary="Down by a factor at each milestone.",
        category="decay",
        aliases=("MultiStepLR",),
        example=Example(args=((30, 60, 90),)),
    ),
    SchedulerSpec(
        name="one_cycle",
        target="flodl_nn.schedules:one_cycle",
        summary="Up to the top and down again, once.",
        category="cycle",
        aliases=("OneCycleLR",),
        example=Example(args=(100,)),
    ),
    SchedulerSpec(
        name="plateau",
        target="flodl_nn.schedules:plateau",
        summary="Down when a metric no longer gets better.",
        category="metric",
        aliases=("PlateauScheduler", "ReduceLROnPlateau"),
        example=Example(args=("val_loss",), kwargs={"patience": 5}),
    ),
    SchedulerSpec(
        name="polynomial",
        target="flodl_nn.schedules:polynomial",
        summary="Down with a power of what is left of the way.",
        category="decay",
        aliases=("PolynomialLR",),
        example=Example(args=(100,), kwargs={"power": 2.0}),
    ),
    SchedulerSpec(
        name="step_decay",
        target="flodl_nn.schedules:step_decay",
        summary="Down by a factor every so many steps.",
        category="decay",
        aliases=("StepDecay", "StepLR"),
        example=Example(args=(30,)),
    ),
    SchedulerSpec(
        name="warmup",
        target="flodl_nn.schedules:warmup",
        summary="Up in a line, then held.",
        category="plain",
        aliases=("WarmupScheduler",),
        example=Example(args=(10,)),
    ),
    SchedulerSpec(
        name="warmup_stable_decay",
        target="flodl_nn.schedules:warmup_stable_decay",
        summary="Up in a line, a long plain, then down.",
        category="cycle",
        example=Example(args=(10, 60, 30)),
    ),
)
