"""A graph that is called with what does not fit says where, in the words of whoever wrote it."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Collection
from functools import update_wrapper
from types import FunctionType
from typing import Any

import torch
from flodl_core import FlodlError, ShapeError
from torch import Tensor

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.ir.checks import unfit_inputs
from flodl_graph.ir.placed import placed
from flodl_graph.known import is_known
from flodl_graph.run.misfit import misfit_at, place_of
from flodl_graph.run.shapes import Letters

_TORCH = os.path.dirname(torch.__file__) + os.sep
_OURS = re.compile(r"<flodl graph |[/\\]flodl_(core|graph|nn)[/\\]")
_MISFITS = frozenset({RuntimeError, TypeError, IndexError, ValueError})  # subclasses mean other things: no memory left


class AbstractCalled(AbstractFamily):
    """A graph whose calls explain themselves."""

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Run `forward`, with its hooks.

        Raises:
            ShapeError: A shape, a type or a device does not fit a node: its name, your line, what it was given.
                Or inputs are too many, too few or of other names.
                What a module of your own raises comes as it is.
        """
        try:
            return super().__call__(*inputs, **named)
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            misfit = _misfit(error) or self._unfit(error, len(inputs), named)
            if misfit is None:
                _place(error)
                raise
            raise misfit from error

    def _unfit(self, error: Exception, inputs: int, named: Collection[str]) -> ShapeError | None:
        """The same said of the graph, where `forward` could not even begin."""
        begun = any(frame.f_code is type(self).forward.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))
        if type(error) is not TypeError or begun or _is_followed():
            return None
        return unfit_inputs(self.ir.inputs, inputs, named)


def own_call(of: type[AbstractCalled]) -> Callable[..., Any]:
    """The `__call__` of a class of graphs, with code of its own.

    A compiler keeps a few versions of each code that it meets, and then gives up: it must not take graphs for
    versions of one.
    """
    call = of.__call__
    own = FunctionType(call.__code__.replace(), call.__globals__, call.__name__, call.__defaults__, call.__closure__)
    return update_wrapper(own, call)


def _misfit(error: Exception) -> ShapeError | None:
    """The same said of a node, where torch refused what the node was given."""
    if type(error) not in _MISFITS or "CUDA" in str(error) or not _is_torchs(error) or _is_followed():
        return None
    place = place_of(error)
    if place is None or not all(is_known(value) for value in place.values if isinstance(value, Tensor)):
        return None
    return misfit_at(place, error, Letters())


def _place(error: Exception) -> None:
    """Give an error that a word raised on purpose the line of the node where it did."""
    if not isinstance(error, FlodlError) or error.where is not None or len(error.parts) > 1 or _is_followed():
        return
    place = place_of(error)
    if place is not None:
        placed(error, place.node.where)


def _is_torchs(error: Exception) -> bool:
    """Whether torch's Python or ours was the last to run; not a user's module."""
    *_, (last, _) = traceback.walk_tb(error.__traceback__)
    file = last.f_code.co_filename
    return file.startswith(_TORCH) or _OURS.search(file) is not None


def _is_followed() -> bool:
    """Whether a compiler, an exporter or a recorder is watching, which knows errors by their class."""
    if torch.compiler.is_compiling():
        return True
    return torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()
