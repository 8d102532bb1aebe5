"""Does a data set fit on a device, beside the model that will be trained there?"""

from __future__ import annotations

import torch
from flodl_core.sizes import in_bytes
from flodl_core.tensor import memory_of

_SHARE = 2  # of what is free, one part in so many is for data


def why_no_room(nbytes: int, device: torch.device, budget: int | None) -> str | None:
    """Why so many bytes are too many; None: they fit.

    Args:
        nbytes: What the data takes.
        device: Where it is to be.
        budget: Bytes that it may take; None: half of what is free on a GPU, anything elsewhere.

    >>> why_no_room(3 << 30, torch.device("cpu"), 1 << 30)
    'it takes 3.0 GiB, and its budget is 1.0 GiB'
    """
    if budget is not None:
        return None if nbytes <= budget else f"it takes {in_bytes(nbytes)}, and its budget is {in_bytes(budget)}"
    found = memory_of(device) if device.type == "cuda" else None
    if found is None:
        return None
    free = found.free + found.reserved - found.active  # what torch's allocator keeps is free too
    if nbytes <= free // _SHARE:
        return None
    return f"it takes {in_bytes(nbytes)}, and {device} has {in_bytes(free)} free, half of it for data"
