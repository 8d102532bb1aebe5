"""A drawing as a file: complete in itself, well-formed, and nothing written in a graph gets out of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from drawings import SVG, node_paths
from flodl_core import UsageError
from flodl_core.where import Where
from flodl_graph import AbstractNode, FlowBuilder, Graph, Link, Part, Sketch
from flodl_graph.ir.graph import GraphIR
from torch import nn
from zoo import ZOO


def test_the_file_is_self_contained(tmp_path: Path) -> None:
    """One well-formed file with a title, no script, nothing fetched, and both themes inside."""
    file = tmp_path / "graph.svg"
    text = ZOO["chain"]().svg(file)
    assert text == file.read_text(encoding="utf-8")
    root = ElementTree.parse(file).getroot()
    assert ("img", "model: 2.7K parameters") == (root.attrib["role"], root.attrib["aria-label"])
    assert "model: 2.7K parameters" == root.findtext(f"{SVG}title")
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"<script|href|url\(|@import|http(?!://www.w3.org/2000/svg)", text)
    rules = re.findall(r"^\S.*\{", root.findtext(f"{SVG}style") or "", re.MULTILINE)
    assert len(rules) > 20
    assert [] == [rule for rule in rules if ".flodl-graph" not in rule]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """It is told with its name."""
    with pytest.raises(
        UsageError,
        match=r"(?s)the drawing cannot be written: No such file or directory.*\n  try: check the path and its folder",
    ):
        ZOO["mlp"]().svg(tmp_path / "missing" / "graph.svg")


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'/><svg onload=alert(1)>",
    "]]></style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "&lt;script&gt;",
    "\x00\x08\x1b\ufffe",
    'label"]; evil [label="',
    "back\\",
    "\n}\nnode [",
    "‮gnp.exe",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_written_in_a_graph_gets_out(text: str) -> None:
    """Whatever a class, a function or a third-party word is called, it is text: in SVG and in DOT."""
    component = type(text.replace("\x00", ""), (nn.Identity,), {"extra_repr": lambda self: text})()

    @frozen(kw_only=True)
    class Odd(AbstractNode):
        word = "odd"

        @classmethod
        def from_words(cls, body: Part) -> tuple[dict[str, Any], Part]:
            return {}, nn.ModuleDict({"body": body})

        def sketch(self, part: Part) -> Sketch:
            inner = (Sketch(text, name="body"), Sketch(text, name=text))
            return Sketch(text, text, text, inner, (Link("", "body"), Link("body", text), Link(text, "")))  # type: ignore[arg-type]

    graph = FlowBuilder(component).through(component).label("net").build()
    node = Odd(name="odd_1", streams=("x",), where=Where("here"))
    part = nn.ModuleDict({"body": component})
    odd = Graph(GraphIR(inputs=("x",), nodes=(node,), output="odd_1"), {"odd_1": part})
    harmless = {"svg", "title", "style", "rect", "g", "path", "circle", "text"}
    for each in (graph, odd):
        for depth in (None, 0):
            root = ElementTree.fromstring(each.svg(depth=depth))
            assert {element.tag.removeprefix(SVG) for element in root.iter()} <= harmless
            assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
            parse_dot(each.dot(depth=depth))


def test_same_bytes_in_every_process() -> None:
    """Neither the order of sets nor addresses in memory show."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import conftest; conftest.pytest_configure()\n"
    script += "from zoo import ZOO; g = [make() for make in ZOO.values()]; print(*[x.svg() + x.dot() for x in g])"
    folder = Path(__file__).parent
    found = {
        subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert 1 == len(found)


@pytest.mark.parametrize("name", ZOO)
def test_dot_is_dot(name: str) -> None:
    """A parser of the language reads it, Graphviz's own where it is installed; it has the drawing's boxes."""
    graph = ZOO[name]()
    text = graph.dot()
    nodes, arrows, paths = parse_dot(text)
    assert node_paths(graph) <= paths
    assert {end for arrow in arrows for end in arrow} <= nodes
    if dot := shutil.which("dot"):
        done = subprocess.run([dot, "-Tplain"], input=text, capture_output=True, text=True)
        assert (0, "") == (done.returncode, done.stderr)


TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|[\w.#]+|[{}\[\];=,])')


def parse_dot(text: str) -> tuple[set[str], list[tuple[str, str]], set[str]]:
    """Nodes, arrows and paths of a DOT file. Raises AssertionError where it is none."""
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        assert match, text[position : position + 40]
        tokens.append(match[1])
        position = match.end()
    assert "digraph" == tokens[0]
    nodes: set[str] = set()
    arrows: list[tuple[str, str]] = []
    paths: set[str] = set()
    depth = 0
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        depth += (token in "{[") - (token in "}]")
        assert depth >= 0
        if token == "->":
            arrows.append((before, after))
        elif after == "[" and token not in ("node", "edge", "graph") and before != "->":
            nodes.add(token)
        if before == "=" and token.startswith('"'):
            paths.add(token[1:-1])
    assert 0 == depth
    return nodes, arrows, paths
