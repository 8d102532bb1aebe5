"""A data set from a file."""

from pathlib import Path

import torch


def tides(path: str) -> torch.utils.data.TensorDataset:
    rows = [line.split() for line in Path(path).read_text().splitlines()]
    levels = torch.tensor([[float(level)] for level, _ in rows])
    data = torch.utils.data.TensorDataset(levels, torch.tensor([int(high) for _, high in rows]))
    data.classes = ("low", "high")
    return data
