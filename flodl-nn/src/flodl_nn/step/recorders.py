"""What records a training step, by the kind of device that its parameters are on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from flodl_core.capture import CudaRecorder, Recorder

RECORDERS: Final[dict[str, Callable[[torch.device], Recorder]]] = {"cuda": CudaRecorder}
"""Device type to recorder. Tests add one that plays operations back on the CPU."""
