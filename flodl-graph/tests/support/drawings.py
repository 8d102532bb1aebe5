"""Drawings as tests look at them: the boxes before they are text, and the paths in the text."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from flodl_graph import Graph
from flodl_graph.render.arrange import arrange
from flodl_graph.render.compose import Known, compose
from flodl_graph.render.drawing import Box

SVG = "{http://www.w3.org/2000/svg}"


def drawn(graph: Graph, depth: int | None = None) -> Box:
    top = compose(graph, graph.ir, Known(depth=depth))
    arrange(top)
    return top


def frames(top: Box) -> Iterator[Box]:
    """Every frame, the whole drawing first."""
    yield top
    for box in top.boxes:
        if box.boxes:
            yield from frames(box)


def node_paths(graph: Graph) -> set[str]:
    return {prefix + node.name for prefix, inner in graph._family() for node in inner.ir.nodes}


def drawn_paths(graph: Graph) -> set[str]:
    root = ElementTree.fromstring(graph.svg())
    return {element.attrib["data-path"] for element in root.iter() if "data-path" in element.attrib}
