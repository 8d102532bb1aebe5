"""A run that is ready to start: all that was made of an experiment file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from attrs import frozen
from flodl_core.reference import Ref
from flodl_graph import Graph
from flodl_nn import TrainStep

from flodl_cli.experiment.document import Document
from flodl_cli.experiment.schema import Experiment
from flodl_cli.training.examples import Examples
from flodl_cli.training.outputs import Output


@final
@frozen(eq=False)
class Run:
    """Everything that training needs.

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
