"""What a graph costs: its forward over the same by hand, and building it.

Usage: python benchmarks/graph.py [--rounds N]

Forward: 100 small modules, in a row and in residuals, against the same lines written by hand with the same
weights; ten pairs of both, timed in turns, single thread, medians; nothing is tagged. Goal: at most 1.03.
Building: flows of 1,000 and 10,000 nodes from words to graph, the words included; the better of three. Goals: the time
per node grows to at most 1.5 times, and 10,000 nodes take less than 3 s.
Writes benchmarks/results/graph.md.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from statistics import median

import torch
from flodl import FlowBuilder, Graph
from record import write_result
from torch import Tensor, nn

WIDTH, CALLS, PAIRS = 16, 20, 10


class ByHand(nn.Module):
    """The flow of `network`, as a person would write it: 20 times linear, tanh, a residual, relu, linear."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(20):
            setattr(self, f"first_{number}", nn.Linear(WIDTH, WIDTH))
            setattr(self, f"tanh_{number}", nn.Tanh())
            setattr(self, f"residual_{number}", nn.Linear(WIDTH, WIDTH))
            setattr(self, f"relu_{number}", nn.ReLU())
            setattr(self, f"last_{number}", nn.Linear(WIDTH, WIDTH))
        lines = ["def forward(self, x):"]
        for n in range(20):
            lines.append(f"    x = self.tanh_{n}(self.first_{n}(x))")
            lines.append(f"    x = x + self.residual_{n}(x)")
            lines.append(f"    x = self.last_{n}(self.relu_{n}(x))")
        scope: dict[str, Callable[..., Tensor]] = {}
        exec("\n".join([*lines, "    return x"]), scope)
        type(self).forward = scope["forward"]  # type: ignore[method-assign]


def network() -> Graph:
    """20 times five modules."""
    flow = FlowBuilder()
    for _ in range(20):
        flow = flow.through("linear", WIDTH, WIDTH).through("tanh").also("linear", WIDTH, WIDTH)
        flow = flow.through("relu").through("linear", WIDTH, WIDTH)
    return flow.build()


def forward(rounds: int) -> tuple[float, float]:
    """Microseconds of one forward, ours and by hand; of several pairs, since one may lie badly in memory."""
    torch.set_num_threads(1)
    times: tuple[list[float], list[float]] = ([], [])
    for pair in range(PAIRS):
        first, second = (network, ByHand) if pair % 2 else (ByHand, network)
        made: list[nn.Module] = [first(), second()]
        ours, theirs = made if pair % 2 else made[::-1]
        theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
        timed(ours, theirs, rounds // PAIRS, times)
    return median(times[0]), median(times[1])


@torch.no_grad()
def timed(ours: nn.Module, theirs: nn.Module, rounds: int, times: tuple[list[float], list[float]]) -> None:
    """Both in turns, and who goes first in turns."""
    x = torch.randn(8, WIDTH)
    assert torch.equal(ours(x), theirs(x))
    for turn in range(rounds):
        pairs = list(zip(times, (ours, theirs), strict=True))
        for taken, module in pairs if turn % 2 else pairs[::-1]:
            start = time.perf_counter()
            for _ in range(CALLS):
                module(x)
            taken.append((time.perf_counter() - start) / CALLS * 1e6)


def building(nodes: int) -> float:
    """Seconds from the first word to the graph; the better of three."""
    best = float("inf")
    for _ in range(3):
        gc.collect()
        start = time.perf_counter()
        flow = FlowBuilder("linear", 2, 2)
        for index in range(nodes - 1):
            flow = flow.through("linear", 2, 2) if index % 2 else flow.through("tanh")
        flow.build()
        best = min(best, time.perf_counter() - start)
    return best


def main(rounds: int) -> None:
    ours, theirs = forward(rounds)
    small, large = building(1_000), building(10_000)
    ratio = large / small / 10
    rows = [
        "| what | measured | goal |",
        "|---|---|---|",
        f"| forward of 100 modules, graph | {ours:.0f} us | |",
        f"| by hand | {theirs:.0f} us | |",
        f"| graph over by hand | {ours / theirs:.3f} | 1.03 |",
        f"| building 1,000 nodes | {small:.2f} s, {small * 1e3:.0f} us a node | |",
        f"| building 10,000 nodes | {large:.2f} s, {large * 1e2:.0f} us a node | 3 s |",
        f"| time a node, 10,000 over 1,000 | {ratio:.2f} | 1.5 |",
    ]
    write_result("graph", "What a graph costs", __doc__ or "", rows, ["torch"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    main(parser.parse_args().rounds)
