"""What trains, in words."""

from __future__ import annotations

import torch

from flodl_cli.output.words import counted


def described(device: torch.device) -> str:
    """The device in words.

    >>> described(torch.device("cpu")).startswith("cpu, ")
    True
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu, {counted(torch.get_num_threads(), 'thread')}"
