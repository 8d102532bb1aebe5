"""torch and its devices, asked in a child process: a broken torch must not break the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flodl_core.requirements import unmet

from flodl_cli.health.child import ask
from flodl_cli.health.finding import Finding
from flodl_cli.health.installed import requirements_of, versions_of
from flodl_cli.health.parts import several
from flodl_cli.locate import find_module

_ASK_TORCH = """
import time
start = time.perf_counter()
import torch
seconds = time.perf_counter() - start
threads = torch.get_num_threads()
answer = {"version": str(torch.__version__), "seconds": seconds, "cuda": torch.version.cuda, "threads": threads}
answer["file"] = torch.__file__
"""
_ASK_CUDA = """
import torch
answer = {"devices": []}
for index in range(torch.cuda.device_count()):
    found = torch.cuda.get_device_properties(index)
    torch.ones(1, device=index).add_(1)
    answer["devices"].append({"name": found.name, "bytes": found.total_memory})
"""
_ASK_NVML = """
import pynvml
pynvml.nvmlInit()
answer = {"devices": pynvml.nvmlDeviceGetCount()}
"""
_DRIVER = Path("/proc/driver/nvidia/version")
_NEED_TORCH = ("flodl-nn", "flodl-graph")
_AUTOLOAD = "TORCH_DEVICE_BACKEND_AUTOLOAD"


def look_at_torch(timeout: float) -> Iterator[Finding]:
    """Whether torch imports, whether it is the one that is installed, and which devices it can really use.

    Args:
        timeout: Seconds for each question.
    """
    versions = versions_of("torch")
    if not versions and find_module("torch") is None:
        yield Finding("torch", "not installed: list and show work, training does not", "note", "pip install torch")
        return
    if len(versions) > 1:
        yield several("torch", versions)
    answer = ask(_ASK_TORCH, timeout=timeout)
    if answer.failure:
        said = f"{' and '.join(versions) or 'without metadata'}, cannot be imported: {answer.failure}"
        backend = f"; if a device backend is at fault: {_AUTOLOAD}=0" if _AUTOLOAD in answer.failure else ""
        yield Finding("torch", said, "problem", f"pip install --force-reinstall torch{backend}")
        return
    yield _judge(answer.data, versions)
    yield from _look_at_cuda(answer.data, timeout)


def _judge(torch: Mapping[str, Any], versions: list[str]) -> Finding:
    said = "{version}, imported in {seconds:.1f} s, {threads} CPU threads".format(**torch)
    if versions and torch["version"].partition("+")[0] != versions[0].partition("+")[0]:
        said = f"{versions[0]} is installed, and {torch['version']} is imported, from {torch['file']}"
        return Finding(
            "torch", said, "problem", "take that folder off PYTHONPATH, or pip install --force-reinstall torch"
        )
    for name in _NEED_TORCH:
        for need in requirements_of(name):
            if need.startswith("torch") and unmet(need):
                return Finding("torch", f"{said}; {name} requires {need}", "problem", f"pip install --upgrade '{need}'")
    return Finding("torch", said)


def _look_at_cuda(torch: Mapping[str, Any], timeout: float) -> Iterator[Finding]:
    if not torch["cuda"]:
        if _DRIVER.exists():
            said = "there is an NVIDIA driver, but this torch is built without CUDA"
            yield Finding("cuda", said, "note", "pip install torch from the CUDA index: https://pytorch.org")
        else:
            yield Finding("cuda", "this torch is built without it: the CPU trains")
        return
    answer = ask(_ASK_CUDA, timeout=timeout)
    if answer.failure:
        yield Finding("cuda", f"{torch['cuda']} fails: {answer.failure}", "problem", "nvidia-smi shows the driver")
    elif not answer.data["devices"]:
        yield Finding("cuda", f"{torch['cuda']}, no device", "note", "nvidia-smi shows devices and driver")
    else:
        devices = (f"{device['name']} ({device['bytes'] / 2**30:.0f} GiB)" for device in answer.data["devices"])
        yield Finding("cuda", f"{torch['cuda']}, {', '.join(devices)}")
        yield _look_at_nvml(timeout)


def _look_at_nvml(timeout: float) -> Finding:
    """What the monitor reads a GPU's use, memory and power with: without it, training goes on and shows less."""
    if find_module("pynvml") is None:
        said = "nvidia-ml-py is not installed: the monitor shows nothing of the GPU"
        return Finding("nvml", said, "note", "pip install 'flodl-monitor[gpu]'")
    answer = ask(_ASK_NVML, timeout=timeout)
    if answer.failure:
        said = f"the monitor shows nothing of the GPU: {answer.failure}"
        return Finding("nvml", said, "note", "nvidia-smi shows whether the driver answers")
    return Finding("nvml", f"GPUs that can be watched: {answer.data['devices']}")
