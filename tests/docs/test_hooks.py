"""The page of hooks says what the hooks are."""

from __future__ import annotations

import inspect

import pytest
from flodl_core import hookspecs
from hooks_page import PAGE, page


def test_page_is_up_to_date():
    """docs/reference/hooks.md is what tools/hooks_page.py writes today."""
    assert page() == PAGE.read_text()


@pytest.mark.parametrize("hook", sorted(hookspecs.HOOKS))
def test_every_hook_is_documented(hook):
    """Each hook has a heading with its arguments, and its own words."""
    function = getattr(hookspecs, hook)
    arguments = ", ".join(inspect.signature(function).parameters)
    assert f"## `{hook}({arguments})`" in PAGE.read_text()
    assert (inspect.getdoc(function) or "?") in PAGE.read_text()


def test_every_specification_is_a_hook():
    """No function of the page of hooks is left out of the table of hooks."""
    assert set(hookspecs.HOOKS) == {name for name in vars(hookspecs) if name.startswith("flodl_")}
