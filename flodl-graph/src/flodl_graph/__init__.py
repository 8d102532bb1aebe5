"""Networks described as data flow, by name.

Importing this package imports no torch; using `FlowBuilder` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder as FlowBuilder
    from flodl_graph.graph import Graph as Graph
    from flodl_graph.ir.node import AbstractNode as AbstractNode
    from flodl_graph.ir.node import MergeOp as MergeOp
    from flodl_graph.ir.node import Part as Part
    from flodl_graph.ir.sketch import Link as Link
    from flodl_graph.ir.sketch import Sketch as Sketch
    from flodl_graph.known import is_known as is_known
    from flodl_graph.part import as_module as as_module
    from flodl_graph.part import as_modules as as_modules
    from flodl_graph.part import stream_of as stream_of
    from flodl_graph.rebuild import load as load
    from flodl_graph.run.profiled import Profile as Profile
    from flodl_graph.saying.split import Split as Split
    from flodl_graph.words.inside import shown as shown

_HOMES = {
    "flodl_graph.builder": "FlowBuilder",
    "flodl_graph.graph": "Graph",
    "flodl_graph.ir.node": "AbstractNode MergeOp Part",
    "flodl_graph.ir.sketch": "Link Sketch",
    "flodl_graph.known": "is_known",
    "flodl_graph.part": "as_module as_modules stream_of",
    "flodl_graph.rebuild": "load",
    "flodl_graph.run.profiled": "Profile",
    "flodl_graph.words.inside": "shown",
    "flodl_graph.saying.split": "Split",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
