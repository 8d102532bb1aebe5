"""Steps recorded once as a CUDA graph and replayed, with proof that the replay is the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.capture.batch import AbstractStanding as AbstractStanding
    from flodl_core.capture.captured_step import CapturedStep as CapturedStep
    from flodl_core.capture.cuda import CudaRecorder as CudaRecorder
    from flodl_core.capture.recorder import Recorder as Recorder
    from flodl_core.capture.refusal import Refusal as Refusal
    from flodl_core.capture.refusal import host_work as host_work
    from flodl_core.capture.refusal import tried_again as tried_again
    from flodl_core.capture.report import CaptureReport as CaptureReport
    from flodl_core.capture.report import CaptureRow as CaptureRow
    from flodl_core.capture.slots import AbstractSlots as AbstractSlots
    from flodl_core.capture.slots import AttributeSlots as AttributeSlots
    from flodl_core.capture.slots import ModuleSlots as ModuleSlots

_HOMES = {
    "flodl_core.capture.batch": "AbstractStanding",
    "flodl_core.capture.captured_step": "CapturedStep",
    "flodl_core.capture.cuda": "CudaRecorder",
    "flodl_core.capture.recorder": "Recorder",
    "flodl_core.capture.refusal": "Refusal host_work tried_again",
    "flodl_core.capture.report": "CaptureReport CaptureRow",
    "flodl_core.capture.slots": "AbstractSlots AttributeSlots ModuleSlots",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
