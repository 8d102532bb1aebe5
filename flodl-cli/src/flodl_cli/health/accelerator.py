"""torch and its devices, asked in a child process: a broken torch must not break the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from flodl_cli.health.child import ask
from flodl_cli.health.finding import Finding

_ASK_TORCH = """
import time
start = time.perf_counter()
import torch
seconds = time.perf_counter() - start
threads = torch.get_num_threads()
answer = {"version": torch.__version__, "seconds": seconds, "cuda": torch.version.cuda, "threads": threads}
"""
_ASK_CUDA = """
import torch
answer = {"devices": []}
for index in range(torch.cuda.device_count()):
    found = torch.cuda.get_device_properties(index)
    torch.ones(1, device=index).add_(1)
    answer["devices"].append({"name": found.name, "bytes": found.total_memory})
"""
_DRIVER = Path("/proc/driver/nvidia/version")


def look_at_torch(timeout: float) -> Iterator[Finding]:
    """Whether torch imports, and which devices it can really use.

    Args:
        timeout: Seconds for each of the two questions.
    """
    try:
        installed = metadata.version("torch")
    except metadata.PackageNotFoundError:
        yield Finding("torch", "not installed: list and show work, training does not", "note", "pip install torch")
        return
    answer = ask(_ASK_TORCH, timeout=timeout)
    if answer.failure:
        said = f"{installed} cannot be imported: {answer.failure}"
        yield Finding("torch", said, "problem", "pip install --force-reinstall torch")
        return
    said = "{version}, imported in {seconds:.1f} s, {threads} CPU threads".format(**answer.data)
    yield Finding("torch", said)
    yield _look_at_cuda(answer.data, timeout)


def _look_at_cuda(torch: Mapping[str, Any], timeout: float) -> Finding:
    if not torch["cuda"]:
        if _DRIVER.exists():
            said = "there is an NVIDIA driver, but this torch is built without CUDA"
            return Finding("cuda", said, "note", "pip install torch from the CUDA index: https://pytorch.org")
        return Finding("cuda", "this torch is built without it: the CPU trains")
    answer = ask(_ASK_CUDA, timeout=timeout)
    if answer.failure:
        return Finding("cuda", f"{torch['cuda']} fails: {answer.failure}", "problem", "nvidia-smi shows the driver")
    if not answer.data["devices"]:
        return Finding("cuda", f"{torch['cuda']}, no device", "note", "nvidia-smi shows devices and driver")
    devices = ", ".join(f"{device['name']} ({device['bytes'] / 2**30:.0f} GiB)" for device in answer.data["devices"])
    return Finding("cuda", f"{torch['cuda']}, {devices}")
