"""One function decides where tensors live."""

from __future__ import annotations

import torch

from flodl_core.errors import TensorError, did_you_mean

_KINDS = ("auto", "cpu", "cuda", "mps", "meta")


def pick_device(choice: str | int | torch.device = "auto") -> torch.device:
    """The device that a user's word means, there and ready, or an error that says why not.

    Args:
        choice: `"auto"`: CUDA's current device when there is one, else the CPU. `"cpu"`, `"cuda"`, `"cuda:1"`,
            `"mps"`, the number of a CUDA device, or a `torch.device`. CUDA devices are answered with their number.

    Raises:
        TensorError: There is no such device here.

    >>> pick_device("cpu")
    device(type='cpu')
    """
    if isinstance(choice, str) and choice.strip().lower() == "auto":
        return _cuda(None) if torch.cuda.is_available() else torch.device("cpu")
    device = _parsed(choice)
    if device.type == "cuda":
        return _cuda(device.index)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise TensorError(f"device {choice!r} is not there: this is no Apple GPU", mend='use "auto" or "cpu"')
    return device if device.type in _KINDS else _tried(device)


def _tried(device: torch.device) -> torch.device:
    """Of other kinds torch knows the names, whether it was built for them or not."""
    try:
        torch.empty(0, device=device)
    except Exception as error:
        said = str(error).partition("\n")[0]
        raise TensorError(f"device {str(device)!r} is not there: {said}", mend='use "auto" or "cpu"') from error
    return device


def _parsed(choice: str | int | torch.device) -> torch.device:
    if isinstance(choice, torch.device):
        return choice
    if isinstance(choice, bool) or not isinstance(choice, (str, int)):
        raise TensorError(
            f"a device is due, got {choice!r}", mend='use "auto", "cpu", "cuda", "cuda:1" or a torch.device'
        )
    try:
        return torch.device("cuda", choice) if isinstance(choice, int) else torch.device(choice.strip().lower())
    except (RuntimeError, ValueError):
        mend = did_you_mean(str(choice), _KINDS) or 'use "auto", "cpu", "cuda" or "cuda:1"'
        raise TensorError(f"{choice!r} is no device", mend=mend) from None


def _cuda(index: int | None) -> torch.device:
    if not torch.cuda.is_available():
        if torch.version.cuda is None:
            reason, mend = "this torch was built without it", 'install a CUDA build of torch, or use "auto"'
        else:
            reason, mend = "no GPU or no driver was found", 'look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use "auto"'
        raise TensorError(f"device 'cuda' is not there: {reason}", mend=mend)
    count = torch.cuda.device_count()
    if index is None:
        index = torch.cuda.current_device()
    if index >= count:
        there = ", ".join(f"cuda:{number}" for number in range(count))
        raise TensorError(f"device 'cuda:{index}' is not there", mend=f"there is {there}")
    return torch.device("cuda", index)
