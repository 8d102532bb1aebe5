"""A word as a step: what is given where a module is due, with its constructor's arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from flodl_core import BuildError, Reference
from flodl_core.reference import Ref
from flodl_core.where import caller

from flodl_graph.ir.steps import Word
from flodl_graph.saying.chain import AbstractChain
from flodl_graph.saying.half_said import AbstractHalfSaid

Module: TypeAlias = Reference
"""Where a module is due: one, a function, a registered name, a `ref`, or an unbuilt `FlowBuilder`.

An object is itself (used twice: shared weights). A name, a ref and a builder are recipes: each
place gets a module of its own, made by `build()`.
"""

Per: TypeAlias = Literal["batch", "sample"]
"""Who decides, where something is chosen or stopped: the whole batch as one, or each row for itself."""


def word_step(word: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Word:
    """What was said, with the user's line; unbuilt builders as the flows they are."""
    return Word(
        word=word,
        args=tuple(_said(value) for value in args),
        kwargs={key: _said(value) for key, value in kwargs.items()},
        where=caller(),
    )


def recipe(module: Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A name with its constructor's arguments as one ref; anything else must come without.

    Raises:
        BuildError: Nothing was given, or arguments for what is no name.
    """
    if isinstance(module, str):
        return Ref(module, tuple(args), dict(kwargs))
    if args or kwargs:
        raise BuildError(
            f"arguments follow a name, and {_named(module)} is none",
            where=caller(),
            mend="make the object with its arguments, or give the name",
        )
    if module is None:
        raise BuildError("a module is due, got None", where=caller(), mend="give a module, a name, a ref or a flow")
    return module


def _said(value: Any) -> Any:
    """An unbuilt builder as the flow it said, inside lists and tuples too."""
    if isinstance(value, AbstractChain):
        return value.flow()
    if isinstance(value, AbstractHalfSaid):
        raise BuildError(f"{value.what}, and is no module yet", where=caller(), mend=value.mend)
    if isinstance(value, list | tuple):
        return [_said(item) for item in value]
    return value


def _named(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else f"a {type(value).__name__}"
