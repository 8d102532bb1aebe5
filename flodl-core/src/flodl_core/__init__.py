"""Components by name, brought by plugins: the ground that every part of flodl stands on.

Importing this package imports neither torch nor any plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports as lazy_exports

if TYPE_CHECKING:
    from flodl_core.component import CommandSpec as CommandSpec
    from flodl_core.component import ComponentSpec as ComponentSpec
    from flodl_core.component import DatasetSpec as DatasetSpec
    from flodl_core.component import Example as Example
    from flodl_core.component import InitializerSpec as InitializerSpec
    from flodl_core.component import LossSpec as LossSpec
    from flodl_core.component import MergeOpSpec as MergeOpSpec
    from flodl_core.component import ModuleSpec as ModuleSpec
    from flodl_core.component import OpSpec as OpSpec
    from flodl_core.component import OptimizerSpec as OptimizerSpec
    from flodl_core.component import ProbeSpec as ProbeSpec
    from flodl_core.component import SchedulerSpec as SchedulerSpec
    from flodl_core.component import SinkSpec as SinkSpec
    from flodl_core.component import WordSpec as WordSpec
    from flodl_core.deprecation import deprecated as deprecated
    from flodl_core.errors import AmbiguousComponent as AmbiguousComponent
    from flodl_core.errors import BuildError as BuildError
    from flodl_core.errors import CheckpointError as CheckpointError
    from flodl_core.errors import ComponentError as ComponentError
    from flodl_core.errors import ContractError as ContractError
    from flodl_core.errors import ExperimentError as ExperimentError
    from flodl_core.errors import FlodlError as FlodlError
    from flodl_core.errors import MissingDistribution as MissingDistribution
    from flodl_core.errors import MonitorError as MonitorError
    from flodl_core.errors import PathError as PathError
    from flodl_core.errors import PluginError as PluginError
    from flodl_core.errors import RoutingError as RoutingError
    from flodl_core.errors import ShapeError as ShapeError
    from flodl_core.errors import TensorError as TensorError
    from flodl_core.errors import TrainingError as TrainingError
    from flodl_core.errors import UnknownComponent as UnknownComponent
    from flodl_core.errors import UnknownKind as UnknownKind
    from flodl_core.errors import UsageError as UsageError
    from flodl_core.errors import WordError as WordError
    from flodl_core.errors import did_you_mean as did_you_mean
    from flodl_core.errors import join_errors as join_errors
    from flodl_core.hookspecs import API_VERSION as API_VERSION
    from flodl_core.hookspecs import hookimpl as hookimpl
    from flodl_core.layout import Layout as Layout
    from flodl_core.provider import Component as Component
    from flodl_core.provider import Origin as Origin
    from flodl_core.reference import Ref as Ref
    from flodl_core.reference import Reference as Reference
    from flodl_core.reference import as_reference as as_reference
    from flodl_core.reference import ref as ref
    from flodl_core.registry import Registry as Registry
    from flodl_core.registry import components as components

_HOMES = {
    "flodl_core.component": (
        "CommandSpec ComponentSpec DatasetSpec Example InitializerSpec LossSpec MergeOpSpec ModuleSpec OpSpec"
        " OptimizerSpec ProbeSpec SchedulerSpec SinkSpec WordSpec"
    ),
    "flodl_core.deprecation": "deprecated",
    "flodl_core.errors": (
        "AmbiguousComponent BuildError CheckpointError ComponentError ContractError ExperimentError FlodlError"
        " MissingDistribution MonitorError PathError PluginError RoutingError ShapeError TensorError TrainingError"
        " UnknownComponent UnknownKind UsageError WordError did_you_mean join_errors"
    ),
    "flodl_core.hookspecs": "API_VERSION hookimpl",
    "flodl_core.layout": "Layout",
    "flodl_core.lazy": "lazy_exports",
    "flodl_core.provider": "Component Origin",
    "flodl_core.reference": "Ref Reference as_reference ref",
    "flodl_core.registry": "Registry components",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
