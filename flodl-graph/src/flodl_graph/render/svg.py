"""A drawing as SVG: one self-contained file, light and dark, each element with the path of what it shows."""

from __future__ import annotations

from collections.abc import Iterator

from flodl_graph.render.described import counted
from flodl_graph.render.drawing import Box, Edge
from flodl_graph.render.letters import shortened, text_width
from flodl_graph.render.measure import LABEL_ROW, SIZES, lines, slant, slot_offsets, tap_offsets
from flodl_graph.render.style import STEPS, heat_colour, heat_step, stylesheet

_RADIUS = 7.0
_TIP = 7.0
_LEGEND = 40.0


def svg(top: Box, *, heading: str = "", legend: tuple[str, str] | None = None) -> str:
    """The text of a file.

    Args:
        heading: Said to those who cannot see the drawing.
        legend: What the coolest and the hottest colour stand for; None: no heat.
    """
    width, height = top.width, top.height + (_LEGEND if legend else 0.0)
    name = top.title or "graph"
    said = heading or f"{name}: {counted(top.weight.parameters)} parameters"
    body = "\n".join([*_edges(top), *_boxes(top), *(_legend(legend, top.height) if legend else [])])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flodl-graph" role="img" aria-label="{escaped(said)}" '
        f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}">\n'
        f"<title>{escaped(said)}</title>\n<style>\n{stylesheet(heated=legend is not None)}</style>\n"
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}"/>\n{body}\n</svg>\n'
    )


def escaped(text: str) -> str:
    """Text that is text wherever it stands in the file; what XML cannot hold at all is left out.

    >>> escaped('<b a="1">&')
    '&lt;b a=&quot;1&quot;&gt;&amp;'
    """
    kept = "".join(letter for letter in text if _allowed(ord(letter)))
    for letter, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "#39")):
        kept = kept.replace(letter, f"&{entity};")
    return kept


def _allowed(code: int) -> bool:
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def _boxes(frame: Box) -> Iterator[str]:
    for box in frame.boxes:
        if box.role in ("port", "exit"):
            if frame.framed:
                yield from _point(box)
        elif box.role == "frame":
            yield from _frame(box)
        else:
            yield from _node(box)


def _frame(box: Box) -> Iterator[str]:
    yield _open(box, "frame" if box.framed else "bare")
    if box.framed:
        yield _rect(box.x, box.y, box.width, box.height, _RADIUS + 2)
        yield f'<path class="ribbon" d="{_ribbon(box)}"/>'
        yield from _texts(box, box.x + 12.0, box.y + 6.0, "start")
    yield from _edges(box)
    yield from _boxes(box)
    yield "</g>"


def _node(box: Box) -> Iterator[str]:
    yield _open(box, "end" if box.role in ("input", "output") else "node")
    if box.folded:
        yield _outline(box, 4.0)
    yield _outline(box, 0.0)
    top = box.y + (box.height - sum(line.height for line in lines(box))) / 2
    if bool(box.slots) != bool(box.taps):
        top += LABEL_ROW / 2 if box.slots else -LABEL_ROW / 2
    yield from _texts(box, box.center, top, "middle")
    for name, offset in zip(box.slots, slot_offsets(box), strict=True):
        yield _label(box.center + offset, box.y + 11.0, name, "middle")
    for name, offset in tap_offsets(box).items():
        yield _label(box.center + offset, box.bottom - 5.0, name, "middle")
    if box.shapes and box.role != "output":
        yield f'<text class="shape" x="{_n(box.center + 5)}" y="{_n(box.bottom + 12)}">{escaped(box.shapes)}</text>'
    yield "</g>"


def _point(box: Box) -> Iterator[str]:
    yield f'<circle class="point" data-path="{escaped(box.path)}" cx="{_n(box.x)}" cy="{_n(box.y)}" r="3"/>'
    if box.title:
        yield _label(box.x + 6.0, box.y + (12.0 if box.role == "port" else -6.0), box.title, "start")


def _open(box: Box, sort: str) -> str:
    classes = [sort, box.tone]
    classes += ["frozen"] if box.weight.frozen else []
    classes += [f"heat-{heat_step(box.heat)}"] if box.heat is not None else []
    tip = ", ".join(line.text for line in lines(box))
    return f'<g class="{" ".join(classes)}" data-path="{escaped(box.path)}"><title>{escaped(tip)}</title>'


def _texts(box: Box, x: float, top: float, anchor: str) -> Iterator[str]:
    for line in lines(box):
        y = top + line.height * 0.76
        yield (f'<text class="{line.sort}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escaped(line.text)}</text>')
        top += line.height


def _label(x: float, y: float, text: str, anchor: str) -> str:
    shown = escaped(shortened(text, 40))
    return f'<text class="label" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{shown}</text>'


def _outline(box: Box, shift: float) -> str:
    """The outline of a shape; `shift` is for the second one behind what can be unfolded."""
    x, y, width, height = box.x + shift, box.y + shift, box.width, box.height
    cut = slant(box)
    if box.shape == "circle" and not box.title:
        return f'<circle class="outline" cx="{_n(box.center)}" cy="{_n(y + height / 2)}" r="{_n(width / 2)}"/>'
    if box.shape == "hexagon":
        middle = y + height / 2
        corners = [
            (x + cut, y), (x + width - cut, y), (x + width, middle),
            (x + width - cut, y + height), (x + cut, y + height), (x, middle),
        ]  # fmt: skip
    elif box.shape == "trapezium":
        corners = [(x + cut, y), (x + width - cut, y), (x + width, y + height), (x, y + height)]
    elif box.shape == "parallelogram":
        corners = [(x + cut, y), (x + width, y), (x + width - cut, y + height), (x, y + height)]
    else:
        round_ends = box.shape in ("pill", "circle") or box.role in ("input", "output")
        return _rect(x, y, width, height, height / 2 if round_ends else _RADIUS)
    around = " L".join(f"{_n(px)} {_n(py)}" for px, py in corners)
    return f'<path class="outline" stroke-linejoin="round" d="M{around} Z"/>'


def _rect(x: float, y: float, width: float, height: float, radius: float) -> str:
    return (
        f'<rect class="outline" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}"/>'
    )


def _ribbon(box: Box) -> str:
    """A stroke of colour down the left side of a frame, inside its round corners."""
    x, y, radius = box.x, box.y, _RADIUS + 2
    return (
        f"M{_n(x + radius)} {_n(y)} Q{_n(x)} {_n(y)} {_n(x)} {_n(y + radius)} V{_n(box.bottom - radius)} "
        f"Q{_n(x)} {_n(box.bottom)} {_n(x + radius)} {_n(box.bottom)} "
        f"Q{_n(x + 4)} {_n(box.bottom)} {_n(x + 4)} {_n(box.bottom - radius)} V{_n(y + radius)} "
        f"Q{_n(x + 4)} {_n(y)} {_n(x + radius)} {_n(y)} Z"
    )


def _edges(frame: Box) -> Iterator[str]:
    for edge in frame.edges:
        yield from _edge(edge)


def _edge(edge: Edge) -> Iterator[str]:
    path = escaped(edge.value or edge.source.path)
    points = edge.points
    pieces = " ".join(
        f"C{' '.join(f'{_n(x)} {_n(y)}' for x, y in points[start : start + 3])}" for start in range(1, len(points), 3)
    )
    tipped = edge.target.role != "exit" and edge.target.framed
    yield f'<g class="{edge.kind}" data-path="{path}"><title>{escaped(_told(edge))}</title>'
    yield f'<path class="edge" d="M{_n(points[0][0])} {_n(points[0][1])} {pieces}"/>'
    if tipped:
        x, y = points[-1]
        y -= 2.5 if edge.target.role == "frame" else 0.0  # there the frame has its point
        yield f'<path class="tip" d="M{_n(x)} {_n(y)} l-{_n(_TIP / 2)} -{_n(_TIP)} h{_n(_TIP)} Z"/>'
    yield "</g>"


def _told(edge: Edge) -> str:
    what = edge.value or edge.source.path
    sorts = {"state": f"{what}, from the call before", "again": "once more", "reference": f"{what} as {edge.slot}"}
    said = sorts.get(edge.kind, what) if edge.slot or edge.kind != "reference" else what
    return f"{said}: {edge.shapes}" if edge.shapes else said


def _legend(ends: tuple[str, str], top: float) -> Iterator[str]:
    x, y = 14.0, top + 4.0
    coolest, hottest = ends
    yield '<g class="legend">'
    yield _label(x, y + 11.0, coolest, "start")
    x += text_width(coolest, SIZES["label"]) + 6.0
    for step in range(STEPS + 1):
        yield (
            f'<rect x="{_n(x)}" y="{_n(y + 2)}" width="12" height="11" fill="{heat_colour(step)}" fill-opacity=".75"/>'
        )
        x += 12.0
    yield _label(x + 6.0, y + 11.0, hottest, "start")
    yield "</g>"


def _n(value: float) -> str:
    """A number without what it does not need: `12`, `3.5`."""
    return f"{round(value, 1):g}" if abs(value) < 100_000 else f"{value:.1f}"
