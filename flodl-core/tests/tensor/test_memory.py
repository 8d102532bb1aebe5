"""Bytes in use, held, and at most; nothing at all where nothing counts."""

import gc

import torch
from flodl_core.tensor import measure_peak, memory_of

MEBIBYTE = 1 << 20


def test_a_tensor_counts(device):
    """A tensor of 8 MiB is 8 MiB more in use, and no longer after it is gone."""
    gc.collect()
    before = memory_of(device)
    tensor = torch.empty(8 * MEBIBYTE, dtype=torch.uint8, device=device)
    during = memory_of(device)
    del tensor
    after = memory_of(device)
    if device.type != "cuda":
        assert before is during is after is None
        return
    assert during.active - before.active == 8 * MEBIBYTE
    assert after.active == before.active
    assert during.active <= during.reserved <= during.total
    assert 0 < during.free < during.total


def test_the_peak_of_a_block(device):
    """What was freed before the end of the block counts too; what came before does not."""
    torch.empty(64 * MEBIBYTE, dtype=torch.uint8, device=device)
    gc.collect()
    before = memory_of(device)
    with measure_peak(device) as peak:
        torch.empty(8 * MEBIBYTE, dtype=torch.uint8, device=device)
    if device.type != "cuda":
        assert (None, None) == (peak.active, peak.reserved)
        return
    assert peak.active - before.active == 8 * MEBIBYTE
    assert peak.reserved >= peak.active


def test_the_cpu_wakes_no_gpu():
    """Asking about the CPU touches nothing of CUDA."""
    awake = torch.cuda.is_initialized()
    assert memory_of("cpu") is None
    assert awake == torch.cuda.is_initialized()
