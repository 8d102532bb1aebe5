"""What a graph is made of: frozen nodes that name their module and never hold it.

A module held in the IR would run stale after `copy.deepcopy(graph)` and ignore
`graph.linear_1 = LoRA(...)`; a name is looked up in the live graph.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from attrs import field, frozen
from flodl_core.where import Where

from flodl_graph.ir.sketch import Sketch

Value: TypeAlias = str
"""A value of the graph: the name of the node, the input, the carried tag or the further output that it is."""

Part: TypeAlias = Annotated[Callable[..., Any], "module"]
"""A live module. Annotates a parameter of `from_words` where a module, or a reference to one, is due."""

MergeOp: TypeAlias = Annotated[Callable[..., Any], "merge_op"]
"""A live merge op. Annotates a parameter of `from_words` where one, or a reference to one, is due."""

Effect: TypeAlias = Literal["advance", "branch", "join", "side"]
"""What a word does to the open streams: passes one on, opens several, joins all into one, or leaves it as it is."""


@frozen(kw_only=True)
class AbstractNode(abc.ABC):
    """One step of a graph. A word subclasses this once, adds its fields, and is final.

    Rooms (running, the tree, drawing) are written in terms of what a node answers here, so that a
    new word is one class and edits none of them.

    Args:
        name: Key of its module in the graph, and name of its first output.
        streams: Values it reads by position, in order.
        refs: Keyword and value of each further argument; a keyword that stands several times takes a tuple.
        omitted: Keywords left out while what they carry is not there yet.
        results: Names of all that its module returns, the stream first; empty: one value.
        taps: Which of the further results are used, and as what value.
        on_demand: Whether its module makes further results only when asked, by `wanted=("weights",)`.
        where: The user's line.
        counted: What it would be called without tag or label: files keep it beside the name.
    """

    word: ClassVar[str]
    """The word that makes it."""
    effect: ClassVar[Effect] = "advance"
    """What it does to the open streams."""
    noun: ClassVar[str | None] = ""
    """What an untagged node is called and counted as: `"gate"`; empty: its word; None: its module's component."""
    outputs: ClassVar[tuple[str, ...]] = ()
    """Further outputs of this word's own module, which makes them when asked: `forward(..., wanted=("weights",))`."""

    name: str
    streams: tuple[Value, ...]
    refs: tuple[tuple[str, Value], ...] = ()
    omitted: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    taps: tuple[tuple[str, Value], ...] = ()
    on_demand: bool = False
    where: Where = field(eq=False, repr=False)
    counted: str = field(default="", eq=False, repr=False)

    @classmethod
    @abc.abstractmethod
    def from_words(cls, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], Part]:
        """The user's words, with live modules in them, to (fields of this node, the module it names).

        Its signature is the word's schema, in Python and in TOML. A parameter annotated `Part` or
        `Sequence[Part]` takes references to modules; they arrive here as modules.
        """

    @abc.abstractmethod
    def sketch(self, part: Part) -> Sketch:
        """How this node wishes to be drawn; `part` is its live module."""

    @classmethod
    def hints(cls, arguments: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """What the word knows and a recipe among its arguments may want: argument to keywords and values.

        A keyword is handed on where the recipe's constructor takes it and the user did not give it:
        a gate tells its router how many experts there are.
        """
        return {}

    @classmethod
    def addressed(cls, part: Any) -> Part:
        """The module that `using` speaks to: the live module itself, or one inside it."""
        addressed: Part = part
        return addressed

    def expression(self, call: str, streams: tuple[str, ...]) -> str:
        """The right-hand side of this node's line of source, given its module's call and the names of its streams."""
        return call

    @property
    def reads(self) -> tuple[Value, ...]:
        """Every value it reads."""
        return (*self.streams, *(value for _, value in self.refs))

    @property
    def writes(self) -> tuple[Value, ...]:
        """Every value it makes."""
        return (self.name, *(value for _, value in self.taps))
