"""Probe `gpu`: load, memory, power and temperature of the NVIDIA GPUs that this process may see."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, final

from flodl_core.errors import MissingDistribution

_DRIVER = Path("/proc/driver/nvidia/version")


@final
class Gpu:
    """Per GPU: `gpu0_percent`, `gpu0_memory_used`, `gpu0_memory_total`, `gpu0_power`, `gpu0_temperature`.

    In percent, bytes, watts and degrees Celsius. Read through NVML, which asks the driver and never
    CUDA: no context is made, no kernel waited for. Memory is the whole device's, other processes'
    included. Numbered as `CUDA_VISIBLE_DEVICES` numbers them; what a device cannot tell (a MIG slice
    its load, say) is absent.

    Args:
        nvml: The module that speaks to the driver; `pynvml` of nvidia-ml-py if not given.

    Raises:
        MissingDistribution: There is an NVIDIA driver, but nvidia-ml-py is not installed.
    """

    def __init__(self, nvml: Any = None) -> None:
        self._nvml = _load() if nvml is None else nvml
        self._devices: list[Any] = []
        if self._nvml is None:
            return
        try:
            self._nvml.nvmlInit()
        except self._nvml.NVMLError as error:
            self._nvml = None
            if _DRIVER.exists():
                raise RuntimeError(f"the NVIDIA driver does not answer: {error}") from None
            return
        try:
            self._devices = list(_visible(self._nvml, os.environ.get("CUDA_VISIBLE_DEVICES")))
        except self._nvml.NVMLError as error:
            self.close()
            raise RuntimeError(f"the NVIDIA driver does not tell its GPUs: {error}") from None

    def sample(self) -> Mapping[str, float]:
        """All readings that there are."""
        readings = {}
        for index, device in enumerate(self._devices):
            for name, read in _READINGS.items():
                try:
                    readings[f"gpu{index}_{name}"] = float(read(self._nvml, device))
                except self._nvml.NVMLError:
                    continue  # this device cannot tell; the others may
        return readings

    def close(self) -> None:
        """Let the driver go."""
        nvml, self._nvml, self._devices = self._nvml, None, []
        if nvml is not None:
            nvml.nvmlShutdown()


_READINGS: Mapping[str, Callable[[Any, Any], float]] = {
    "percent": lambda nvml, device: nvml.nvmlDeviceGetUtilizationRates(device).gpu,
    "memory_used": lambda nvml, device: nvml.nvmlDeviceGetMemoryInfo(device).used,
    "memory_total": lambda nvml, device: nvml.nvmlDeviceGetMemoryInfo(device).total,
    "power": lambda nvml, device: nvml.nvmlDeviceGetPowerUsage(device) / 1e3,
    "temperature": lambda nvml, device: nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU),
}


def _load() -> Any:
    """NVIDIA's own bindings, or None on a machine without its driver."""
    try:
        import pynvml  # type: ignore[import-not-found, import-untyped, unused-ignore]  # an extra
    except ImportError:
        if _DRIVER.exists():
            raise MissingDistribution(
                "the GPU's readings need nvidia-ml-py", mend="pip install 'flodl-monitor[gpu]'"
            ) from None
        return None
    return pynvml


def _visible(nvml: Any, chosen: str | None) -> Iterator[Any]:
    """The devices in CUDA's numbering: all, or those that CUDA_VISIBLE_DEVICES lists up to the first unknown one."""
    everything = range(nvml.nvmlDeviceGetCount())
    if chosen is None:
        yield from map(nvml.nvmlDeviceGetHandleByIndex, everything)
        return
    for word in (part.strip() for part in chosen.split(",")):
        try:
            if word.isdigit():
                yield nvml.nvmlDeviceGetHandleByIndex(int(word))
            elif word.startswith("MIG-"):
                yield nvml.nvmlDeviceGetHandleByUUID(word)
            elif word.startswith("GPU-"):
                handles = map(nvml.nvmlDeviceGetHandleByIndex, everything)
                yield next(handle for handle in handles if _uuid(nvml, handle).startswith(word))
            else:
                return
        except (nvml.NVMLError, StopIteration):
            return


def _uuid(nvml: Any, device: Any) -> str:
    uuid = nvml.nvmlDeviceGetUUID(device)
    return uuid.decode() if isinstance(uuid, bytes) else uuid
