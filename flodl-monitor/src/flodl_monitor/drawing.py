"""A drawing that anybody made, as plain data that can do nothing: shapes, words, and the path of what they show.

A page trusts nobody, neither the model that draws itself nor the file that a drawing was read from. What
comes in is parsed, and only what is on the lists below goes on: no style, no link, no script, no event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

LIMIT = 4000
"""Elements of a drawing: a page stays quick. One with more is left out."""

_SHAPES = {"svg", "g", "rect", "circle", "path", "text", "title"}
_NUMBER = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,4})?")
_WORDS = re.compile(r"[A-Za-z0-9 _-]{0,200}")
_FORMS = {
    **dict.fromkeys(("x", "y", "width", "height", "rx", "cx", "cy", "r", "fill-opacity"), _NUMBER),
    **dict.fromkeys(("class", "text-anchor", "stroke-linejoin"), _WORDS),
    "viewBox": re.compile(r"[-0-9. ]{1,80}"),
    "d": re.compile(r"[-MmLlHhVvCcQqZz0-9., ]{1,20000}"),
    "fill": re.compile(r"#[0-9a-fA-F]{3,8}"),
    "data-path": re.compile(r".{0,300}", re.DOTALL),
    "aria-label": re.compile(r".{0,300}", re.DOTALL),
}
_WORD_LIMIT = 300


def drawing_of(text: str) -> list[Any]:
    """An SVG file as nested lists `[name, attributes, children]`.

    Raises:
        ValueError: It is no SVG, names entities of its own, or is too large.

    >>> drawing_of('<svg onload="x()"><script>x()</script><g class="node" data-path="a"><title>A</title></g></svg>')
    ['svg', {}, [['g', {'class': 'node', 'data-path': 'a'}, [['title', {}, ['A']]]]]]
    """
    if "<!" in text:
        raise ValueError("a drawing has no declarations")  # nothing to expand, nothing hidden
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without declarations there are no entities to expand
    except ElementTree.ParseError as error:
        raise ValueError(f"the drawing is no XML ({error})") from None
    return checked_drawing(_plain(root))


def checked_drawing(plain: Any) -> list[Any]:
    """The same data, if it is a drawing: what is not allowed is left out.

    Raises:
        ValueError: It is none, or too large.
    """
    room = [LIMIT]
    kept = _kept(plain, room, 0)
    if kept is None or kept[0] != "svg":
        raise ValueError("this is no drawing")
    return kept


def _plain(element: ElementTree.Element) -> list[Any]:
    children: list[Any] = [element.text or ""]
    for child in element:
        children += [_plain(child), child.tail or ""]
    return [_local(element.tag), dict(element.attrib), [child for child in children if not _blank(child)]]


def _local(tag: object) -> str:
    """A name without its namespace; a foreign one stays, and is on no list."""
    return str(tag).removeprefix("{http://www.w3.org/2000/svg}")


def _blank(child: object) -> bool:
    return isinstance(child, str) and not child.strip()


def _kept(plain: Any, room: list[int], depth: int) -> list[Any] | None:
    tag, attributes, children = plain if isinstance(plain, list | tuple) and len(plain) == 3 else (None, None, None)
    if not (isinstance(tag, str) and tag in _SHAPES):
        return None
    room[0] -= 1
    if room[0] < 0 or depth > 64 or not isinstance(attributes, Mapping) or not isinstance(children, list | tuple):
        raise ValueError(f"a drawing has at most {LIMIT} elements")
    inside: list[Any] = []
    for child in children:
        if isinstance(child, str):
            inside += [child[:_WORD_LIMIT]] if tag in ("text", "title") else []
        elif (kept := _kept(child, room, depth + 1)) is not None:
            inside.append(kept)
    return [tag, {name: value for name, value in attributes.items() if _allowed(name, value)}, inside]


def _allowed(name: object, value: object) -> bool:
    form = _FORMS.get(name) if isinstance(name, str) else None
    return form is not None and isinstance(value, str) and form.fullmatch(value) is not None
