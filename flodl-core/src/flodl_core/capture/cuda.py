"""Recording on a GPU: one CUDA graph, one side stream, one memory pool for all recordings of an owner."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, final

import torch

T = TypeVar("T")


@final
class CudaRecorder:
    """Records CUDA graphs that share their memory: they are replayed one after the other, never at once.

    Args:
        device: The GPU, with its index.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._stream: torch.cuda.Stream | None = None
        self._live: weakref.WeakSet[torch.cuda.CUDAGraph] = weakref.WeakSet()

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Run eagerly on the stream that recordings use, in their memory; what reads back from the device raises."""
        stream, outer = self._side(), torch.cuda.current_stream(self.device)
        stream.wait_stream(outer)
        try:
            with torch.cuda.stream(stream), self._memory_of_recordings(), _no_reading_back():
                yield
        finally:
            outer.wait_stream(stream)

    def record(self, function: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        """Capture what the function launches. Nothing is computed until the replay.

        A failed capture is cleaned up: the process goes on as if it had not been tried.
        """
        stream = self._side()
        self.tidy()  # a recording cannot take memory from the allocator's cache
        pool = self._pool() or torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.device(self.device), torch.cuda.stream(stream), _no_collecting():
            graph.capture_begin(pool=pool, capture_error_mode="thread_local")
            try:
                result = function()
                graph.capture_end()
            except BaseException:
                self._abandon(graph, pool)
                raise
        _drop_workspaces()
        self._live.add(graph)
        return result, graph.replay

    def tidy(self) -> None:
        """Give the device back what is held but not in use: what trials and eager steps left, cuBLAS's workspaces."""
        torch.cuda.synchronize(self.device)
        _drop_workspaces()
        torch.cuda.empty_cache()

    @contextmanager
    def _memory_of_recordings(self) -> Iterator[None]:
        """What is allocated on this stream comes from where recordings work, which is idle between replays.

        So the eager step that a replay is compared with needs next to no memory of its own. Nothing
        of it may be read after the next replay.
        """
        pool, begin = self._pool(), getattr(torch._C, "_cuda_beginAllocateCurrentStreamToPool", None)
        if pool is None or begin is None:
            yield
            return
        begin(self.device.index, pool)
        try:
            yield
        finally:
            torch._C._cuda_endAllocateToPool(self.device.index, pool)
            torch._C._cuda_releasePool(self.device.index, pool)

    def _pool(self) -> Any:
        return next((graph.pool() for graph in self._live), None)

    def _side(self) -> torch.cuda.Stream:
        if self._stream is None:
            self._stream = torch.cuda.Stream(self.device)
        return self._stream

    def _abandon(self, graph: torch.cuda.CUDAGraph, pool: Any) -> None:
        """End a capture that failed, whatever torch left undone: its allocator and generator would still record."""
        with suppress(RuntimeError):
            graph.capture_end()
            return
        for undo in ("_cuda_endAllocateToPool", "_cuda_releasePool"):
            with suppress(RuntimeError, AttributeError):
                getattr(torch._C, undo)(self.device.index, pool)
        with suppress(RuntimeError):
            torch.cuda.synchronize(self.device)
        again = torch.cuda.CUDAGraph()  # a capture that succeeds tells the random generator that recording is over
        scrap = torch.zeros((), device=self.device)
        again.capture_begin(capture_error_mode="thread_local")
        scrap.add_(1)
        again.capture_end()


def _drop_workspaces() -> None:
    """Have cuBLAS take its workspace from the recording's memory, as scratch, and not beside it for good."""
    drop = getattr(torch._C, "_cuda_clearCublasWorkspaces", None)
    if drop is not None:
        drop()


@contextmanager
def _no_reading_back() -> Iterator[None]:
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
        torch.cuda.set_sync_debug_mode("error")
        warnings.filterwarnings("error", "The AccumulateGrad node's stream does not match")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode(before)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Garbage may hold another recording, which must not be freed while one is made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
