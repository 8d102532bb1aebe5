"""`FlowBuilder`: what users type. Its words stand in `saying`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, final

from flodl_core import BuildError, UnknownComponent, WordError, components
from flodl_core.where import Where, caller
from torch import Tensor

from flodl_graph.assembly.assemble import assemble
from flodl_graph.graph import Graph
from flodl_graph.ir.steps import Flow, Step
from flodl_graph.saying.chain import AbstractChain
from flodl_graph.saying.names import AbstractNames
from flodl_graph.saying.said import Module, recipe, word_step
from flodl_graph.saying.shown import shown
from flodl_graph.saying.words import AbstractWords
from flodl_graph.text.tables import Places, flow_of
from flodl_graph.text.toml import read_toml


@final
class FlowBuilder(AbstractWords, AbstractNames):
    r"""A network described as data flow, word by word.

    The builder never changes: each word returns a new one, so that flows can share a beginning.

    Args:
        module: The first module, as for `through`; left out: the bare input.
        args: Arguments of its constructor, when it is given by name.
        kwargs: Keyword arguments of its constructor, likewise.

    >>> model = FlowBuilder("linear", 2, 16).through("gelu").also("linear", 16, 16).label("small").build()
    >>> print("\n".join(line.split("#")[0].rstrip() for line in model.code.splitlines()))
    def forward(self, x):
        x = self.linear_1(x)
        x = self.gelu_1(x)
        x = x + self.linear_2(x)
        return x
    """

    __slots__ = ()

    def __init__(self, module: Module = None, *args: Any, **kwargs: Any) -> None:
        given = module is not None or args or kwargs
        self._link(None, word_step("through", (recipe(module, args, kwargs),), {}) if given else None)

    @classmethod
    def from_tables(
        cls,
        tables: Sequence[Mapping[str, Any]],
        where: Places | None = None,
        *,
        label: str | None = None,
        inputs: Sequence[str] = (),
    ) -> FlowBuilder:
        """A flow read from tables of plain data, as a TOML file holds them: see `flodl_graph.text`.

        Args:
            where: The user's place of the n-th table, for messages; default: the calling line.
            label: The graph's name.
            inputs: Further parameters of forward.

        Raises:
            BuildError: Tables that are no words; all of them, together.
        """
        here = caller()
        return _grown(flow_of(tables, where or (lambda _: here), label=label, inputs=inputs))

    @classmethod
    def from_toml(cls, text: str, file: str | None = None) -> FlowBuilder:
        """A flow read from TOML text, as `Graph.to_toml` writes it.

        Args:
            file: Where the text comes from, for messages; default: the calling line.

        Raises:
            BuildError: It is no TOML, or no flow; all faults together.
        """
        return _grown(read_toml(text, caller() if file is None else Where(file)))

    def build(self, *example: str | Tensor, **named: str | Tensor) -> Graph:
        """Make every module, in word order, and the graph that holds them.

        Args:
            example: Shapes to run through it at once, `"f32[B,2]"`, or tensors: see `Graph.check`.
            named: Shapes of further inputs.

        Raises:
            FlodlError: Everything that is wrong, each with your file and line. Nothing is half built.
        """
        graph = assemble(self.flow())
        if example or named:
            graph.check(*example, **named)
        return graph

    def __repr__(self) -> str:
        return shown(self.flow())

    def __reduce__(self) -> tuple[Any, ...]:
        return _grown, (self.flow(),)

    def _then(self, step: Step) -> FlowBuilder:
        return _extended(self, step)

    if not TYPE_CHECKING:  # for people at a prompt; type checkers know `.word("highway", ...)`

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            if hasattr(Graph, name):
                raise WordError(
                    f"a FlowBuilder has no {name!r} yet, the graph has", where=caller(), mend="build() it first"
                )
            try:
                components.find("word", name)
            except UnknownComponent as error:
                raise WordError(f"FlowBuilder has no word {name!r}", where=caller(), mend=error.mend) from None
            return partial(self.word, name)

        def __call__(self, *inputs: Any, **named: Any) -> Any:
            """Say that this is no network yet."""
            raise BuildError("a FlowBuilder is not a network yet", where=caller(), mend="call what build() returns")


def _extended(parent: AbstractChain | None, step: Step | None) -> FlowBuilder:
    grown = object.__new__(FlowBuilder)
    grown._link(parent, step)
    return grown


def _grown(flow: Flow) -> FlowBuilder:
    builder = _extended(None, None)
    for step in flow.steps:
        builder = _extended(builder, step)
    return builder
