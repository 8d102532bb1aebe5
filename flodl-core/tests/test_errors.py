"""Errors: three lines, each also the builtin that people catch, whole after a journey through pickle."""

from __future__ import annotations

import builtins
import copy
import pickle
import re

import flodl_core
import flodl_core.errors
import pytest
from flodl_core import BuildError, FlodlError, UnknownComponent
from flodl_core.errors import did_you_mean, join_errors
from flodl_core.where import Where

DRAWN = dict(re.findall(r"[|`]- (\w+) .*  ((?:\w+, )*\w+)$", flodl_core.errors.__doc__, re.MULTILINE))
CLASSES = {
    name: item
    for name, item in vars(flodl_core.errors).items()
    if isinstance(item, type) and issubclass(item, FlodlError) and item is not FlodlError
}


def test_every_class_is_drawn_and_in_the_package():
    """A new error class is drawn in the docstring, with the builtin that it also is, and exported."""
    assert sorted(DRAWN) == sorted(CLASSES)
    for name in CLASSES:
        assert getattr(flodl_core, name) is CLASSES[name]


@pytest.mark.parametrize("name", CLASSES)
def test_three_lines(name):
    """What, at, try: the same for every class; a KeyError prints no quotes."""
    error = CLASSES[name]("it does not fit", where=Where("train.py", 16), mend="make it fit")
    assert str(error) == "it does not fit\n  at: train.py:16\n  try: make it fit"
    assert ("it does not fit", "make it fit") == (error.what, error.mend)


@pytest.mark.parametrize("name", CLASSES)
def test_caught_as_the_builtin(name):
    """Code that knows nothing of flodl catches it as usual."""
    for builtin in DRAWN[name].split(", "):
        with pytest.raises(getattr(builtins, builtin), match="no"):
            raise CLASSES[name]("no")


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_whole_after_a_journey(name, travel):
    """From a worker process, say: class, text and parts."""
    error = CLASSES[name]("it does not fit", where=Where("train.py", 16), mend="make it fit")
    again = travel(error)
    assert (type(error), str(error), error.where) == (type(again), str(again), again.where)
    joined = travel(join_errors([error, BuildError("other")]))
    assert ["it does not fit", "other"] == [part.what for part in joined.parts]
    assert "2 errors\nit does not fit\n  at: train.py:16\n  try: make it fit\nother" == str(joined)


def test_without_place_and_mend():
    """Lines that say nothing are left out."""
    assert "gone" == str(UnknownComponent("gone"))
    assert "gone\n  try: look elsewhere" == str(UnknownComponent("gone", mend="look elsewhere"))


def test_join_one():
    """One error is itself, however often it is joined."""
    error = BuildError("one")
    assert error is join_errors([error]) is join_errors([join_errors([error])])


def test_join_joined():
    """Joining flattens: no errors about errors; the first one's class is kept."""
    inner = join_errors([BuildError("a"), BuildError("b")])
    outer = join_errors([inner, UnknownComponent("c")])
    assert (BuildError, ["a", "b", "c"]) == (type(outer), [part.what for part in outer.parts])
    assert str(outer).startswith("3 errors\n")


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("geul", ["gelu", "relu"], "did you mean 'gelu'?"),
        ("LINEAR", ["linear"], "did you mean 'linear'?"),
        ("layer-norm", ["layer_norm"], "did you mean 'layer_norm'?"),
        ("norm", ["layer_norm", "linear"], "did you mean 'layer_norm'?"),
        ("zzz", ["gelu", "relu"], None),
        ("", ["gelu"], None),
        ("gelu", [], None),
    ],
)
def test_did_you_mean(word, known, said):
    """Slips of the hand, of case and of hyphens; nothing when nothing is near."""
    assert said == did_you_mean(word, known)
