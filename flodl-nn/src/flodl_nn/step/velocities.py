"""Velocities of torch's fused SGD: all parameters of a group have one, or the kernel refuses the group."""

from __future__ import annotations

import torch
from torch.optim import SGD, Optimizer


def give_velocities(optimizer: Optimizer) -> None:
    """Start the velocities that are missing at 0, where the fused SGD would need them.

    A parameter may get its first gradient later than others: thawed, added, asked to begin anew, or in a
    branch that was not taken. A velocity of 0 gives the same first step, as long as nothing is dampened.
    """
    if not isinstance(optimizer, SGD):
        return
    for group in optimizer.param_groups:
        if group["fused"] and group["momentum"] and not group["dampening"]:
            for parameter in group["params"]:
                state = optimizer.state[parameter]
                if state.get("momentum_buffer") is None:
                    state["momentum_buffer"] = torch.zeros_like(parameter)
