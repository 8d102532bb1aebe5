"""Binding: the answer that Python would give, earlier and with the argument's name."""

from __future__ import annotations

import functools
import inspect
import operator
import typing
from typing import Annotated, Any, Literal, Optional, Union

import pytest
from flodl_core import ComponentError
from flodl_core.binding import bind, describe, signature_of
from hypothesis import given
from hypothesis import strategies as st

if typing.TYPE_CHECKING:
    from nowhere import Tensor


def plain(a, b=2, *, c=3): ...
def positional(a, b, /, c=1): ...
def rest(a, *more, c=1, **others): ...
def nothing(): ...


FUNCTIONS = (plain, positional, rest, nothing)


@given(
    st.sampled_from(FUNCTIONS),
    st.lists(st.integers(), max_size=4).map(tuple),
    st.dictionaries(st.sampled_from("abcd"), st.integers(), max_size=3),
)
def test_the_same_calls_fit(function, args, kwargs):
    """Exactly what `inspect.signature(...).bind` takes, is taken, and bound alike."""
    signature = inspect.signature(function)
    try:
        expected = signature.bind(*args, **kwargs)
    except TypeError:
        with pytest.raises(ComponentError):
            bind("f", signature_of(function), args, kwargs)
    else:
        assert expected.arguments == bind("f", signature_of(function), args, kwargs).arguments


class Layer:
    def __init__(
        self,
        width: int,
        rate: float = 0.5,
        name: str | None = None,
        mode: Literal["mean", "sum"] = "mean",
        size: int | tuple[int, int] = 1,
        bias: bool = True,
        step: Union[float, Tensor] = 1.0,  # noqa: UP007 - as torch writes it
        depth: Optional[int] = None,  # noqa: UP045
        scale: Annotated[float, "positive"] = 1.0,
        shape: Tensor | None = None,
        implicit: int = None,  # noqa: RUF013 - as older libraries write it
        free: Any = None,
        untyped=None,
    ): ...


OPAQUE = range(1)  # of no type that an annotation speaks of

ACCEPTED = [
    {"rate": 1},
    {"rate": 0.1},
    {"name": None},
    {"name": "x"},
    {"mode": "sum"},
    {"size": 3},
    {"size": (3, 3)},
    {"size": [3, 3]},
    {"step": 1},
    {"step": 0.1},
    {"step": OPAQUE},
    {"depth": None},
    {"depth": 2},
    {"shape": "anything: the annotation cannot be read"},
    {"implicit": None},
    {"free": "x"},
    {"untyped": 3},
    {"width": OPAQUE},
    {"scale": 2},
]

REFUSED = [
    ({"width": "8"}, "layer: argument 'width' is int, got '8' (str)"),
    ({"width": 8.0}, "layer: argument 'width' is int, got 8.0 (float)"),
    ({"width": True}, "layer: argument 'width' is int, got True (bool)"),
    ({"width": None}, "layer: argument 'width' is int, got None (NoneType)"),
    ({"rate": "x"}, "layer: argument 'rate' is float, got 'x' (str)"),
    ({"name": 3}, "layer: argument 'name' is None or str, got 3 (int)"),
    ({"mode": "men"}, "layer: argument 'mode' is 'mean' or 'sum', got 'men'\n  try: did you mean 'mean'?"),
    ({"mode": 3}, "layer: argument 'mode' is 'mean' or 'sum', got 3"),
    ({"size": "big"}, "layer: argument 'size' is int or tuple, got 'big' (str)"),
    ({"bias": 1}, "layer: argument 'bias' is bool, got 1 (int)"),
    ({"depth": 1.5}, "layer: argument 'depth' is None or int, got 1.5 (float)"),
    ({"scale": "x"}, "layer: argument 'scale' is float, got 'x' (str)"),
    ({"bais": 3}, "layer takes no argument 'bais'\n  try: did you mean 'bias'?"),
    ({"zzz": 3}, "layer takes no argument 'zzz'\n  try: its arguments are (width, rate=0.5, name=None,"),
]


@pytest.mark.parametrize("kwargs", ACCEPTED, ids=repr)
def test_accepted(kwargs):
    """What the annotation admits, and whatever cannot be judged."""
    bind("layer", signature_of(Layer), (), {"width": 8, **kwargs})


@pytest.mark.parametrize(("kwargs", "said"), REFUSED)
def test_refused(kwargs, said):
    """A plain value of a plainly wrong type, by the argument's name."""
    with pytest.raises(ComponentError) as caught:
        bind("layer", signature_of(Layer), (), {"width": 8, **kwargs})
    assert str(caught.value).startswith(said)


def test_missing_and_too_many():
    """Python's own words, and the arguments there are."""
    with pytest.raises(ComponentError) as caught:
        bind("plain", signature_of(plain), (), {})
    assert "plain: missing a required argument: 'a'\n  try: its arguments are (a, b=2, *, c=3)" == str(caught.value)
    with pytest.raises(ComponentError, match="plain: too many positional arguments"):
        bind("plain", signature_of(plain), (1, 2, 3), {})


Tensor_ = type("Tensor", (), {})


def with_tensor(step: float | Tensor_ = 1.0): ...


def test_a_tensor_beside_a_number_is_no_string():
    """`lr: float | Tensor` takes a tensor, and still no string; told by name, since torch is not imported."""
    bind("adam", signature_of(with_tensor), (Tensor_(),), {})
    with pytest.raises(ComponentError, match="argument 'step' is float, got 'fast'"):
        bind("adam", signature_of(with_tensor), ("fast",), {})


class Inherited(Layer):
    pass


class New:
    def __new__(cls, width: int): ...


class Meta(type):
    def __call__(cls, width: int): ...


class ByMeta(metaclass=Meta): ...


class Callable_:
    def __call__(self, width: int): ...


@functools.wraps(plain)
def wrapped(*args, **kwargs): ...


@pytest.mark.parametrize(
    "factory",
    [Inherited, ByMeta, Callable_(), functools.partial(Layer, rate=0.1), Layer],
    ids=["inherited", "metaclass", "instance", "partial", "class"],
)
def test_every_form_of_factory(factory):
    """Annotations are read wherever the signature comes from."""
    with pytest.raises(ComponentError, match="argument 'width' is int, got 'x'"):
        bind("f", signature_of(factory), ("x",), {})


def test_wrapped_functions_show_what_they_wrap():
    """As `inspect` does."""
    assert inspect.signature(plain) == signature_of(wrapped)


@pytest.mark.parametrize("factory", [operator.itemgetter, int, New, dict], ids=str)
def test_what_has_no_readable_signature_takes_anything(factory):
    """Or what it has: never an error of its own."""
    bind("f", signature_of(factory), ("1",) if factory is int else (1,), {})


class Broken:
    @property
    def __signature__(self):
        raise RuntimeError("no")

    def __call__(self, a): ...


def test_a_signature_that_raises():
    """Likewise."""
    bind("f", signature_of(Broken()), (1, 2), {"c": 3})


def test_describe():
    """Names and defaults; annotations are for another page."""
    assert "(a, b, /, c=1)" == describe(inspect.signature(positional))
    assert "(width, rate=0.5," == describe(inspect.signature(Layer))[:17]
