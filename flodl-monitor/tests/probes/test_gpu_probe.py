"""GPUs by NVML."""

from __future__ import annotations

import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import pytest
from flodl_core import MissingDistribution
from flodl_monitor import Monitor
from flodl_monitor.probes import gpu as gpu_module
from flodl_monitor.probes.gpu import Gpu

GIB = 2**30


class NvmlError(Exception):
    pass


class FakeNvml:
    """The driver of a machine with GPUs, as far as the probe asks it. Real ones: `make test-gpu`."""

    NVMLError = NvmlError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, devices, missing=(), broken=False):
        self.devices, self.missing, self.broken = devices, set(missing), broken
        self.open, self.threads = 0, set()

    def nvmlInit(self):
        if self.broken:
            raise NvmlError("Driver Not Loaded")
        self.open += 1

    def nvmlShutdown(self):
        self.open -= 1

    def nvmlDeviceGetCount(self):
        return self._ask("count", len(self.devices))

    def nvmlDeviceGetHandleByIndex(self, index):
        if index >= len(self.devices):
            raise NvmlError("Invalid Argument")
        return self.devices[index]

    def nvmlDeviceGetHandleByUUID(self, uuid):
        return self._ask("mig", f"{uuid}")

    def nvmlDeviceGetUUID(self, device):
        return f"GPU-{device}0-1234"

    def nvmlDeviceGetUtilizationRates(self, device):
        return SimpleNamespace(gpu=self._ask("percent", 82))

    def nvmlDeviceGetMemoryInfo(self, device):
        return SimpleNamespace(used=self._ask("memory", 2 * GIB), total=6 * GIB)

    def nvmlDeviceGetPowerUsage(self, device):
        return self._ask("power", 250_500)

    def nvmlDeviceGetTemperature(self, device, which):
        return self._ask("temperature", len(device) + 60)

    def _ask(self, what, answer):
        self.threads.add((what, threading.current_thread().name))
        if what in self.missing:
            raise NvmlError("Not Supported")
        return answer


@pytest.fixture(autouse=True)
def all_devices(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_gpu_reads_every_device():
    """Percent, bytes, watts, degrees."""
    nvml = FakeNvml(["a", "b"])
    probe = Gpu(nvml)
    sample = probe.sample()
    assert 10 == len(sample)
    expected = {
        "percent": 82.0,
        "memory_used": 2.0 * GIB,
        "memory_total": 6.0 * GIB,
        "power": 250.5,
        "temperature": 61.0,
    }
    assert expected == {name.removeprefix("gpu1_"): value for name, value in sample.items() if name.startswith("gpu1")}
    probe.close()
    probe.close()
    assert 0 == nvml.open
    assert {} == probe.sample()


def test_what_a_device_cannot_tell_is_absent():
    """A MIG slice knows its memory and not its load: each question stands alone."""
    sample = Gpu(FakeNvml(["a"], missing=["percent", "power"])).sample()
    assert ["gpu0_memory_used", "gpu0_memory_total", "gpu0_temperature"] == list(sample)


@pytest.mark.parametrize(
    ("visible", "temperatures"),
    [
        ("1", [62.0]),
        ("2,0", [63.0, 61.0]),
        ("GPU-bb0", [62.0]),
        ("0,7,1", [61.0]),
        ("", []),
        ("-1", []),
        ("MIG-x", [65.0]),
    ],
)
def test_gpu_numbers_like_cuda(visible, temperatures, monkeypatch):
    """CUDA_VISIBLE_DEVICES picks and orders; the list ends at the first device that does not exist."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    sample = Gpu(FakeNvml(["a", "bb", "ccc"])).sample()
    assert temperatures == [sample[f"gpu{i}_temperature"] for i in range(len(sample) // 5)]


def test_no_driver_no_readings(monkeypatch, tmp_path):
    """A machine without a GPU has nothing to say; one whose driver does not answer, or without bindings, has."""
    monkeypatch.setattr(gpu_module, "_DRIVER", tmp_path / "version")
    probe = Gpu(FakeNvml([], broken=True))
    assert {} == probe.sample()
    probe.close()
    (tmp_path / "version").touch()
    with pytest.raises(RuntimeError, match="the NVIDIA driver does not answer: Driver Not Loaded"):
        Gpu(FakeNvml([], broken=True))
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(MissingDistribution, match="need nvidia-ml-py\n  try: pip install 'flodl-monitor\\[gpu\\]'"):
        Gpu()


def test_no_bindings_and_no_driver(monkeypatch, tmp_path):
    """The common machine: nothing is said, nothing is read."""
    monkeypatch.setattr(gpu_module, "_DRIVER", tmp_path / "version")
    monkeypatch.setitem(sys.modules, "pynvml", None)
    probe = Gpu()
    assert {} == probe.sample()
    probe.close()


def test_a_driver_that_fails_half_way_is_let_go():
    """It was opened and cannot tell its GPUs: an error, and nothing stays open."""
    nvml = FakeNvml(["a"], missing=["count"])
    with pytest.raises(RuntimeError, match="the NVIDIA driver does not tell its GPUs: Not Supported"):
        Gpu(nvml)
    assert 0 == nvml.open


class Untouched(ModuleType):
    """A torch that nobody may speak to."""

    def __getattr__(self, name):
        raise AssertionError(f"torch.{name} was asked for")


def test_monitors_read_gpus_off_the_training_thread_and_without_cuda(monkeypatch):
    """By name, in every record, both GPUs; the driver is asked by the sampler alone; a hundred runs leave none open."""
    nvml = FakeNvml(["a", "b"])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setitem(sys.modules, "torch", Untouched("torch"))
    for _ in range(100):
        with Monitor(1, sinks=[], probes=["gpu"]) as monitor:
            monitor.log(0, 0.1, {"loss": 1.0})
    (record,) = monitor.history()
    assert (61.0, 61.0) == (record.resources["gpu0_temperature"], record.resources["gpu1_temperature"])
    assert {"count"} == {what for what, thread in nvml.threads if thread == threading.current_thread().name}
    assert {"flodl-monitor probes"} == {thread for what, thread in nvml.threads if what == "power"}
    deadline = time.monotonic() + 20
    while nvml.open:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_gpu_that_is_lost_is_absent(monkeypatch):
    """It fell off the bus: its readings end, the others' go on."""

    class Losing(FakeNvml):
        lost = False

        def nvmlDeviceGetPowerUsage(self, device):
            if self.lost and device == "a":
                raise NvmlError("GPU is lost")
            return super().nvmlDeviceGetPowerUsage(device)

    probe = Gpu(nvml := Losing(["a", "bb"]))
    assert 250.5 == probe.sample()["gpu0_power"]
    nvml.lost = True
    sample = probe.sample()
    assert "gpu0_power" not in sample
    assert 250.5 == sample["gpu1_power"]
    probe.close()
    assert 0 == nvml.open


def test_real_driver_or_none():
    """Here and now, whatever this machine has: readings of the right form, or none."""
    probe = Gpu()
    sample = probe.sample()
    probe.close()
    assert all(name.startswith("gpu") and value >= 0.0 for name, value in sample.items())
    if "gpu0_memory_total" in sample:
        assert sample["gpu0_memory_used"] <= sample["gpu0_memory_total"]
