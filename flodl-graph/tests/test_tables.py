"""Flows as plain data, the form of TOML files."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from flodl_core import BuildError, FlodlError, ref
from flodl_core.where import Where
from flodl_graph import FlowBuilder

TABLES: list[dict[str, Any]] = [
    {"through": "linear", "args": [2, 16], "bias": False, "tag": "h"},
    {"also": {"flow": [{"through": "gelu"}, {"through": "linear", "args": [16, 16]}]}},
    {"split": ["tanh", {"use": "linear", "args": [16, 16], "bias": False}], "tag_group": "head"},
    {"merge": "cat", "dim": 1},
    {"through": "linear", "in_features": 32, "out_features": 3},
]


def test_tables_say_what_words_say() -> None:
    """The same nodes and the same numbers as the flow written in Python."""
    torch.manual_seed(1)
    read = FlowBuilder.from_tables(TABLES, label="net").build()
    torch.manual_seed(1)
    said = (
        FlowBuilder("linear", 2, 16, bias=False)
        .tag("h")
        .also(FlowBuilder("gelu").through("linear", 16, 16))
        .split("tanh", ref("linear", 16, 16, bias=False))
        .tag_group("head")
        .merge("cat", dim=1)
        .through("linear", in_features=32, out_features=3)
        .label("net")
        .build()
    )
    assert said.ir == read.ir
    x = torch.randn(4, 2)
    assert torch.equal(said(x), read(x))


def test_using_takes_a_name_a_list_or_a_table() -> None:
    """`using = "h"`, `["h"]`, `{other = "h"}`."""
    for using in ("other", ["other"], {"other": "other"}):
        tables = [{"through": "tanh", "tag": "other"}, {"word_first": 1}]
        tables[1] = {"through": "identity", "using": using}
        with pytest.raises(BuildError, match="takes no argument 'other'"):
            FlowBuilder.from_tables(tables).build()


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"thruogh": "gelu"}, "no word among the keys thruogh"),
        ({}, "no word among the keys (none)"),
        ("gelu", "a table of the flow is due, got 'gelu'"),
        ({"through": "gelu", "tag": 3}, "`tag` is a name, got 3"),
        ({"through": "gelu", "using": [3]}, "`using` names tags, got 3"),
        (
            {"through": {"flow": [], "name": "x"}},
            "a nested flow has a list `flow`, and may have `label`, `inputs` and `internal`",
        ),
        ({"through": "linear", "args": 3}, "`args` is a list of positional arguments, got 3"),
        ({"through": "os:system"}, "'os:system' is no component's name"),
        ({"through": "gelu", "target": "os:system"}, "gelu takes no argument 'target'"),
        ({"through": "gelu", "also": "relu"}, "two words in one table: through and also"),
        ({"through": "gelu", "usnig": "relu"}, "a table of the flow has no key 'usnig'"),
        ({"split": ["gelu", "relu"], "tga_group": "h"}, "a table of the flow has no key 'tga_group'"),
        ({"through": "tanh", "also": "relu"}, "two words in one table: through and also"),
        ({"through": "tanh", "tagg": "h"}, "a table of the flow has no key 'tagg'"),
        ({"through": {"use": 3}}, "`use` names a component, got 3"),
        ({"through": {"flow": [], "label": 3}}, "`label` is a name, got 3"),
        ({"through": {"flow": [], "inputs": "text"}}, "`inputs` is a list of names, got 'text'"),
        ({"through": {"flow": [], "inputs": 3}}, "`inputs` is a list of names, got 3"),
        ({"merge": "cat", "dim": 1, "uisng": "h"}, "a table of the flow has no key 'uisng'"),
    ],
)
def test_wrong_tables(table: Any, what: str) -> None:
    """Told with the place of the table, and nothing but registered names is ever looked up."""
    with pytest.raises(FlodlError) as caught:
        FlowBuilder.from_tables([table], lambda index: Where("net.toml", 10 + index)).build()
    assert what in caught.value.parts[0].what
    assert "net.toml:10" == str(caught.value.parts[0].where)


@pytest.mark.parametrize("wrong", [None, {"through": "tanh"}, "tanh"])
def test_a_flow_is_a_list_of_tables(wrong: Any) -> None:
    """One table, a name or nothing is told as a whole, not key by key or letter by letter."""
    with pytest.raises(BuildError, match="a flow is a list of tables, got ") as caught:
        FlowBuilder.from_tables(wrong)
    assert "test_tables.py:" in str(caught.value.where)
