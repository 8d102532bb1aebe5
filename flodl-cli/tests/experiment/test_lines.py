"""Positions in TOML: found where people write them, and quickly on anything."""

from __future__ import annotations

import time

import pytest
from flodl_cli.experiment.lines import find_lines, nearest_line, nesting, without_text
from hypothesis import given
from hypothesis import strategies as st


def found(toml):
    """The lines of a text."""
    return find_lines(without_text(toml))


def test_tables_arrays_and_keys_have_lines():
    """Headers and keys are found; arrays of tables are counted; a table below one belongs to its last element."""
    toml = "a = 1\n\n[t]\n  k = 2\n[[m.flow]]\nx = 1\n[[m.flow]]\nx = 1\n[m.flow.deep]\ny = 1\n"
    assert {
        ("a",): 1,
        ("t",): 3,
        ("t", "k"): 4,
        ("m", "flow", 0): 5,
        ("m", "flow", 0, "x"): 6,
        ("m", "flow", 1): 7,
        ("m", "flow", 1, "x"): 8,
        ("m", "flow", 1, "deep"): 9,
        ("m", "flow", 1, "deep", "y"): 10,
    } == found(toml)


def test_dotted_keys_and_comments():
    """`a.b = 1` is the path (a, b); a comment hides nothing and shows nothing."""
    assert {("t",): 2, ("t", "a", "b"): 3} == found("# [x]\n[t] # here\na . b = 1 # c = 2\n")


@pytest.mark.parametrize(
    "toml",
    ['s = """\n[not]\nnor = 1\n"""\nk = 1', "s = '''\n[not]\n'''\n\nk = 1", "s = [\n 1, # ]\n 2,\n]\nk = 1\n"],
)
def test_text_and_lists_over_lines_are_skipped(toml):
    """What stands inside a string or a list is no key; what comes after has its right line."""
    lines = found(toml)
    assert {("s",), ("k",)} == set(lines)
    assert toml.splitlines().index("k = 1") + 1 == lines[("k",)]


def test_quotes_inside_strings():
    """Escaped quotes, quotes of the other sort and empty strings end where they end."""
    assert [("a",), ("b",), ("c",)] == list(found('a = "\\"# [" \nb = \'"\'\nc = ""\n'))


def test_nearest_is_the_key_or_what_is_around_it():
    """What has no line of its own has the line of its table; what has none at all has line 0."""
    lines = found("[t]\nk = { deep = 1 }\n")
    assert 2 == nearest_line(lines, ("t", "k", "deep"))
    assert 1 == nearest_line(lines, ("t", "missing"))
    assert 0 == nearest_line(lines, ("nothing",))
    assert 1 == nearest_line(found("[[s]]\n[[s]]\n"), ("s",))


def test_nesting_counts_brackets_and_dots():
    """Brackets in strings and comments do not count."""
    assert 2 == nesting(without_text('a = [ { b = "[[[[" } ] # [[[[\n'))
    assert 3 == nesting(without_text("a.b.c.d = 1"))


@pytest.mark.parametrize(
    "unit", ['"\\"', '"""', "'''", '\\"""', "'''\"\"\"", "[", "a.", '"', "=", "a = {", '"\n', "''''\n", "[[x]]\n"]
)
def test_a_mebibyte_of_anything_is_quick(unit):
    """No text of the largest size takes long: a hostile file cannot stall the command."""
    toml = unit * ((1 << 20) // len(unit))
    start = time.perf_counter()
    bare = without_text(toml)
    nesting(bare)
    find_lines(bare)
    assert time.perf_counter() - start < 20


@given(st.text(alphabet="ab.=[]{}\"'#\\\n \t1", max_size=60))
def test_no_text_breaks_the_finder(toml):
    """Whatever the text, the finder answers, with lines that exist, and keeps their number."""
    bare = without_text(toml)
    assert all(1 <= line <= toml.count("\n") + 1 for line in find_lines(bare).values())
    assert toml.count("\n") == bare.count("\n")
