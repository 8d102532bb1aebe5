"""Everything that can go wrong before the first step goes wrong here, with the line of the file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from flodl_core.errors import FlodlError, join_errors
from flodl_core.reference import as_reference
from flodl_core.registry import components
from flodl_core.rules import Rule
from flodl_core.tensor import pick_device, seed_everything
from flodl_core.where import Where
from flodl_graph import FlowBuilder, Graph
from flodl_nn import DeviceData, TrainStep

from flodl_cli.experiment.document import Document
from flodl_cli.experiment.faults import Faults
from flodl_cli.experiment.schema import Experiment
from flodl_cli.training.arguments import check_arguments
from flodl_cli.training.examples import Examples, check_dataset, split
from flodl_cli.training.objective import Objective
from flodl_cli.training.outputs import folders_of, outputs_of, try_outputs
from flodl_cli.training.recorded import Recorded
from flodl_cli.training.rehearsal import count_classes
from flodl_cli.training.rules import read_rules
from flodl_cli.training.run import Run
from flodl_cli.training.schedule import make_schedule


def prepare(document: Document, experiment: Experiment) -> Run:
    """Load the data, build the model and all around it, and rehearse one batch.

    Raises:
        FlodlError: Arguments that do not fit, words that make no graph, shapes that do not meet, a file
            that cannot be written; where possible all of them together.
    """
    faults, train = Faults(document), experiment.train
    sinks = tuple(as_reference(sink) for sink in experiment.monitor.sinks)
    flow = check_arguments(experiment, sinks, faults)
    device = faults.told(lambda: pick_device(train.device), "train", "device")
    if train.threads is not None:
        torch.set_num_threads(train.threads)
    seed_everything(train.seed)
    learn, held_out = _examples(experiment, device, faults)
    seed_everything(train.seed)  # whatever the data set drew, the weights are the same
    model = _model(flow, experiment, device, faults)
    objective = _objective(experiment, device, faults)
    classes = faults.told(lambda: count_classes(model, objective, learn), "model")
    recorded = Recorded.of(classes=classes, held_out=len(held_out))
    schedule = _schedule(experiment, learn.count(experiment.data.batch_size), recorded, faults)
    _check_best(experiment, recorded, faults)
    rules = read_rules(experiment, recorded, faults)
    step = _step(experiment, model, objective, schedule, rules, faults)
    outputs = tuple(outputs_of(experiment, model, sinks))
    faults.told(lambda: try_outputs((*outputs, *folders_of(experiment)), document.file), "checkpoint")
    if experiment.checkpoint is not None:
        step.on_save(partial(model.save_checkpoint, outputs[0].real))
    names = [str(name) for name in getattr(learn.data.source, "classes", ())]
    return Run(document, experiment, device, learn, held_out, model, step, sinks, classes, names, outputs)


def _examples(experiment: Experiment, device: torch.device, faults: Faults) -> tuple[Examples, Examples]:
    """To learn from, and held out."""
    table, seed = experiment.data, experiment.train.seed

    def load() -> tuple[Examples, Examples]:
        dataset = components.create("dataset", table.reference)
        check_dataset(dataset, table.use)
        data = DeviceData(dataset, device, keep=table.keep)
        return split(data, table.holdout, seed if table.seed is None else table.seed)

    return faults.told(load, "data", mend=f"flodl show dataset {table.use}")


def _model(flow: FlowBuilder, experiment: Experiment, device: torch.device, faults: Faults) -> Graph:
    mend = "flodl show module NAME tells what each takes"
    model = faults.told(lambda: flow.build().to(device), "model", "flow", mend=mend)
    # nobody reads other tagged values here: each is freed after its last use
    faults.told(lambda: model.observe(*experiment.loss.add or ()), "loss", "add")
    return model


def _objective(experiment: Experiment, device: torch.device, faults: Faults) -> Objective:
    table = experiment.loss

    def make() -> Objective:
        loss = components.create("loss", table.reference)
        return Objective(loss.to(device) if isinstance(loss, torch.nn.Module) else loss, table.add or {})

    return faults.told(make, "loss", mend=f"flodl show loss {table.use}")


def _schedule(experiment: Experiment, batches: int, recorded: Recorded, faults: Faults) -> Any:
    document = faults.document
    several = isinstance(document.data.get("schedule"), list)

    def place(index: int) -> Where:
        return document.where("schedule", *([index] if several else []))

    return faults.told(lambda: make_schedule(experiment, batches, recorded, place), "schedule")


def _check_best(experiment: Experiment, recorded: Recorded, faults: Faults) -> None:
    metric = None if experiment.checkpoint is None else experiment.checkpoint.keep_best
    if metric is not None and metric not in recorded.names:
        faults.adopt(recorded.fault("[checkpoint] keep_best is", metric), "checkpoint", "keep_best")
        faults.raise_any()


def _step(
    experiment: Experiment, model: Graph, objective: Objective, schedule: Any, rules: Sequence[Rule], faults: Faults
) -> TrainStep[..., Any]:
    train = experiment.train
    try:
        return TrainStep(
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
    except FlodlError as error:
        path = ("train", "groups") if error.what.startswith("groups") else ("optimizer",)
        faults.adopt(error, *path, mend=f"flodl show optimizer {experiment.optimizer.use}")
    raise join_errors(faults.found)
