"""How drawings look: colours as variables, which a page may set, for light and for dark."""

from __future__ import annotations

from collections.abc import Mapping

FONT = '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif'

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "ink": "#1c2430",
    "muted": "#5b6675",
    "line": "#8391a3",
    "reference": "#2f74c0",
    "state": "#c2620c",
    "frame": "#f5f7fa",
    "frame-line": "#cfd7e1",
    "plain": "#eef1f5",
    "weights": "#dfeafc",
    "activation": "#fdeed3",
    "norm": "#dcf3e4",
    "random": "#eee9f7",
    "join": "#e4e8ee",
    "route": "#fbe0cf",
    "loop": "#eadcf7",
    "map": "#d5eef3",
    "end": "#28364a",
    "end-ink": "#ffffff",
    "cold": "#3fa66b",
    "frozen": "#4a90c9",
}
DARK: Mapping[str, str] = {
    "paper": "#12161d",
    "ink": "#e6ebf2",
    "muted": "#9aa7b8",
    "line": "#66758a",
    "reference": "#6aa9ee",
    "state": "#f0954a",
    "frame": "#191f29",
    "frame-line": "#323d4e",
    "plain": "#262e3a",
    "weights": "#1f3354",
    "activation": "#473718",
    "norm": "#1b3d2b",
    "random": "#332c49",
    "join": "#2c3542",
    "route": "#4d2f1d",
    "loop": "#3a2850",
    "map": "#173d46",
    "end": "#d8e0ea",
    "end-ink": "#12161d",
    "cold": "#3fa66b",
    "frozen": "#5aa5de",
}
STEPS = 10
"""Heat is drawn in so many steps, from green over amber to red."""

_COLD, _WARM, _HOT = (39, 174, 96), (243, 156, 18), (231, 76, 60)

_RULES = """\
.flodl-graph text { font-family: %(font)s; fill: var(--ink); }
.flodl-graph .title { font-size: 12.5px; font-weight: 600; }
.flodl-graph .text { font-size: 11px; fill: var(--muted); }
.flodl-graph .fact { font-size: 10px; fill: var(--muted); }
.flodl-graph .label { font-size: 9.5px; fill: var(--muted); }
.flodl-graph .paper { fill: var(--paper); }
.flodl-graph .outline { stroke: var(--ink); stroke-opacity: .22; fill: var(--plain); }
.flodl-graph .weights > .outline { fill: var(--weights); }
.flodl-graph .activation > .outline { fill: var(--activation); }
.flodl-graph .norm > .outline { fill: var(--norm); }
.flodl-graph .random > .outline { fill: var(--random); }
.flodl-graph .join > .outline { fill: var(--join); }
.flodl-graph .route > .outline { fill: var(--route); }
.flodl-graph .loop > .outline { fill: var(--loop); }
.flodl-graph .map > .outline { fill: var(--map); }
.flodl-graph .frame > .outline { fill: var(--frame); stroke: var(--frame-line); stroke-opacity: 1; }
.flodl-graph .frame > .ribbon { stroke: none; fill: var(--frame-line); }
.flodl-graph .frame.route > .ribbon { fill: var(--state); fill-opacity: .7; }
.flodl-graph .frame.loop > .ribbon { fill: #9a6fd0; }
.flodl-graph .frame.map > .ribbon { fill: #35a0b4; }
.flodl-graph .end > .outline { fill: var(--end); stroke: none; }
.flodl-graph .end .title { fill: var(--end-ink); }
.flodl-graph .end .fact { fill: var(--end-ink); fill-opacity: .75; }
.flodl-graph .frozen > .outline { stroke: var(--frozen); stroke-opacity: 1; stroke-width: 1.4; stroke-dasharray: 5 3; }
.flodl-graph .point { fill: var(--paper); stroke: var(--line); }
.flodl-graph .edge { fill: none; stroke: var(--line); stroke-width: 1.4; }
.flodl-graph .tip { fill: var(--line); }
.flodl-graph .reference > .edge { stroke: var(--reference); stroke-dasharray: 5 3; }
.flodl-graph .reference > .tip { fill: var(--reference); }
.flodl-graph .state > .edge { stroke: var(--state); stroke-dasharray: 2 3; }
.flodl-graph .state > .tip { fill: var(--state); }
.flodl-graph .choice > .edge { stroke-dasharray: 1 3; }
.flodl-graph .again > .edge { stroke: #9a6fd0; }
.flodl-graph .again > .tip { fill: #9a6fd0; }
.flodl-graph .shape { font-size: 9.5px; fill: var(--muted); }
.flodl-graph .shape { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
"""


def stylesheet(*, heated: bool) -> str:
    """The rules of a drawing, each bound to it, so that a page that holds it is left alone."""
    light, dark = _variables(LIGHT), _variables(DARK)
    rules = _RULES % {"font": FONT}
    if heated:
        rules += "".join(_heat_rule(step) for step in range(STEPS + 1))
    return (
        f".flodl-graph {{ {light} }}\n@media (prefers-color-scheme: dark) {{ .flodl-graph {{ {dark} }} }}\n"
        f'[data-theme="light"] .flodl-graph {{ {light} }}\n[data-theme="dark"] .flodl-graph {{ {dark} }}\n{rules}'
    )


def heat_step(heat: float) -> int:
    """Heat from 0 to 1 as one of the steps."""
    return min(max(round(heat * STEPS), 0), STEPS)


def heat_colour(step: int) -> str:
    """`#27ae60` for the coolest, `#f39c12` half way, `#e74c3c` for the hottest.

    >>> heat_colour(0), heat_colour(5), heat_colour(10)
    ('#27ae60', '#f39c12', '#e74c3c')
    """
    share = step / STEPS
    start, end, along = (_COLD, _WARM, share * 2) if share <= 0.5 else (_WARM, _HOT, share * 2 - 1)
    return "#" + "".join(f"{round(a + (b - a) * along):02x}" for a, b in zip(start, end, strict=True))


def _heat_rule(step: int) -> str:
    colour = heat_colour(step)
    return (
        f".flodl-graph .heat-{step} > .outline {{ fill: {colour}; fill-opacity: .55; }}\n"
        f".flodl-graph .frame.heat-{step} > .outline {{ fill-opacity: .12; stroke: {colour}; }}\n"
    )


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: var(--flodl-{name}, {colour});" for name, colour in colours.items())
