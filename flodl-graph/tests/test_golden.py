"""What the graphs of the zoo run, say and are, as files to read. `pytest flodl-graph --renew-golden` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flodl_core import BuildError
from flodl_graph import FlowBuilder
from zoo import ZOO


@pytest.mark.parametrize("name", ZOO)
def test_code(name: str, golden: Callable[[str, str], None]) -> None:
    """The Python that runs; the line of each word, which moves with the file, left out."""
    golden(f"{name}.code", re.sub(r"(# zoo\.py):\d+", r"\1", ZOO[name]().code))


@pytest.mark.parametrize("name", ZOO)
def test_structure(name: str, golden: Callable[[str, str], None]) -> None:
    """What the hash is made of, and the hash."""
    graph = ZOO[name]()
    golden(f"{name}.structure", f"{graph.structure}hash {graph.hash}\n")


@pytest.mark.parametrize("name", ZOO)
def test_toml(name: str, golden: Callable[[str, str], None]) -> None:
    """The words as text, which read back have the same hash; where a live object stands, what is said of it."""
    graph = ZOO[name]()
    try:
        text = graph.to_toml()
    except BuildError as error:
        golden(f"{name}.toml.error", f"{error.what}\n{error.mend}\n")
    else:
        golden(f"{name}.toml", text)
        assert graph.hash == FlowBuilder.from_toml(text).build().hash
