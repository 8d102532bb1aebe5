"""One of two processes that train a wrapped graph: each with half of the batch."""

from __future__ import annotations

from typing import Any

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel


def work(rank: int, folder: str, how: str) -> None:
    """Run forward and backward, and leave the gradients in a file."""
    torch.set_num_threads(1)
    store = torch.distributed.FileStore(f"{folder}/store", 2)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    given: dict[str, Any] = torch.load(f"{folder}/given.pt", weights_only=False)
    graph, x = given["graph"], given["x"][rank::2]
    wrapped = DistributedDataParallel(graph) if how == "ddp" else fully_shard(graph, mesh=init_device_mesh("cpu", (2,)))
    wrapped(x).square().mean().backward()
    found = {}
    for name, parameter in graph.named_parameters():
        found[name] = parameter.grad if how == "ddp" else parameter.grad.full_tensor()
    if rank == 0:
        torch.save(found, f"{folder}/found.pt")
    torch.distributed.destroy_process_group()
