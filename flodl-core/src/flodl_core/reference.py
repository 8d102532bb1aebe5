"""References: how a person names a component and its arguments, before any is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, final

from attrs import field, frozen

from flodl_core.errors import ComponentError
from flodl_core.guard import shown

Reference: TypeAlias = Any
"""A name, a `Ref`, plain data (`("adam", {"lr": 1e-3})`, `{"use": "adam", "lr": 1e-3}`), or the object itself."""


def freeze(value: Any) -> Any:
    """Plain containers as tuples and frozen tables, so that what holds them can be hashed and shared."""
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if isinstance(value, Mapping):
        return FrozenTable(tuple((key, freeze(item)) for key, item in value.items()))
    return value


def freeze_arguments(value: Any) -> tuple[Any, ...]:
    """Positional arguments, frozen."""
    if not isinstance(value, list | tuple):
        raise ComponentError(f"positional arguments are a tuple, got {shown(value)}", mend=f"write ({shown(value)},)")
    return tuple(map(freeze, value))


def freeze_options(value: Any) -> Mapping[str, Any]:
    """Keyword arguments, frozen."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ComponentError(f"keyword arguments are a table with words for keys, got {shown(value)}")
    return freeze(value)  # type: ignore[no-any-return]


@final
@frozen(eq=False)
class FrozenTable(Mapping[str, Any]):
    """A mapping that can be hashed: what a table of plain data becomes inside a `Ref`.

    It equals any mapping with the same items; their order is kept, and says nothing.
    """

    items_: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, key: str) -> Any:
        for name, value in self.items_:
            if name == key:
                return value
        raise KeyError(key)

    def __iter__(self) -> Any:
        return (name for name, _ in self.items_)

    def __len__(self) -> int:
        return len(self.items_)

    def __hash__(self) -> int:
        return hash(frozenset(self.items_))

    def __repr__(self) -> str:
        return repr(dict(self.items_))


def _is_a_name(_: object, __: object, name: Any) -> None:
    if not isinstance(name, str):
        raise ComponentError(
            f"a reference begins with a component's name, got {shown(name)}",
            mend='ref("linear", 2, 16); an object needs no ref',
        )


@final
@frozen(repr=False)
class Ref:
    """A component by name, with its constructor's arguments: a recipe, not yet made.

    Frozen; may hold other references. Lists become tuples.

    >>> Ref("linear", (2, 16), {"bias": False})
    ref('linear', 2, 16, bias=False)
    """

    name: str = field(validator=_is_a_name)
    args: tuple[Any, ...] = field(default=(), converter=freeze_arguments)
    kwargs: Mapping[str, Any] = field(factory=FrozenTable, converter=freeze_options)

    def __repr__(self) -> str:
        words = [repr(self.name), *map(repr, self.args), *(f"{k}={v!r}" for k, v in self.kwargs.items())]
        return f"ref({', '.join(words)})"


def ref(name: str, /, *args: Any, **kwargs: Any) -> Ref:
    """A reference to the component `name`, with its constructor's arguments.

    >>> ref("adam", lr=1e-3)
    ref('adam', lr=0.001)
    """
    return Ref(name, args, kwargs)


def as_reference(value: Reference) -> Ref | Any:
    """Read a value, where a component is due, as the reference it stands for; an object is itself.

    >>> as_reference("gelu")
    ref('gelu')
    >>> as_reference(("adam", {"lr": 0.1}))
    ref('adam', lr=0.1)
    >>> as_reference({"use": "linear", "args": [2, 16], "bias": False})
    ref('linear', 2, 16, bias=False)

    Raises:
        ComponentError: Plain data that looks like a reference and is none.
    """
    if isinstance(value, str):
        return Ref(value)
    if isinstance(value, tuple | list) and value and isinstance(value[0], str):
        name, *rest = value
        options = rest.pop() if rest and isinstance(rest[-1], Mapping) else {}
        return Ref(name, rest, options)
    if isinstance(value, Mapping) and "use" in value:
        return _from_table(value)
    return value


def _from_table(table: Mapping[str, Any]) -> Ref:
    options = {key: item for key, item in table.items() if key not in ("use", "args")}
    name, args = table["use"], table.get("args", ())
    if not isinstance(name, str):
        raise ComponentError(f"`use` names a component, got {shown(name)}", mend='use = "linear"')
    if not isinstance(args, list | tuple):
        raise ComponentError(
            f"`args` is a list of positional arguments, got {shown(args)}", mend=f"args = [{shown(args)}]"
        )
    return Ref(name, args, options)
