"""The page of hooks: complete, documented, and its examples are true."""

from __future__ import annotations

import inspect
import re
import textwrap

import flodl_core
import pytest
from flodl_core import hookspecs
from flodl_core.component import KINDS
from flodl_core.declarations import declared
from flodl_core.hookspecs import API_VERSION, HOOKS
from flodl_core.names import PLURALS, plural

FUNCTIONS = {name: item for name, item in vars(hookspecs).items() if name.startswith("flodl_")}


def test_every_kind_has_one_hook():
    """Twelve of each; a hook's name is the plural of its kind."""
    assert list(HOOKS) == list(FUNCTIONS)
    assert list(HOOKS.values()) == list(KINDS)
    assert {plural(kind): kind for kind in KINDS} == PLURALS


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_says_what_it_takes_and_gives(hook):
    """No argument today; the spec class in the annotation; a sentence first."""
    signature = inspect.signature(FUNCTIONS[hook])
    assert {} == dict(signature.parameters)
    assert f"Iterable[{KINDS[HOOKS[hook]].__name__}]" == signature.return_annotation
    assert inspect.getdoc(FUNCTIONS[hook]).splitlines()[0].endswith(".")


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_a_hook_is_a_plugin(hook):
    """Taken as it stands, it declares one component of its kind, without fault."""
    [code] = re.findall(r"^    @hookimpl\n(?:    .*\n?)+", inspect.getdoc(FUNCTIONS[hook]), re.MULTILINE)
    names = {name: getattr(flodl_core, name) for name in flodl_core.__all__}
    exec(textwrap.dedent(code), names)
    plugin = type("Plugin", (), {hook: staticmethod(names[hook])})
    [spec], faults = declared(plugin, "example")
    assert ([], HOOKS[hook]) == (faults, spec.kind)


def test_the_version_of_the_page():
    """It changes only when a hook loses or changes what it has: then this test is changed too."""
    assert 1 == API_VERSION
