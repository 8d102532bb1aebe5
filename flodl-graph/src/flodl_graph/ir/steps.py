"""What a person said, word by word, before anything is made of it.

A `FlowBuilder` records steps, a TOML file reads as steps, and assembly turns them into a graph:
`Flow` is the one form in which a network travels as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, final

from attrs import field, frozen
from flodl_core.where import Where


@frozen(kw_only=True)
class AbstractStep:
    """One call on a builder, with the user's line: for messages, never for equality."""

    where: Where = field(eq=False, repr=False)


@final
@frozen(kw_only=True)
class Word(AbstractStep):
    """A registered word, with its arguments: references, nested flows, plain data or live objects."""

    word: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(factory=dict)


@final
@frozen(kw_only=True)
class Tag(AbstractStep):
    """`tag(name, port=name)`: names the stream, and further outputs of the module written last."""

    name: str | None = None
    ports: tuple[tuple[str, str], ...] = ()


@final
@frozen(kw_only=True)
class TagGroup(AbstractStep):
    """`tag_group(name)`: names open branches `name_0`, `name_1`, ..."""

    name: str


@final
@frozen(kw_only=True)
class Using(AbstractStep):
    """`using(...)`: keyword to tag, or to several that arrive as a tuple, for the module written last."""

    refs: tuple[tuple[str, str | tuple[str, ...]], ...]


@final
@frozen(kw_only=True)
class At(AbstractStep):
    """`at(tag)`: the stream goes on from there.

    Args:
        said: The word that says so: `map(m).over(tag)` does too.
    """

    tag: str
    said: str = field(default="at", eq=False, repr=False)


@final
@frozen(kw_only=True)
class Input(AbstractStep):
    """`input(...)`: further parameters of `forward`."""

    names: tuple[str, ...]


@final
@frozen(kw_only=True)
class Label(AbstractStep):
    """`label(name)`: the graph's own name, its path inside another graph."""

    name: str


@final
@frozen(kw_only=True)
class Internal(AbstractStep):
    """`internal(...)`: tags that nobody outside this graph may read."""

    names: tuple[str, ...]


Step: TypeAlias = Word | Tag | TagGroup | Using | At | Input | Label | Internal


@final
@frozen
class Live:
    """Stands in a recorded flow for an object that a person gave: only they know how it was made."""

    kind: str


@final
@frozen
class Flow:
    """A network as said: a recipe that can be made any number of times."""

    steps: tuple[Step, ...] = ()
