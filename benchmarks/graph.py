"""What a graph costs: its forward over the same by hand, and building it.

Usage: python benchmarks/graph.py [--rounds N]

Forward: 100 small modules, in a row and in residuals, against the same lines written by hand with the same
weights; timed in turns in one loop, single thread, medians; nothing is tagged. Goal: at most 1.03.
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

WIDTH, CALLS = 16, 20


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
    """Microseconds of one forward, ours and by hand."""
    torch.set_num_threads(1)
    ours, theirs = network(), ByHand()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.randn(8, WIDTH)
    with torch.no_grad():
        assert torch.equal(ours(x), theirs(x))
        times: dict[str, list[float]] = {"ours": [], "theirs": []}
        for turn in range(rounds):
            pairs = [("ours", ours), ("theirs", theirs)]
            for name, module in pairs if turn % 2 else pairs[::-1]:
                start = time.perf_counter()
                for _ in range(CALLS):
                    module(x)
                times[name].append((time.perf_counter() - start) / CALLS * 1e6)
    return median(times["ours"]), median(times["theirs"])


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
