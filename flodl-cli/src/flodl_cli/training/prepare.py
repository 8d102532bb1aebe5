"""Everything that can go wrong before the first step goes wrong here, with the line of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, final

import torch
from attrs import frozen
from flodl_core.errors import ExperimentError, FlodlError, did_you_mean, join_errors
from flodl_core.groups import GroupRules
from flodl_core.reference import Ref, as_reference
from flodl_core.registry import components
from flodl_core.rules import Rule
from flodl_core.tensor import pick_device, seed_everything
from flodl_graph import FlowBuilder, Graph
from flodl_nn import DeviceData, TrainStep

from flodl_cli.experiment.document import Document
from flodl_cli.experiment.schema import Experiment, ScheduleTable
from flodl_cli.experiment.validate import Faults
from flodl_cli.training.examples import Examples, check_dataset, split
from flodl_cli.training.objective import Objective
from flodl_cli.training.outputs import Output, try_outputs
from flodl_cli.training.rehearsal import count_classes
from flodl_cli.training.rules import metrics, read_rules


@final
@frozen(eq=False)
class Run:
    """A run that is ready to start.

    Args:
        classes: How many classes there are; 0: the targets are no classes.
        names: What the classes are called.
        outputs: The files it will write.
    """

    document: Document
    experiment: Experiment
    device: torch.device
    learn: Examples
    held_out: Examples
    model: Graph
    step: TrainStep[..., Any]
    sinks: Sequence[Ref]
    classes: int
    names: Sequence[str]
    outputs: Sequence[Output]


def prepare(document: Document, experiment: Experiment) -> Run:
    """Load the data, build the model and all around it, and rehearse one batch.

    Raises:
        FlodlError: Arguments that do not fit, words that make no graph, shapes that do not meet, a file
            that cannot be written; where possible all of them together.
    """
    sinks = tuple(as_reference(sink) for sink in experiment.monitor.sinks)
    flow = _check_arguments(document, experiment, sinks)
    faults = Faults(document)
    device = faults.told(lambda: pick_device(experiment.train.device), "train", "device")
    if experiment.train.threads is not None:
        torch.set_num_threads(experiment.train.threads)
    seed_everything(experiment.train.seed)
    learn, held_out = faults.told(
        lambda: _load(experiment, device), "data", mend=f"flodl show dataset {experiment.data.use}"
    )
    seed_everything(experiment.train.seed)  # whatever the data set drew, the weights are the same
    model = faults.told(
        lambda: flow.build().to(device), "model", "flow", mend="flodl show module NAME tells what each takes"
    )
    # nobody reads other tagged values here: each is freed after its last use
    faults.told(lambda: model.observe(*experiment.loss.add or ()), "loss", "add")
    objective = faults.told(
        lambda: _objective(experiment, device), "loss", mend=f"flodl show loss {experiment.loss.use}"
    )
    classes = faults.told(lambda: count_classes(model, objective, learn), "model")
    batches = learn.count(experiment.data.batch_size)
    recorded = list(metrics(classes, len(held_out)))
    schedule = faults.told(
        lambda: _schedule(experiment, batches, recorded),
        "schedule",
        mend="flodl show scheduler NAME tells what it takes",
    )
    _check_best(faults, experiment, recorded)
    rules = read_rules(document, experiment, classes, len(held_out))
    faults.told(lambda: GroupRules.parse(experiment.train.groups).of(model), "train", "groups")
    step = _step(faults, experiment, model, objective, schedule, rules)
    outputs = tuple(_outputs(experiment, model, sinks))
    faults.told(lambda: try_outputs((*outputs, *_folders(experiment)), document.file), "checkpoint")
    if experiment.checkpoint is not None:
        step.on_save(partial(model.save_checkpoint, outputs[0].real))
    names = [str(name) for name in getattr(learn.data.source, "classes", ())]
    return Run(document, experiment, device, learn, held_out, model, step, sinks, classes, names, outputs)


def _check_arguments(document: Document, experiment: Experiment, sinks: Sequence[Ref]) -> FlowBuilder:
    """Hold every component's arguments against its signature; read the flow. Nothing is made yet."""
    faults = Faults(document)
    _bind(faults, "dataset", experiment.data.reference, ("data",))
    _bind(faults, "loss", experiment.loss.reference, ("loss",))
    _bind(faults, "optimizer", experiment.optimizer.reference, ("optimizer",), [])
    for index, table in enumerate(experiment.schedule):
        several = isinstance(document.data["schedule"], list)
        _bind(faults, "scheduler", table.reference, ("schedule", index) if several else ("schedule",))
    for index, sink in enumerate(sinks):
        _bind(faults, "sink", sink, ("monitor", "sinks", index))
    flow = FlowBuilder()
    try:
        flow = FlowBuilder.from_tables(
            experiment.model.flow,
            lambda index: document.where("model", "flow", index),
            label=experiment.model.label,
        )
    except FlodlError as error:
        faults.adopt(error, "model", "flow", mend="flodl show module NAME tells what each takes")
    faults.raise_any()
    return flow


def _bind(faults: Faults, kind: str, reference: Ref, path: tuple[str | int, ...], *before: Any) -> None:
    try:
        components.find(kind, reference.name).bind(*before, *reference.args, **reference.kwargs)
    except FlodlError as error:
        wrong = [key for key in reference.kwargs if f"argument {key!r}" in error.what]
        faults.adopt(error, *path, *wrong[:1], mend=f"flodl show {kind} {reference.name}")


def _load(experiment: Experiment, device: torch.device) -> tuple[Examples, Examples]:
    table = experiment.data
    dataset = components.create("dataset", table.reference)
    check_dataset(dataset, table.use)
    data = DeviceData(dataset, device, keep=table.keep)
    return split(data, table.holdout, experiment.train.seed if table.seed is None else table.seed)


def _objective(experiment: Experiment, device: torch.device) -> Objective:
    loss = components.create("loss", experiment.loss.reference)
    return Objective(loss.to(device) if isinstance(loss, torch.nn.Module) else loss, experiment.loss.add or {})


def _schedule(experiment: Experiment, batches: int, recorded: Sequence[str]) -> Any:
    """One schedule after the other; one that counts epochs ticks once per epoch's steps."""
    steps = -(-batches // experiment.train.accumulate)
    made = [_one_schedule(table, steps) for table in experiment.schedule]
    if not made:
        return None
    for schedule, _ in made:
        _check_metric(schedule, recorded)
    chain, after = made[0]
    for following, its_after in made[1:]:
        if after is None and chain.length is None:
            raise ExperimentError(
                f"{chain!r} never ends, so nothing can follow it", mend="after = 100 in its [[schedule]]"
            )
        chain, after = chain.then(following, after=after), its_after
    return chain


def _one_schedule(table: ScheduleTable, steps: int) -> tuple[Any, int | None]:
    """The schedule, and after how many steps the next one takes over."""
    made = components.create("scheduler", table.reference)
    if table.per == "step":
        return made, table.after
    return made.every(steps), None if table.after is None else table.after * steps


def _check_metric(schedule: Any, recorded: Sequence[str]) -> None:
    """A plateau that waits for what never comes would leave the rate as it is."""
    plateau = schedule.plateau_at(0)
    if plateau is not None and plateau.metric not in recorded:
        mend = did_you_mean(plateau.metric, recorded) or f"recorded: {', '.join(recorded)}"
        raise ExperimentError(
            f"{plateau!r} reads {plateau.metric!r}, which no epoch of this experiment records", mend=mend
        )


def _step(
    faults: Faults, experiment: Experiment, model: Graph, objective: Objective, schedule: Any, rules: Sequence[Rule]
) -> TrainStep[..., Any]:
    train = experiment.train
    make = partial(
        TrainStep,
        model,
        objective=objective,
        optimizer=experiment.optimizer.reference,
        groups=train.groups,
        schedule=schedule,
        clip_norm=train.clip_norm,
        accumulate=train.accumulate,
        precision=train.precision,
        compile=train.compile,
        rules=rules,
    )
    try:
        return make()
    except FlodlError as error:
        path = ("train", "groups") if error.what.startswith("groups[") else ("optimizer",)
        faults.adopt(error, *path, mend=f"flodl show optimizer {experiment.optimizer.use}")
    raise join_errors(faults.found)


def _check_best(faults: Faults, experiment: Experiment, recorded: Sequence[str]) -> None:
    table = experiment.checkpoint
    if table is not None and table.keep_best is not None and table.keep_best not in recorded:
        mend = did_you_mean(table.keep_best, recorded) or f"recorded: {', '.join(recorded)}"
        what = f"[checkpoint] keep_best is {table.keep_best!r}, which no epoch of this experiment records"
        faults.add(what, "checkpoint", "keep_best", mend=mend)
        faults.raise_any()


def _outputs(experiment: Experiment, model: Graph, sinks: Sequence[Ref]) -> Iterator[Output]:
    if experiment.checkpoint is not None:
        size = sum(tensor.nbytes for tensor in model.state_dict().values())
        yield Output("checkpoint", experiment.checkpoint.path, size)
    for sink in sinks:
        component = components.find("sink", sink.name)
        path = component.bind(*sink.args, **sink.kwargs).arguments.get("path")
        if isinstance(path, str):
            yield Output(component.name, path)


def _folders(experiment: Experiment) -> Iterator[Output]:
    if experiment.checkpoint is not None and experiment.checkpoint.folder is not None:
        yield Output("training states", experiment.checkpoint.folder, folder=True)
