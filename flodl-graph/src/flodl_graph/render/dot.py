"""A drawing as DOT, for Graphviz and everything that reads its language."""

from __future__ import annotations

from collections.abc import Iterator

from flodl_graph.render.drawing import Box, Edge
from flodl_graph.render.measure import lines
from flodl_graph.render.style import LIGHT, heat_colour, heat_step

_SHAPES = {
    "box": "box",
    "pill": "box",
    "circle": "circle",
    "hexagon": "hexagon",
    "trapezium": "invtrapezium",
    "parallelogram": "parallelogram",
    "stack": "box3d",
}
_EDGES = {
    "reference": f'style=dashed, color="{LIGHT["reference"]}"',
    "state": f'style=dotted, color="{LIGHT["state"]}", constraint=false',
    "choice": "style=dotted",
    "again": 'color="#9a6fd0", constraint=false',
}


def dot(top: Box) -> str:
    """The text of a file: the boxes and edges that the SVG has, with `data-path` as an attribute of each."""
    names = {id(box): f"n{number}" for number, box in enumerate(_all(top))}
    return "\n".join(
        [
            f"digraph {quoted(top.title or 'graph')} {{",
            "  rankdir=TB;",
            '  node [fontname="Helvetica", fontsize=11, style="rounded,filled", fillcolor="#eef1f5", color="#8391a3"];',
            '  edge [fontname="Helvetica", fontsize=9, color="#8391a3", arrowsize=0.7];',
            '  graph [fontname="Helvetica", fontsize=11, compound=true];',
            *_inside(top, names, "  "),
            "}\n",
        ]
    )


def quoted(text: str) -> str:
    r"""Text as one DOT string, whatever is in it.

    >>> print(quoted('a "b"\\'))
    "a \"b\"\\"
    """
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    escaped = kept.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _all(top: Box) -> Iterator[Box]:
    stack = [top]
    while stack:
        box = stack.pop()
        yield box
        stack += reversed(box.boxes)


def _inside(frame: Box, names: dict[int, str], indent: str) -> Iterator[str]:
    for box in frame.boxes:
        if box.role == "frame":
            yield f"{indent}subgraph cluster_{names[id(box)]} {{"
            yield f"{indent}  {_frame(box)}"
            yield from _inside(box, names, indent + "  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{names[id(box)]} [{_node(box)}];"
    for edge in frame.edges:
        yield f"{indent}{names[id(_start(edge))]} -> {names[id(_end(edge))]} [{_edge(edge)}];"


def _start(edge: Edge) -> Box:
    """An edge begins at a box, or at the point where a frame is left."""
    box = edge.source
    while box.role == "frame":
        box = next(point for point in box.boxes if point.role == "exit" and point.title == edge.tap)
    return box


def _end(edge: Edge) -> Box:
    box = edge.target
    while box.role == "frame":
        box = next(point for point in box.boxes if point.role == "port" and point.title == edge.slot)
    return box


def _node(box: Box) -> str:
    path = f'"data-path"={quoted(box.path)}'
    if box.role in ("port", "exit"):
        return f"shape=point, width=0.06, {path}"
    if box.role in ("input", "output"):
        return f'label={quoted(box.title)}, shape=box, fillcolor="{LIGHT["end"]}", fontcolor=white, {path}'
    said = "\\n".join(quoted(line.text)[1:-1] for line in lines(box))
    shape = _SHAPES.get(box.shape, "box")
    peripheries = ", peripheries=2" if box.folded else ""
    dashes = ', style="rounded,filled,dashed"' if box.weight.frozen else ""
    return f'label="{said}", shape={shape}, fillcolor="{_fill(box)}"{peripheries}{dashes}, {path}'


def _frame(box: Box) -> str:
    said = "\\n".join(quoted(line.text)[1:-1] for line in lines(box)) if box.framed else ""
    style = 'style="rounded,filled"' if box.framed else "style=invis"
    fill = _fill(box) if box.heat is not None else LIGHT["frame"]
    colours = f'color="{LIGHT["frame-line"]}", fillcolor="{fill}"'
    return f'graph [label="{said}", labeljust=l, {style}, {colours}, "data-path"={quoted(box.path)}];'


def _fill(box: Box) -> str:
    if box.heat is not None:
        return heat_colour(heat_step(box.heat))
    return LIGHT[box.tone]


def _edge(edge: Edge) -> str:
    said = [f"label={quoted(edge.slot)}"] if edge.slot else [f"label={quoted(edge.shapes)}"] if edge.shapes else []
    sort = [_EDGES[edge.kind]] if edge.kind in _EDGES else []
    return ", ".join([*said, *sort, f'"data-path"={quoted(edge.value or edge.source.path)}'])
