"""What is said to be gone in a version is gone in it: a release cannot keep what it took leave of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flodl_core import components
from flodl_core.discovery import FIRST_PARTY
from packaging.version import Version
from projects import ROOT, projects, read_project

TODAY = Version(read_project(ROOT).version)
SENTENCE = re.compile(r"use .+; gone in (\d+\.\d+)")


def marks(source: str) -> Iterator[tuple[str, str]]:
    """Every `@deprecated(use=..., gone_in=...)`: what it stands on, and the version."""
    for node in ast.walk(ast.parse(source)):
        for mark in getattr(node, "decorator_list", ()):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("deprecated"):
                said = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}
                yield node.name, said["gone_in"]


def sources() -> list[Path]:
    return [file for project in projects() for file in project.files()]


def test_no_function_outlives_its_farewell():
    """Each function or class that is marked names a version that is still to come."""
    found = [(file.name, *mark) for file in sources() for mark in marks(file.read_text())]
    assert [] == [each for each in found if Version(each[2]) <= TODAY]


def test_no_component_outlives_its_farewell():
    """Likewise each name of flodl's own: it says what to use and the version, in the one form."""
    for component in components.list(deprecated=True):
        if component.spec.deprecated and component.origin.distribution in FIRST_PARTY:
            said = SENTENCE.fullmatch(component.spec.deprecated)
            assert said, component.id
            assert Version(said[1]) > TODAY, component.id


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('@deprecated(use="new", gone_in="0.3")\ndef old(): ...', [("old", "0.3")]),
        ('@flodl_core.deprecated(use="New", gone_in="0.1")\nclass Old: ...', [("Old", "0.1")]),
        ("@final\ndef kept(): ...", []),
    ],
)
def test_marks_are_found(source, found):
    """The search sees what it is for."""
    assert found == list(marks(source))


def test_the_sentence_of_the_mark_is_that_of_the_specs():
    """One form for both, as `flodl_core.deprecation` writes it."""
    from flodl_core.deprecation import farewell

    assert SENTENCE.fullmatch(farewell("old", use="new", gone_in="0.3").partition("deprecated: ")[2])[1] == "0.3"
