"""A drawing from anywhere becomes shapes and words, and nothing else."""

from __future__ import annotations

import json

import pytest
from flodl_monitor.drawing import LIMIT, checked_drawing, drawing_of

HOSTILE = (
    '<svg onload="x()"/>',
    "<svg><script>x()</script></svg>",
    '<svg><g onclick="x()"/></svg>',
    '<svg><a href="javascript:x()"><text>t</text></a></svg>',
    '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="data:image/svg+xml;base64,x"/></svg>',
    '<svg><image href="http://evil/"/></svg>',
    '<svg><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><script>x()</script></body></foreignObject></svg>',
    '<svg><style>@import "http://evil/"</style></svg>',
    '<svg><animate attributeName="href" values="javascript:x()"/></svg>',
    '<svg><set attributeName="onmouseover" to="x()"/></svg>',
    '<svg><rect style="background:url(http://evil/)" fill="url(http://evil/)" x="1e9999"/></svg>',
    '<svg><path d="M0 0 javascript:x()"/></svg>',
    '<svg><g class="a&quot;onload=&quot;x()"/></svg>',
    '<svg><iframe src="http://evil/"/><embed/><object/><link/><meta/></svg>',
    '<svg><g xmlns="http://www.w3.org/1999/xhtml"><script>x()</script></g></svg>',
    '<svg id="state"><g id="charts" name="run" tabindex="0"/></svg>',
)


@pytest.mark.parametrize("text", HOSTILE)
def test_only_shapes_get_through(text):
    """No event, link, style, script, animation or foreign element; what is harmless beside it stays."""
    said = json.dumps(drawing_of(text))
    for word in (
        "x()",
        "evil",
        "javascript",
        "data:",
        "style",
        "script",
        "href",
        "onload",
        "xhtml",
        '"id"',
        "tabindex",
    ):
        assert word not in said


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE svg [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg><text>&b;</text></svg>',
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg><text>&a;</text></svg>',
        "<svg>",
        "",
        "<html/>",
        "hello",
        f"<svg>{'<g/>' * LIMIT}</svg>",
        f"<svg>{'<g>' * 100}{'</g>' * 100}</svg>",
    ],
)
def test_what_is_no_drawing_is_refused(text):
    """Bombs, files of this machine, other documents, endless ones."""
    with pytest.raises(ValueError, match="drawing"):
        drawing_of(text)


@pytest.mark.parametrize(
    "plain", [None, [], {}, "svg", ["svg"], ["g", {}, []], ["svg", [], []], ["svg", {}, "x"], [["svg"], {}, []]]
)
def test_damaged_data_is_refused(plain):
    """As it may stand in a file that somebody edited."""
    with pytest.raises(ValueError, match="drawing"):
        checked_drawing(plain)


def test_words_are_kept_and_bounded():
    """In texts and titles alone, whatever letters they are of."""
    drawn = drawing_of(
        f'<svg>loose<g data-path="a.&lt;b&gt;"><title>{"é" * 999}</title><text x="1" y="2.5">&lt;b&gt;</text></g></svg>'
    )
    assert [
        "svg",
        {},
        [["g", {"data-path": "a.<b>"}, [["title", {}, ["é" * 300]], ["text", {"x": "1", "y": "2.5"}, ["<b>"]]]]],
    ] == drawn
