"""Specs: frozen data that says at once what is wrong with it."""

from __future__ import annotations

import pickle

import pytest
from attrs.exceptions import FrozenInstanceError
from flodl_core import ComponentError, Example, LossSpec, ModuleSpec
from flodl_core.component import KINDS
from flodl_core.reference import ref

GOOD = {"name": "focal", "target": "acme.losses:Focal", "summary": "Focal loss."}

WRONG = [
    ({"name": "Focal"}, "LossSpec.name is lower case letters, digits and _, a letter first, got 'Focal'"),
    ({"name": "acme.losses:Focal"}, "LossSpec.name is lower case"),
    ({"name": "a" * 65}, "LossSpec.name has 64 characters at most, got 'aaaa"),
    ({"name": "föcal"}, "LossSpec.name is lower case"),
    ({"name": "focal\n"}, "LossSpec.name is lower case"),
    ({"name": ""}, "LossSpec.name is lower case"),
    ({"name": 3}, "LossSpec.name is lower case letters, digits and _, a letter first, got 3"),
    ({"target": "acme.losses.Focal"}, "LossSpec.target reads \"package.module:attribute\", got 'acme.losses.Focal'"),
    ({"target": "acme:"}, "LossSpec.target reads"),
    ({"target": ":Focal"}, "LossSpec.target reads"),
    ({"target": "acme:Focal()"}, "LossSpec.target reads"),
    ({"target": ".relative:Focal"}, "LossSpec.target reads"),
    ({"target": object}, "LossSpec.target reads"),
    ({"summary": ""}, "LossSpec.summary is one line for lists and help, got ''"),
    ({"summary": "  "}, "LossSpec.summary is one line"),
    ({"summary": "one\ntwo"}, "LossSpec.summary is one line"),
    ({"summary": "one\u2028two"}, "LossSpec.summary is one line"),
    ({"summary": "\x1b[2Jgone"}, "LossSpec.summary is one line"),
    ({"summary": "\udcff"}, "LossSpec.summary is one line"),
    ({"summary": None}, "LossSpec.summary is one line for lists and help, got None"),
    ({"category": None}, "LossSpec.category is a word, got None"),
    ({"aliases": "fl"}, "a tuple of strings is due, got the string 'fl'"),
    ({"aliases": ("focal loss",)}, "LossSpec.aliases are letters, digits and _, a letter first, got 'focal loss'"),
    ({"aliases": 5}, "a tuple of strings is due, got 5"),
    ({"aliases": (5,)}, r"a tuple of strings is due, got \(5,\)"),
    ({"requires": "scipy"}, "a tuple of strings is due, got the string 'scipy'"),
    ({"requires_api": "2"}, "LossSpec.requires_api is a whole number, got '2'"),
    ({"requires_api": True}, "LossSpec.requires_api is a whole number, got True"),
    ({"example": (8,)}, "LossSpec.example is an Example, got"),
    ({"deprecated": True}, "LossSpec.deprecated is one line for lists and help, got True"),
    ({"deprecated": ""}, "LossSpec.deprecated is one line"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_a_spec_refuses(change, said):
    """The author is told the class, the field, the rule and the value."""
    with pytest.raises(ComponentError, match=said) as caught:
        LossSpec(**{**GOOD, **change})
    assert len(str(caught.value)) < 300


def test_a_summary_may_be_in_any_language():
    """Accents, scripts and joined emoji are no control characters."""
    for text in ("Größe", "损失函数", "می‌خواهم", "x² + y²", "non\u00a0breaking"):
        assert text == LossSpec(**{**GOOD, "summary": text}).summary


def test_the_string_mistaken_for_a_tuple_has_a_mend():
    """The most frequent slip."""
    with pytest.raises(ComponentError, match=r"try: write \('fl',\)"):
        LossSpec(**GOOD, aliases="fl")


def test_specs_are_frozen_and_equal_by_value():
    """Nobody can change what others see; the same declaration is the same."""
    spec = LossSpec(**GOOD, aliases=["fl"], example=Example(args=[[1, 2]], kwargs={"pair": [3, 4]}))
    again = LossSpec(**GOOD, aliases=("fl",), example=Example(args=((1, 2),), kwargs={"pair": (3, 4)}))
    assert spec == again
    assert hash(spec) == hash(again)
    with pytest.raises(FrozenInstanceError):
        spec.name = "other"
    with pytest.raises(TypeError):
        spec.example.kwargs["pair"] = 5
    with pytest.raises(AttributeError):
        spec.example.args[0].append(3)


def test_kinds_differ():
    """A loss is no module, though all fields agree."""
    assert LossSpec(**GOOD) != ModuleSpec(**GOOD)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind):
    """Its spec knows its kind and survives pickle."""
    spec = KINDS[kind](**GOOD, example=Example(args=(ref("linear", 2),), kwargs={"dim": 1}, inputs=("f32[4,8]",)))
    assert (kind, spec) == (spec.kind, pickle.loads(pickle.dumps(spec)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"args": 8}, r"positional arguments are a tuple, got 8\n  try: write \(8,\)"),
        ({"args": "ab"}, "positional arguments are a tuple, got 'ab'"),
        ({"kwargs": [("dim", 1)]}, "keyword arguments are a table"),
        ({"kwargs": {1: 2}}, "keyword arguments are a table with words for keys"),
        ({"inputs": "f32[4]"}, "a tuple of strings is due"),
    ],
)
def test_what_an_example_refuses(wrong, said):
    """Before a contract suite trips over it."""
    with pytest.raises(ComponentError, match=said):
        Example(**wrong)
