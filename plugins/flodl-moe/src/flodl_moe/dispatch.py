"""Two ways to bring each expert its own tokens: by counting them, or by giving each expert a number of places.

Tokens are copied and picked by indices that name each row once, so that sums have one order: the same
bits at every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import torch
from flodl_core import ShapeError
from flodl_core.capture import host_work
from flodl_graph import is_known, stream_of
from torch import Tensor, nn

# T tokens, D features; E experts; K experts per token; C places of an expert


class Dispatched(NamedTuple):
    """What experts made of their tokens. A tuple, which compilers see through.

    Args:
        outputs: For each token and each of its experts, [K, T, ...]; zeros where there was no place.
        arrived: Whether the expert had a place for the token, [K, T]; None: each had.
    """

    outputs: Tensor
    arrived: Tensor | None = None


def by_count(experts: Sequence[nn.Module], tokens: Tensor, index: Tensor) -> Dispatched:
    """Each expert is called once, with exactly its tokens; one without tokens is not called.

    The host reads how many tokens each has, which a recorded step cannot do.

    Shapes: tokens [T, D], index i64 [T, K] -> [K, T, ...].

    Raises:
        Refusal: A step that is to be recorded is on trial.
    """
    host_work("moe() counts each expert's tokens on the host: capacity=1.25 gives each a fixed number of places")
    if not is_known(index):  # only shapes are asked for: all experts must fit
        outputs = _joined([stream_of(expert(tokens)).unsqueeze(0) for expert in experts])
        return Dispatched(outputs[:1].expand(index.shape[1], *outputs.shape[1:]))
    chosen = index.T.reshape(-1)  # [K * T], first choices first
    order = chosen.argsort(stable=True)
    counts = _chosen_by(chosen, len(experts)).sum(0).tolist()
    rows = tokens.repeat(index.shape[1], 1).index_select(0, order).split(counts)
    pairs = zip(experts, rows)  # noqa: B905 - a row of counts each; torch 2.6 compiles no zip(strict=True)
    made = [stream_of(expert(own)) for expert, own in pairs if len(own)]
    made = made or [stream_of(experts[0](tokens))]  # no tokens at all: one expert says what shape nothing has
    outputs = _joined(made).index_select(0, order.argsort())
    return Dispatched(outputs.unflatten(0, (index.shape[1], -1)))


def by_capacity(experts: Sequence[nn.Module], tokens: Tensor, index: Tensor, capacity: float) -> Dispatched:
    """Each expert is called with as many rows, whatever the router says; tokens beyond that get nothing from it.

    Places go to first choices first, and then by order. Nothing is read on the host.

    Shapes: tokens [T, D], index i64 [T, K] -> [K, T, ...].

    Args:
        capacity: Places of all experts together, over the K * T that are wanted.

    Source:
        Lepikhin et al. 2020, "GShard", algorithm 1; Fedus et al. 2021, "Switch Transformers", section 2.2.
    """
    number, per_token = len(experts), index.shape[1]
    places = places_of(capacity, tokens.shape[0], per_token, number)  # C; of `len` an exporter would make a constant
    chosen = index.T.reshape(-1)  # [K * T], first choices first
    ours = _chosen_by(chosen, number)  # [K * T, E]
    place = (ours.cumsum(0) * ours).sum(1) - 1  # its number among the tokens of its expert, from 0
    arrived = place < places
    slot = torch.where(arrived, chosen * places + place, number * places)  # the last row takes what has no place
    rows = tokens.new_zeros(number * places + 1, tokens.shape[1])
    rows = rows.index_copy(0, slot, tokens.repeat(per_token, 1))
    made = [stream_of(expert(rows.narrow(0, e * places, places))) for e, expert in enumerate(experts)]
    nothing = made[0].new_zeros(1, *made[0].shape[1:])
    outputs = _joined([*made, nothing]).index_select(0, slot)
    return Dispatched(outputs.unflatten(0, (per_token, -1)), arrived.unflatten(0, (per_token, -1)))


def places_of(capacity: float, tokens: int, per_token: int, experts: int) -> int:
    """How many tokens an expert takes: its even share times the capacity, rounded up; all of them at most.

    >>> places_of(1.25, tokens=64, per_token=2, experts=8)
    20
    >>> places_of(1.1, tokens=100, per_token=1, experts=10)  # 12, if 1.1 were the float that is nearest to it
    11
    """
    share = Fraction(capacity).limit_denominator(1000) * per_token / experts  # as it was written: 1.1 is 11 / 10
    return max(1, min(tokens, -(-tokens * share.numerator // share.denominator)))


def _joined(made: Sequence[Tensor]) -> Tensor:
    """What experts gave, one below the other. Shapes: [n, ...] each -> [N, ...]."""
    sizes = [list(each.shape[1:]) for each in made]
    if any(size != sizes[0] for size in sizes):
        found = sorted({str(size) for size in sizes})
        raise ShapeError(f"experts give tokens of unlike shapes: {', '.join(found)}", mend="let all end in one size")
    return torch.cat(list(made))


def _chosen_by(chosen: Tensor, experts: int) -> Tensor:
    """A row for each choice, 1 at the expert. Shapes: i64 [N] -> i64 [N, E]."""
    return (chosen.unsqueeze(1) == torch.arange(experts, device=chosen.device)).long()
