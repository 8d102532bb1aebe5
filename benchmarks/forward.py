"""The forward of the digits graph against the same network written by hand, on the CPU.

Usage: python benchmarks/forward.py [--rounds N]

Both hold the same weights and must give the same numbers; timed in turns in the same loop, single thread, medians.
Goal: at most 1.03 times the hand-written module. A graph keeps its tagged values until the next call, which costs
memory traffic that the hand-written module does not have; `graph.observe()` narrows that to what is named, here to
nothing: both are shown.
Writes benchmarks/results/forward.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from flodl import FlowBuilder, Graph
from record import write_result
from torch import Tensor, nn

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "digits.toml"


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(32, 32, 3, padding=1)
        self.norm = nn.BatchNorm2d(32)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x)))


class ByHand(nn.Module):
    """examples/digits.toml as a person would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.strokes = nn.Conv2d(1, 32, 3, padding=1)
        self.norm_1 = nn.BatchNorm2d(32)
        self.relu_1 = nn.ReLU()
        self.parts = Residual()
        self.pool_1 = nn.MaxPool2d(2)
        self.shapes = nn.Conv2d(32, 64, 3, padding=1)
        self.norm_2 = nn.BatchNorm2d(64)
        self.relu_2 = nn.ReLU()
        self.pool_2 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.3)
        self.digit = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.strokes(x)
        x = self.norm_1(x)
        x = self.relu_1(x)
        x = x + self.parts(x)
        x = self.pool_1(x)
        x = self.shapes(x)
        x = self.norm_2(x)
        x = self.relu_2(x)
        x = self.pool_2(x)
        x = self.flatten(x)
        x = self.dropout(x)
        return self.digit(x)


def pair() -> tuple[Graph, nn.Module]:
    """The graph of the example and the hand-written module, with the same weights, in evaluation."""
    tables = tomllib.loads(EXAMPLE.read_text())["model"]["flow"]
    graph = FlowBuilder.from_tables(tables).label("digits").build()
    by_hand = ByHand()
    weights = zip(by_hand.state_dict(), graph.state_dict().values(), strict=True)
    by_hand.load_state_dict(dict(weights))
    graph.eval()
    return graph, by_hand.eval()


def seconds(call: Callable[[Tensor], Tensor], x: Tensor) -> float:
    start = time.perf_counter()
    call(x)
    return time.perf_counter() - start


@torch.no_grad()
def measure(graph: nn.Module, by_hand: nn.Module, batch: int, rounds: int) -> tuple[float, float]:
    """Median seconds of both, timed in turns; the first tenth only warms up."""
    x = torch.randn(batch, 1, 8, 8)
    if not torch.equal(graph(x), by_hand(x)):
        raise SystemExit("the graph and the hand-written module disagree: nothing to compare")
    times = []
    for number in range(rounds):
        turns = [graph, by_hand] if number % 2 else [by_hand, graph]
        taken = {id(each): seconds(each, x) for each in turns}
        times.append((taken[id(graph)], taken[id(by_hand)]))
    ours, theirs = zip(*times[rounds // 10 :], strict=True)
    return median(ours), median(theirs)


def main(rounds: int) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    graph, by_hand = pair()
    rows = ["| batch | tagged values | by hand, microseconds | graph, microseconds | ratio |", "|---|---|---|---|---|"]
    for kept in ("kept", "not kept"):
        if kept == "not kept":
            graph.observe()
        for batch in (1, 32, 256):
            ours, theirs = measure(graph, by_hand, batch, rounds)
            rows.append(f"| {batch} | {kept} | {theirs * 1e6:.1f} | {ours * 1e6:.1f} | {ours / theirs:.3f} |")
    rows.append(f"\nmedians of {rounds} rounds, taken in turns, one thread; `print(model.code)`:\n")
    rows.append(f"```python\n{graph.code.rstrip()}\n```")
    write_result("forward", "The forward of the digits graph", __doc__ or "", rows, ["torch"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000)
    main(parser.parse_args().rounds)
