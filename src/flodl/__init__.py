"""Networks as data flow, by name, on PyTorch: the names of all parts of flodl on one page.

Importing this package imports no torch and loads no plugin; the first use of a name does what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core import BuildError as BuildError
    from flodl_core import FlodlError as FlodlError
    from flodl_core import Ref as Ref
    from flodl_core import components as components
    from flodl_core import ref as ref
    from flodl_core.checkpoint import TrainingState as TrainingState
    from flodl_core.checkpoint import load_checkpoint as load_checkpoint
    from flodl_core.checkpoint import save_checkpoint as save_checkpoint
    from flodl_core.rules import freeze as freeze
    from flodl_core.rules import save as save
    from flodl_core.rules import scale_lr as scale_lr
    from flodl_core.rules import stop as stop
    from flodl_core.rules import thaw as thaw
    from flodl_core.rules import trend as trend
    from flodl_core.rules import trends as trends
    from flodl_core.rules import when as when
    from flodl_core.tensor import seed_everything as seed_everything
    from flodl_graph import FlowBuilder as FlowBuilder
    from flodl_graph import Graph as Graph
    from flodl_graph import load as load
    from flodl_monitor import Monitor as Monitor
    from flodl_nn import EMA as EMA
    from flodl_nn import DeviceData as DeviceData
    from flodl_nn import DeviceLoader as DeviceLoader
    from flodl_nn import Sampler as Sampler
    from flodl_nn import TrainStep as TrainStep
    from flodl_nn import constant as constant
    from flodl_nn import cosine as cosine
    from flodl_nn import exponential as exponential
    from flodl_nn import initialize as initialize
    from flodl_nn import layer_decay as layer_decay
    from flodl_nn import one_cycle as one_cycle
    from flodl_nn import plateau as plateau
    from flodl_nn import step_decay as step_decay
    from flodl_nn import warmup as warmup

_HOMES = {
    "flodl_core": "BuildError FlodlError Ref components ref",
    "flodl_core.checkpoint": "TrainingState load_checkpoint save_checkpoint",
    "flodl_core.rules": "freeze save scale_lr stop thaw trend trends when",
    "flodl_core.tensor": "seed_everything",
    "flodl_graph": "FlowBuilder Graph load",
    "flodl_monitor": "Monitor",
    "flodl_nn": (
        "DeviceData DeviceLoader EMA Sampler TrainStep constant cosine exponential initialize layer_decay one_cycle "
        "plateau step_decay warmup"
    ),
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
