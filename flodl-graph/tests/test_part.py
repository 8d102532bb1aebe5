"""What a module's forward says of itself, read once for each forward."""

from __future__ import annotations

import inspect
from typing import Any

from flodl_graph.part import once_a_forward
from torch import Tensor, nn


class Scale(nn.Module):
    def forward(self, x: Tensor, by: float = 2.0) -> Tensor:
        return x * by


def counted() -> tuple[list[Any], Any]:
    asked: list[Any] = []

    @once_a_forward
    def names(part: Any) -> tuple[str, ...]:
        asked.append(part)
        return tuple(inspect.signature(part.forward if isinstance(part, nn.Module) else part).parameters)

    return asked, names


def test_many_modules_of_one_class_are_asked_once():
    """The second module of a class costs no look."""
    asked, names = counted()
    first = Scale()
    assert [("x", "by")] * 3 == [names(first), names(Scale()), names(Scale())]
    assert [first] == asked


def test_a_module_with_a_forward_of_its_own_speaks_for_itself():
    """What is set on one module is not its class's."""
    _, names = counted()
    own = Scale()
    own.forward = lambda x, other: x  # type: ignore[method-assign, assignment, misc]
    assert ("x", "by") == names(Scale())
    assert ("x", "other") == names(own)


def test_a_class_whose_forward_was_replaced_is_asked_again(monkeypatch):
    """A library that patches a class changes what its modules take."""
    _, names = counted()
    assert ("x", "by") == names(Scale())
    monkeypatch.setattr(Scale, "forward", lambda self, x, context: x)
    assert ("x", "context") == names(Scale())


def test_a_function_that_is_also_a_method_has_two_signatures():
    """As a function it takes what as a method is the module itself."""
    _, names = counted()

    def double(x: Any, y: Any = None) -> Any:
        return x

    kind = type("Double", (nn.Module,), {"forward": double})
    assert ("y",) == names(kind())
    assert ("x", "y") == names(double)
    assert ("y",) == names(kind())
