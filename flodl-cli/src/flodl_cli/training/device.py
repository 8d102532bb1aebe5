"""What trains, in words."""

from __future__ import annotations

import torch


def described(device: torch.device) -> str:
    """The device in words.

    >>> described(torch.device("cpu")).startswith("cpu, ")
    True
    """
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
