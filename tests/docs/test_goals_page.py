"""The page of promises is true: each has tests, and each of these is there."""

from __future__ import annotations

import ast
import re

import pytest
from projects import ROOT

PAGE = ROOT / "docs" / "reference" / "goals.md"
ROW = re.compile(r"^\| (G\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
GOALS = {goal: re.findall(r"`([^`]+)`", tests) for goal, _, tests in ROW.findall(PAGE.read_text())}
LEFT_OUT = {"G12"}


def test_every_goal_has_its_row():
    """G1 to G22, in order, but for what was left out; each with a test at least."""
    assert [f"G{n}" for n in range(1, 23) if f"G{n}" not in LEFT_OUT] == list(GOALS)
    assert all(GOALS.values())


@pytest.mark.parametrize("name", sorted({name for names in GOALS.values() for name in names}))
def test_the_test_is_there(name):
    """A function of that name in that file: a renamed test takes its promise along, or is missed."""
    file, _, function = name.partition("::")
    tree = ast.parse((ROOT / file).read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
