"""The sides of the comparison: who trains a model, and how. Plain data, known without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from attrs import frozen

_BOTH = ("cuda", "cpu")
_CUDA = ("cuda",)


@final
@frozen(kw_only=True)
class Side:
    """One way to train a model.

    Args:
        name: How it is called on the command line and in files.
        title: How it is shown.
        flodl: By `TrainStep` on a model made of words; otherwise by the loop that everyone writes, in plain PyTorch.
        fused: Whether a plain loop asks for Adam's fused kernel. A `TrainStep` always does.
        compile: The mode of torch.compile; None: not compiled.
        capture: Whether the whole step is recorded as a CUDA graph.
        precision: `"fp32"` is PyTorch's own setting, `"tf32"`, `"bf16"`.
        devices: Where it can run.
    """

    name: str
    title: str
    flodl: bool = False
    fused: bool = False
    compile: str | None = None
    capture: bool = False
    precision: str = "fp32"
    devices: tuple[str, ...] = _BOTH


_ALL = (
    Side(name="eager", title="PyTorch eager"),
    Side(name="fused", title="PyTorch fused Adam", fused=True),
    Side(name="compile", title="torch.compile", fused=True, compile="default"),
    Side(
        name="reduce-overhead",
        title="torch.compile reduce-overhead",
        fused=True,
        compile="reduce-overhead",
        devices=_CUDA,
    ),
    Side(name="flodl", title="flodl eager", flodl=True),
    Side(name="flodl-compile", title="flodl compiled", flodl=True, compile="default", devices=("cpu",)),
    Side(name="captured", title="flodl captured", flodl=True, capture=True, devices=_CUDA),
    Side(
        name="captured-compile",
        title="flodl captured + compile",
        flodl=True,
        capture=True,
        compile="default",
        devices=_CUDA,
    ),
    Side(name="fused-tf32", title="PyTorch fused Adam, tf32", fused=True, precision="tf32", devices=_CUDA),
    Side(
        name="captured-compile-tf32",
        title="flodl captured + compile, tf32",
        flodl=True,
        capture=True,
        compile="default",
        precision="tf32",
        devices=_CUDA,
    ),
    Side(name="fused-bf16", title="PyTorch fused Adam, bf16", fused=True, precision="bf16", devices=_CUDA),
    Side(
        name="captured-compile-bf16",
        title="flodl captured + compile, bf16",
        flodl=True,
        capture=True,
        compile="default",
        precision="bf16",
        devices=_CUDA,
    ),
)

SIDES: Mapping[str, Side] = {side.name: side for side in _ALL}
"""By name, in the order of the table. The first is what the others are compared with."""
