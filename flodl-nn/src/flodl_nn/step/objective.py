"""From a loss by name or object to an objective: `objective(model, *batch) -> loss`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any, final

import torch
from flodl_core import ComponentError, Ref, Reference, TrainingError, as_reference, components
from flodl_core.errors import did_you_mean
from torch import Tensor, nn


@final
class LossObjective:
    """The short form of an objective: the model's outputs and the batch's targets go to a loss.

    The first items of a batch are the model's inputs, the rest the loss's targets. How many are
    inputs follows from what the loss takes beside one output, within what `forward` takes.
    """

    def __init__(self, model: nn.Module, loss: Reference) -> None:
        self.loss, self._built = _make_loss(loss)
        self._fewest_inputs, self._most_inputs = _arity(model.forward)
        least, most = _arity(self.loss.forward if isinstance(self.loss, nn.Module) else self.loss)
        self._targets = 1 if most == math.inf and least < 2 else max(int(least) - 1, 0)

    def __call__(self, model: nn.Module, *batch: Any, **named: Any) -> Any:
        """The loss of one batch; keywords go to the model."""
        inputs = self._inputs(len(batch))
        given = model(*batch[:inputs], **named)
        outputs = tuple(given) if isinstance(given, tuple | list) else (given,)
        if self._built:
            self._follow(outputs)
        targets = batch[inputs:]
        try:
            return self.loss(*outputs, *targets)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, IndexError, TypeError, AttributeError) as error:
            said = getattr(error, "what", None) or next(iter(str(error).splitlines()), repr(error))
            raise TrainingError(
                f"{type(self.loss).__name__} cannot judge outputs ({_describe(outputs)}) by targets"
                f" ({_describe(targets)}): {said}",
                mend=getattr(error, "mend", None)
                or "a batch is the model's inputs, then the loss's targets; anything else is an objective=",
            ) from error

    def _inputs(self, size: int) -> int:
        wanted = size - self._targets
        return int(min(max(wanted, self._fewest_inputs), self._most_inputs, size))

    def _follow(self, outputs: tuple[Any, ...]) -> None:
        """A loss that we made lives where the outputs are: class weights on the GPU, say."""
        self._built = False
        where = next((value.device for value in outputs if isinstance(value, Tensor)), None)
        if isinstance(self.loss, nn.Module) and where is not None:
            self.loss.to(where)


def one_objective(model: nn.Module, loss: Reference | None, objective: Callable[..., Any] | None) -> Callable[..., Any]:
    """The objective that was given, or the short form of the loss that was.

    Raises:
        TrainingError: Neither or both.
    """
    if (loss is None) == (objective is None):
        given = "neither" if loss is None else "both"
        raise TrainingError(
            f"a step takes a loss or an objective, got {given}",
            mend='loss="mse", or objective=fn with fn(model, *batch) -> loss',
        )
    if objective is None:
        return LossObjective(model, loss)
    if not callable(objective):
        raise TrainingError(
            f"an objective is called as fn(model, *batch), got {objective!r}", mend=f"loss={objective!r}?"
        )
    return objective


def check_loss(value: Any) -> Tensor:
    """The loss out of what an objective returned: itself, or the first of a tuple.

    Raises:
        TrainingError: It is no scalar that gradients can start from.
    """
    loss = value[0] if isinstance(value, tuple) and value else value
    if not isinstance(loss, Tensor):
        raise TrainingError(
            f"an objective returns a loss, or (loss, {{...}}), got {_describe((value,))}",
            mend="return the 0-d tensor that backward() would be called on",
        )
    if loss.dim() != 0:
        raise TrainingError(
            f"the loss is no scalar: its shape is {list(loss.shape)}",
            mend='reduce it: reduction="mean", or .mean() in the objective',
        )
    if not loss.requires_grad:
        raise TrainingError(
            "the loss depends on no parameter that is being trained",
            mend="is all it depends on frozen, detached, or computed under no_grad?",
        )
    return loss


def detached(value: Any) -> Any:
    """What an objective returned, cut from the graph; every tensor keeps a value of its own."""
    if isinstance(value, Tensor):
        fresh = value.grad_fn is not None and not value._is_view()
        return value.detach() if fresh else value.detach().clone()
    if isinstance(value, dict):
        return {key: detached(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(detached, value))
    if isinstance(value, tuple | list):
        return type(value)(map(detached, value))
    return value


def _make_loss(loss: Reference) -> tuple[Callable[..., Any], bool]:
    wanted = as_reference(loss)
    made = components.create("loss", wanted)
    if not callable(made):
        raise ComponentError(f"a loss is called with outputs and targets; {type(made).__name__} cannot be called")
    if isinstance(made, nn.Module) and any(p.requires_grad for p in made.parameters()):
        raise TrainingError(
            f"the loss {type(made).__name__} has parameters of its own, and a step trains the model's alone",
            mend="make it a part of the model and write an objective=",
        )
    reduction = getattr(made, "reduction", "mean")
    known = ("none", "mean", "sum", *(["batchmean"] if isinstance(made, nn.KLDivLoss) else []))
    if isinstance(reduction, str) and reduction not in known:
        raise ComponentError(
            f"{type(made).__name__} knows no reduction {reduction!r}",
            mend=did_you_mean(str(reduction), ("mean", "sum")) or 'reduction="mean" or "sum"',
        )
    return made, isinstance(wanted, Ref)


def _arity(function: Callable[..., Any]) -> tuple[int, float]:
    """How many positional arguments a function needs, and how many it takes."""
    positional = list(_positional(function))
    variadic = any(p.kind is p.VAR_POSITIONAL for p in positional)
    plain = [p for p in positional if p.kind is not p.VAR_POSITIONAL]
    needed = sum(p.default is p.empty for p in plain)
    return (max(needed, 1) if variadic else needed), (math.inf if variadic else len(plain))


def _positional(function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        parameters = inspect.signature(lambda *batch: None).parameters.values()
    yield from (p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL))


def _describe(values: tuple[Any, ...]) -> str:
    return ", ".join(_kind(value) for value in values) or "none"


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    return type(value).__name__
