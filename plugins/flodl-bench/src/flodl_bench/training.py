"""A model being trained, or asked, by one side, epoch by epoch, with a clock beside it."""

from __future__ import annotations

import sys
import time
from typing import Any, final

import torch

from flodl_bench.kernels import count_kernels
from flodl_bench.models import MODELS
from flodl_bench.models.size import Size
from flodl_bench.order import Order
from flodl_bench.setting import WARM_UP
from flodl_bench.sides import SIDES
from flodl_bench.steps import make_judgement, make_step

_MIB = 2**20


@final
class Training:
    """Made ready: model and data on the device; what is compiled is compiled, by a first step.

    All sides begin with the same weights, and see the same batches in the same order.
    """

    def __init__(self, order: Order) -> None:
        self._order, self._device = order, torch.device(order.device)
        model, side, size = MODELS[order.model], SIDES[order.side], Size(order.shrink)
        torch.backends.cudnn.benchmark = model.searches
        torch.manual_seed(0)
        network = (model.in_words(size) if side.flodl else model.plain(size)).to(self._device)
        torch.manual_seed(1)
        self._batches = model.batches(order.batches, self._device, size)
        make = make_judgement if order.inference else make_step
        self._step = make(network, model, side)
        self._taken, self._loss = 0, float("nan")
        if side.compile:
            self._step(*self._batches[0])
            self._taken = 1

    def do(self, word: str) -> dict[str, object]:
        """What the word says; what came of it."""
        return {"warm": self._warm, "round": self._round, "kernels": self._kernels}[word]()

    def _warm(self) -> dict[str, object]:
        for left in range(WARM_UP, 0, -1):
            if left == 1 and self._on_gpu:  # what only the beginning needed is no memory of training
                torch.cuda.empty_cache()
            self._epoch()
        if self._on_gpu:
            torch.cuda.reset_peak_memory_stats()
        return {}

    def _round(self) -> dict[str, object]:
        times = [self._epoch() for _ in range(self._order.epochs)]
        return {"times": times, "loss": self._loss, **self._memory()}

    def _kernels(self) -> dict[str, object]:
        kernels, microseconds = count_kernels(self._step, self._batches)
        return {"kernels": kernels, "kernel_us": microseconds}

    def _epoch(self) -> float:
        """Milliseconds of one epoch, from an idle device to an idle device."""
        self._wait()
        start = time.perf_counter()
        loss: Any = self._loss
        for x, y in self._batches[self._taken :]:
            loss = self._step(x, y)
            if self._order.read_loss == "batch":
                loss = loss.item()
        self._loss = float(loss)
        self._wait()
        self._taken = 0
        return (time.perf_counter() - start) * 1e3

    def _wait(self) -> None:
        if self._on_gpu:
            torch.cuda.synchronize()

    @property
    def _on_gpu(self) -> bool:
        return self._device.type == "cuda"

    def _memory(self) -> dict[str, float | None]:
        """MiB: the most since the warm-up on the GPU, the most ever of the process in main memory."""
        active = reserved = None
        if self._on_gpu:
            counts = torch.cuda.memory_stats()
            active, reserved = (counts[f"{kind}_bytes.all.peak"] / _MIB for kind in ("active", "reserved"))
        return {"vram_mb": active, "vram_reserved_mb": reserved, "rss_mb": _resident()}


def _resident() -> float | None:
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most / _MIB if sys.platform == "darwin" else most / 1024)
