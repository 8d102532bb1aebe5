"""Which device trains."""

from __future__ import annotations

import torch
from flodl_core.errors import ExperimentError


def choose_device(wanted: str) -> torch.device:
    """The device that `auto`, `cpu` or `cuda` means here.

    Raises:
        ExperimentError: CUDA is wanted and cannot be used.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ExperimentError(
            "[train] device: no CUDA device can be used", mend='device = "auto"; flodl doctor tells why'
        )
    use_cuda = wanted == "cuda" or (wanted == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if use_cuda else "cpu")


def described(device: torch.device) -> str:
    """The device in words.

    >>> described(torch.device("cpu")).startswith("cpu, ")
    True
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
