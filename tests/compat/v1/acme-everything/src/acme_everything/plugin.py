"""What flodl is told: every hook of API 1, and between them every field of every spec."""

from flodl_core import (
    CommandSpec,
    DatasetSpec,
    Example,
    InitializerSpec,
    Layout,
    LossSpec,
    MergeOpSpec,
    ModuleSpec,
    OpSpec,
    OptimizerSpec,
    ProbeSpec,
    SchedulerSpec,
    SinkSpec,
    WordSpec,
    hookimpl,
)


@hookimpl
def flodl_modules():
    yield ModuleSpec(
        name="acme_glu",
        target="acme_everything.modules:Glu",
        summary="Half of the features, let through by the other half.",
        category="gated",
        aliases=("AcmeGlu", "acme_gated"),
        example=Example(args=(8,), kwargs={"bias": False}, inputs=("f32[4,8]", "f32[4,8]")),
        requires=("torch>=2", "attrs"),
        requires_api=1,
        waives={"pickle": "flodl<0: never so"},
        inputs=("x", "context"),
        outputs=("value", "gate"),
        layout=Layout("acme_glu", "weight bias?"),
    )
    yield ModuleSpec(
        name="acme_old_glu",
        target="acme_everything.modules:Glu",
        summary="What it was called before.",
        deprecated="use acme_glu; gone in acme-everything 2.0",
    )


@hookimpl
def flodl_losses():
    yield LossSpec(
        name="acme_huberish",
        target="acme_everything.losses:Huberish",
        summary="Quadratic near zero, linear far away, smooth between.",
        category="regression",
        aliases=("Huberish",),
        example=Example(kwargs={"scale": 2.0}, inputs=("f32[4,3]", "f32[4,3]")),
        oracle="acme_everything.oracles:huberish",
    )


@hookimpl
def flodl_optimizers():
    yield OptimizerSpec(
        name="acme_descent",
        target="acme_everything.optimizers:Descent",
        summary="Straight down.",
        example=Example(kwargs={"lr": 0.1}),
        oracle="acme_everything.oracles:descent",
    )


@hookimpl
def flodl_schedulers():
    yield SchedulerSpec(
        name="acme_sawtooth",
        target="acme_everything.schedules:Sawtooth",
        summary="Falls to a floor, and jumps back.",
        example=Example(args=(100,), kwargs={"floor": 0.1}),
        oracle="acme_everything.oracles:sawtooth",
    )


@hookimpl
def flodl_merge_ops():
    yield MergeOpSpec(
        name="acme_midrange",
        target="acme_everything.functions:midrange",
        summary="Halfway between the least and the greatest branch.",
        example=Example(inputs=("f32[4,3]", "f32[4,3]")),
        oracle="acme_everything.oracles:midrange",
    )


@hookimpl
def flodl_sinks():
    yield SinkSpec(
        name="acme_diary",
        target="acme_everything.meters:Diary",
        summary="A line per epoch in a text file.",
        example=Example(kwargs={"path": "diary.txt"}),
    )


@hookimpl
def flodl_initializers():
    yield InitializerSpec(
        name="acme_lattice",
        target="acme_everything.functions:lattice",
        summary="Evenly spaced numbers around zero.",
        example=Example(kwargs={"width": 0.5}, inputs=("f32[6,4]",)),
        oracle="acme_everything.oracles:lattice",
    )


@hookimpl
def flodl_ops():
    yield OpSpec(
        name="acme_softcap",
        target="acme_everything.functions:softcap",
        summary="Bends large values down smoothly.",
        example=Example(kwargs={"cap": 5.0}, inputs=("f32[4,3]",)),
        oracle="acme_everything.oracles:softcap",
        inputs=("x",),
        outputs=("capped",),
        differentiable=True,
        function="torch:tanh",
    )


@hookimpl
def flodl_words():
    yield WordSpec(
        name="acme_highway",
        target="acme_everything.words:Highway",
        summary="Leads part of the stream past a body.",
        example=Example(args=("tanh",), kwargs={"dim": 8}, inputs=("f32[4,8]",)),
    )


@hookimpl
def flodl_datasets():
    yield DatasetSpec(
        name="acme_tides",
        target="acme_everything.data:tides",
        summary="Water levels of a text file, high or low.",
        example=Example(
            kwargs={"path": "levels.txt"},
            files={"levels.txt": "0.1 0\n0.9 1\n0.2 0\n0.8 1\n0.3 0\n0.7 1\n0.2 0\n0.9 1\n"},
        ),
    )


@hookimpl
def flodl_probes():
    yield ProbeSpec(
        name="acme_clock",
        target="acme_everything.meters:Clock",
        summary="Seconds since it was made.",
        example=Example(),
    )


@hookimpl
def flodl_commands():
    yield CommandSpec(name="acme_hello", target="acme_everything.command:hello", summary="Greet somebody.")
