"""Optimizer states that the Rust framework floDl saved, into torch's optimizers."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch
from flodl_core import CheckpointError, TrainingError
from flodl_core.checkpoint.place import at
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from flodl_nn.optim.state_file import Layout, SavedState, most_bytes, read_state

_ADAM = ("exp_avg", "exp_avg_sq")
LAYOUTS: Mapping[type[Optimizer], Layout] = {
    SGD: Layout((), ("lr",), ("momentum_buffer",)),
    AdamW: Layout(("weight_decay",), ("lr", "t"), _ADAM, ("exp_avg_sq",)),
    Adam: Layout((), ("lr", "t"), _ADAM, ("exp_avg_sq",)),
    RMSprop: Layout(
        (),
        ("lr", "alpha", "eps", "weight_decay", "momentum"),
        ("square_avg", "momentum_buffer"),
        ("square_avg",),
    ),
}
"""What floDl saves, by torch's class. It saves no state of its Adagrad, RAdam and NAdam."""

_LACKS = {"amsgrad": "largest second moments", "centered": "means of gradients"}
"""Options of torch that need what floDl's files do not hold."""

_Groups: TypeAlias = "list[dict[str, Any]]"


def load_flodl_state(path: str | os.PathLike[str], optimizer: Optimizer) -> None:
    """Go on from an optimizer state that floDl saved (`save_state_file`); gzipped if the name ends in `.gz`.

    The file names nothing: parameters are matched by their order, over all groups. Rates come from the
    file, and what else it holds (AdamW's weight decay; RMSprop's alpha, eps, weight decay and momentum).
    Betas and SGD's momentum it does not hold: give the optimizer floDl's. Nothing changes unless all fits.

    Args:
        path: The file.
        optimizer: SGD, Adam, AdamW or RMSprop over the same parameters, in the same order and groups. Of a
            `TrainStep`, it is `step.optimizer`: load before the first step.

    Raises:
        TrainingError: floDl saves no state of such an optimizer.
        CheckpointError: The file does not fit, or is damaged.
    """
    layout = _layout_of(optimizer)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    shapes = [p.shape for p in parameters]
    with at(path, "read") as place:
        saved = read_state(_bytes_of(place, most_bytes(layout, shapes)), layout, shapes)
        groups = _groups(optimizer, saved)
        state = {index: entry for index, held in enumerate(saved.tensors) if (entry := _entry(held, saved, optimizer))}
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _layout_of(optimizer: Optimizer) -> Layout:
    layout = next((layout for kind, layout in LAYOUTS.items() if isinstance(optimizer, kind)), None)
    name = type(optimizer).__name__
    if layout is None:
        known = ", ".join(kind.__name__ for kind in LAYOUTS)
        raise TrainingError(f"floDl saves no state of {name}", mend=f"it saves those of {known}")
    for option, what in _LACKS.items():
        if any(group.get(option) for group in optimizer.param_groups):
            raise TrainingError(f"floDl's states hold no {what}, which {name}({option}=True) needs")
    return layout


def _bytes_of(place: Path, most: int) -> bytes:
    """The whole file, unpacked; not one byte more than fits the parameters."""
    try:
        with gzip.open(place) if place.suffix == ".gz" else place.open("rb") as file:
            data = file.read(most + 1)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise CheckpointError(f"its gzip stream is damaged: {error}", mend="restore the file from a copy") from None
    if len(data) > most:
        raise CheckpointError(f"it is longer than a state of these parameters can be, {most:,} bytes")
    return data


def _groups(optimizer: Optimizer, saved: SavedState) -> _Groups:
    """The optimizer's groups with the file's rates and numbers, in the form of a state dict."""
    begin, groups = 0, []
    numbers = {name: value for name, value in saved.numbers.items() if name not in ("lr", "t")}
    rates = {(group.begin, group.end): group.lr for group in saved.groups}
    for own in optimizer.param_groups:
        end = begin + len(own["params"])
        if rates and (begin, end) not in rates:
            theirs = ", ".join(f"{first} to {last - 1}" for first, last in rates)
            raise CheckpointError(
                f"its groups are parameters {theirs}; the optimizer has {begin} to {end - 1} together",
                mend="give the optimizer the same groups",
            )
        rate = rates.get((begin, end), saved.numbers["lr"])
        held = {key: value for key, value in own.items() if key != "params"}
        kept = torch.full_like(own["lr"], rate) if isinstance(own["lr"], Tensor) else rate
        groups.append({**held, **numbers, "lr": kept, "params": list(range(begin, end))})
        begin = end
    if rates and len(rates) != len(groups):
        raise CheckpointError(f"it has {len(rates)} groups, the optimizer has {len(groups)}")
    return groups


def _entry(held: Mapping[str, Tensor | None], saved: SavedState, optimizer: Optimizer) -> dict[str, Any]:
    """What torch keeps of one parameter; nothing before its first update."""
    there = {moment: value for moment, value in held.items() if value is not None}
    if isinstance(optimizer, SGD):
        if there and not all(group["momentum"] for group in optimizer.param_groups):
            raise CheckpointError("it holds velocities, the optimizer has no momentum", mend="give it floDl's momentum")
        return there
    if isinstance(optimizer, RMSprop) and "square_avg" in there and saved.numbers["momentum"]:
        there.setdefault("momentum_buffer", torch.zeros_like(there["square_avg"]))
    if there and not there.keys() >= {"square_avg"} and not there.keys() >= set(_ADAM):
        raise CheckpointError(f"it holds {' and '.join(there)} of a parameter, and not all that belongs to it")
    return {"step": torch.tensor(float(saved.numbers.get("t", 0.0))), **there} if there else {}
