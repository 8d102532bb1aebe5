"""The page of hooks says what the hooks are."""

from __future__ import annotations

import inspect

import attrs
import pytest
from flodl_core import component, hookspecs
from hooks_page import PAGE, page, rows, spec_of


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


@pytest.mark.parametrize("kind", sorted(hookspecs.HOOKS.values()))
def test_every_argument_is_explained(kind):
    """Each argument of each spec, and of an example, has a row with its default and a meaning."""
    shared = frozenset(field.name for field in attrs.fields(component.ComponentSpec))
    for spec, known in (
        (spec_of(kind), shared),
        (component.ComponentSpec, frozenset()),
        (component.Example, frozenset()),
    ):
        for row in rows(spec, known):
            name, default, meaning = (cell.strip() for cell in row.strip("|").split("|", 2))
            assert row in PAGE.read_text()
            assert default == "required" or default.startswith("`"), name
            assert meaning, f"{spec.__name__}.{name} is not explained in its docstring"


def test_every_field_of_a_spec_has_its_row():
    """What `rows` lists is what attrs takes: nothing that can be said is left out."""
    for kind in hookspecs.HOOKS.values():
        said = {row.split("`")[1] for row in rows(spec_of(kind))}
        assert {field.name for field in attrs.fields(spec_of(kind)) if field.init} == said
