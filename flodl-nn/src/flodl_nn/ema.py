"""An exponential moving average of a model's weights, for evaluation: smoother than the last step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

import torch
from flodl_core import CheckpointError, TrainingError
from torch import Tensor, nn

_FORMAT = 1


@final
class EMA:
    """Keeps `average = decay * average + (1 - decay) * weight` for every trainable parameter.

        ema = EMA(model, decay=0.999)
        for x, y in loader:
            step(x, y)
            ema.update()
        with ema.applied():
            step.evaluate(x, y)

    Kernels over lists of tensors; nothing waits for the device. A frozen part is left alone and
    keeps the average it had; one that is thawed later begins with its weights of then. Buffers, such
    as BatchNorm statistics, are running averages already and are not touched. Averages are held in
    float32 at least: weights in half precision move by less than such a number can be told apart.

    Args:
        model: Whose weights are averaged.
        decay: How much of the average stays at each update, at least 0 and below 1.
        warmup: Begin with less, `(1 + n) / (10 + n)` at update n, so that the first weights are soon
            forgotten.

    Raises:
        TrainingError: The decay is out of range.

    >>> net = nn.Linear(1, 1, bias=False)
    >>> ema = EMA(net, decay=0.5, warmup=False)
    >>> _ = net.weight.detach().add_(2.0)
    >>> ema.update()
    >>> with ema.applied():
    ...     averaged = net.weight.item()
    >>> round(net.weight.item() - averaged, 4)
    1.0
    """

    def __init__(self, model: nn.Module, decay: float = 0.999, *, warmup: bool = True) -> None:
        _check_decay(decay)
        self.model, self.decay, self.warmup = model, decay, warmup
        self.updates = 0
        """Updates done."""
        self._averages: dict[str, Tensor] = {}
        self._take_in()

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights into the average; after each optimizer step."""
        self._take_in()
        self.updates += 1
        keep = min(self.decay, (1 + self.updates) / (10 + self.updates)) if self.warmup else self.decay
        live = self._trainable()
        for averages, weights in _alike(self._averages, live):
            torch._foreach_lerp_(averages, weights, 1.0 - keep)

    @contextmanager
    def applied(self) -> Iterator[nn.Module]:
        """The model has its averages inside, and its own weights again afterwards.

        Training inside would train the averages; an optimizer step there is lost.
        """
        held = {name: p for name, p in self.model.named_parameters() if name in self._averages}
        own = {name: p.detach().clone() for name, p in held.items()}
        _write(held, self._averages)
        try:
            yield self.model
        finally:
            _write(held, own)

    def copy_to(self, model: nn.Module) -> None:
        """Give the averages to a model of the same parameters, for good.

        Raises:
            TrainingError: It lacks one of them, or has it in another shape.
        """
        held = dict(model.named_parameters())
        for name, average in self._averages.items():
            if name not in held or held[name].shape != average.shape:
                raise TrainingError(f"the model has no parameter {name!r} of shape {list(average.shape)}")
        _write({name: held[name] for name in self._averages}, self._averages)

    def state_dict(self) -> dict[str, Any]:
        """The averages by parameter name, and how many updates they hold."""
        return {"format": _FORMAT, "updates": self.updates, "averages": dict(self._averages)}

    def load_state_dict(self, state: Any) -> None:
        """Go on from saved averages. Nothing changes unless all of them fit.

        Raises:
            CheckpointError: It is no such state, or of another model.
        """
        found = state.get("format") if isinstance(state, Mapping) else None
        if found != _FORMAT or not {"updates", "averages"} <= state.keys():
            raise CheckpointError(f"this is no state of an EMA, or of another version: {found!r}")
        held = dict(self.model.named_parameters())
        for name, average in state["averages"].items():
            if name not in held or held[name].shape != average.shape:
                raise CheckpointError(f"the state averages {name!r} of shape {list(average.shape)}, the model does not")
        self.updates = state["updates"]
        self._averages = {name: _loaded(a, held[name]) for name, a in state["averages"].items()}

    def _trainable(self) -> dict[str, Tensor]:
        every = self.model.named_parameters()
        return {name: p for name, p in every if p.requires_grad and p.is_floating_point()}

    def _take_in(self) -> None:
        """Begin the average of what is new, and follow what moved to another device or dtype."""
        for name, parameter in self._trainable().items():
            average = self._averages.get(name)
            dtype = _wide_dtype(parameter.dtype)
            if average is None or average.shape != parameter.shape:
                self._averages[name] = parameter.detach().to(dtype, copy=True)
            elif average.device != parameter.device or average.dtype != dtype:
                self._averages[name] = average.to(parameter.device, dtype)


def _check_decay(decay: Any) -> None:
    if not isinstance(decay, int | float) or not 0.0 <= decay < 1.0:
        raise TrainingError(f"decay is at least 0 and below 1, got {decay!r}")


def _alike(averages: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> list[tuple[list[Tensor], list[Tensor]]]:
    """Pairs of lists of one device and dtype: what one kernel takes."""
    lists: dict[Any, tuple[list[Tensor], list[Tensor]]] = {}
    for name, weight in weights.items():
        average = averages[name]
        own, theirs = lists.setdefault((average.device, average.dtype), ([], []))
        own.append(average)
        theirs.append(weight.detach().to(average.dtype))
    return list(lists.values())


def _wide_dtype(dtype: torch.dtype) -> torch.dtype:
    """In which an average is held: a small part of a difference would be lost in half precision."""
    return torch.promote_types(dtype, torch.float32)


def _loaded(average: Tensor, parameter: Tensor) -> Tensor:
    return average.detach().to(parameter.device, _wide_dtype(parameter.dtype), copy=True)


@torch.no_grad()
def _write(parameters: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    for name, parameter in parameters.items():
        parameter.copy_(values[name])
