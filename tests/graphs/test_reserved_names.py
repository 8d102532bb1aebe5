"""A name that no tag may take is one that users can read about."""

from __future__ import annotations

import re
from pathlib import Path

from flodl_graph.graph import RESERVED
from flodl_graph.run.source import OWN_NAMES
from torch import nn

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "graph.md"


def test_what_a_graph_keeps_for_itself_is_documented() -> None:
    """Beyond torch's own, every reserved name is on the page of the graph."""
    modules = {*dir(nn.Module), *vars(nn.Module())}
    ours = {name for name in RESERVED - modules if not name.startswith("_")}
    told = set(re.findall(r"graph\.(\w+)", PAGE.read_text(encoding="utf-8")))
    assert set() == ours - told
    assert {"self", "wanted", "flodl", "_"} <= set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert {"self", "wanted", "flodl", "flodl_watch", "_"} == OWN_NAMES
