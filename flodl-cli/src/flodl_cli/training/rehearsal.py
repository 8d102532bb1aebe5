"""One batch through model and loss before training: shapes that do not meet show in a second, not in an hour."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from flodl_core.errors import ExperimentError, FlodlError, ShapeError
from flodl_graph import Graph
from torch import Tensor

from flodl_cli.training.examples import Batch, Examples, has_classes
from flodl_cli.training.objective import Objective

_ROWS = 2


def count_classes(model: Graph, objective: Objective, examples: Examples) -> int:
    """Send a small batch through; how many classes the model tells apart, 0 when the targets are no classes.

    The weights, the generators and carried state stay as they are.

    Raises:
        ShapeError: Model, data and loss do not fit each other.
        ExperimentError: The data has more classes than the model has outputs; the loss is no number.
    """
    batch, device = examples.few(_ROWS), examples.data.device
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices), model.evaluating():
        model.check(*batch[:-1])  # names the node that does not fit, which torch cannot
        loss, outputs = _send(model, objective, batch)
    if not isinstance(loss, Tensor) or loss.dim():
        shape = f" of shape {list(loss.shape)}" if isinstance(loss, Tensor) else ""
        raise ExperimentError(f"the loss is one number, got a {type(loss).__name__}{shape}", mend='reduction = "mean"')
    if not has_classes(examples.data.source) or not isinstance(outputs, Tensor) or outputs.dim() < 2:
        return 0
    return _checked(int(outputs.shape[1]), examples)


def _send(model: Graph, objective: Objective, batch: Batch) -> tuple[Any, Any]:
    try:
        with warnings.catch_warnings():  # torch only warns when a loss stretches [B] over [B, 1]: a mistake, always
            warnings.filterwarnings("error", message="Using a target size")
            loss, beside = objective(model, *batch)
    except FlodlError:
        raise
    except torch.OutOfMemoryError as error:
        raise ExperimentError(f"the device has no room for the model: {error}", mend='device = "cpu"') from error
    except Exception as error:
        given = ", ".join(described(tensor) for tensor in batch)
        said = str(error).splitlines()[0] if str(error) else repr(error)
        raise ShapeError(
            f"model, data and loss do not fit each other: {said}",
            mend=f"a batch of this data is {given}: input first, target last",
        ) from error
    return loss, beside["outputs"]


def _checked(outputs: int, examples: Examples) -> int:
    """One output only is a quantity; and every class needs an output of its own."""
    if outputs == 1:
        return 0
    highest = int(examples.targets().max())
    if highest >= outputs:
        raise ExperimentError(
            f"the data has classes up to {highest}, the model has {outputs} outputs",
            mend=f"give the last layer {highest + 1} outputs",
        )
    return outputs


def described(tensor: Tensor) -> str:
    """Type and shape, the batch as B.

    >>> described(torch.zeros(2, 8))
    'float32[B,8]'
    """
    sizes = ",".join(["B", *map(str, tensor.shape[1:])])
    return f"{str(tensor.dtype).removeprefix('torch.')}[{sizes}]"
