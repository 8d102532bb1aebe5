"""The one door: a flow to a live graph, or every fault in it."""

from __future__ import annotations

from flodl_core.errors import join_errors

from flodl_graph.assembly.fold import fold
from flodl_graph.assembly.link import link
from flodl_graph.graph import RESERVED, Graph
from flodl_graph.ir.steps import Flow
from flodl_graph.ports import expose
from flodl_graph.run.source import OWN_NAMES


def assemble(flow: Flow) -> Graph:
    """Make the modules of a flow, in word order, and the graph that holds them.

    Raises:
        FlodlError: Everything that is wrong, each with the user's line.
    """
    plan = fold(flow, assemble)
    ir = link(plan, flow, RESERVED | OWN_NAMES)
    if plan.errors:
        raise join_errors(list({str(error): error for error in plan.errors}.values()))
    for draft, node in zip(plan.drafts, ir.nodes, strict=True):
        expose(draft.part, [port for port, _ in node.taps])
    return Graph(ir, {draft.name: draft.part for draft in plan.drafts})
