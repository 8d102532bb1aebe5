"""The words that make nodes. Each returns a new builder, or asks for the rest of what it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flodl_core import Reference

from flodl_graph.saying.chain import AbstractChain
from flodl_graph.saying.fork import Fork
from flodl_graph.saying.loop import LoopBody
from flodl_graph.saying.map import MapBody
from flodl_graph.saying.said import Module, Per, recipe, word_step
from flodl_graph.saying.split import Split

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder


class AbstractWords(AbstractChain):
    """A builder that says what happens to the stream."""

    __slots__ = ()

    def word(self, word: str, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Any registered word, by name: `.word("highway", ref("linear", 8, 8), dim=8)`.

        Keyword arguments that the word does not know go to the constructor of its first argument,
        where that is a name.
        """
        return self._then(word_step(word, args, kwargs))

    def through(self, module: Module, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Pass the stream on through a module: `.through("linear", 2, 16, bias=False)`.

        Args:
            module: A module, a function, a name, a ref or an unbuilt builder.
            args: Arguments of the constructor, when `module` is a name.
            kwargs: Keyword arguments of the constructor, likewise.
        """
        return self._then(word_step("through", (recipe(module, args, kwargs),), {}))

    def also(self, module: Module, *args: Any, skip: Module = None, **kwargs: Any) -> FlowBuilder:
        """Add a module's output to the stream, a residual connection: `stream + module(stream)`.

        A tag after it names the sum.

        Args:
            module: As for `through`, with its constructor's arguments.
            skip: A module for the way round, where the shape changes: `skip(stream) + module(stream)`;
                with arguments inside a `ref`.
        """
        round_it = {} if skip is None else {"skip": skip}
        return self._then(word_step("also", (recipe(module, args, kwargs),), round_it))

    def fork(self, module: Module, *args: Any, **kwargs: Any) -> Fork:
        """Feed a side branch, which the `tag` that must follow names; the stream goes on unchanged.

        Args: as for `through`.
        """
        return Fork(self._then(word_step("fork", (recipe(module, args, kwargs),), {})))

    def gate(self, router: Module, experts: Sequence[Module], **kwargs: Any) -> FlowBuilder:
        """Run every expert and blend them by the router's weights: `.gate("softmax_router", [a, b], dim=16)`.

        Args:
            router: As for `through`; made of a name it is told how many experts there are.
            experts: At least two, each as for `through`, with arguments inside a `ref`.
            kwargs: Keyword arguments of the router's constructor, when it is given by name.
        """
        return self._then(word_step("gate", (recipe(router, (), kwargs), experts), {}))

    def switch(self, selector: Module, branches: Sequence[Module], *, per: Per = "batch", **kwargs: Any) -> FlowBuilder:
        """Run the branch that the selector chooses: `.switch("argmax_selector", [light, heavy], dim=16)`.

        Args:
            selector: As for `through`; made of a name it is told how many branches there are.
            branches: At least two, each as for `through`, with arguments inside a `ref`.
            per: `"batch"`: one index for all; `"sample"`: an index for each row, and nothing waits for the host.
            kwargs: Keyword arguments of the selector's constructor, when it is given by name.
        """
        return self._then(word_step("switch", (recipe(selector, (), kwargs), branches), {"per": per}))

    def loop_body(self, module: Module, *args: Any, **kwargs: Any) -> LoopBody:
        """Feed a module its own output; `for_n`, `while_cond` or `until_cond` says how long.

        Args: as for `through`.
        """
        return LoopBody(self, recipe(module, args, kwargs))

    def map(self, module: Module, *args: Any, **kwargs: Any) -> MapBody:
        """Apply a module to parts of the stream; `each`, `over` or `slices` says which.

        Args: as for `through`.
        """
        return MapBody(self, recipe(module, args, kwargs))

    def merge(self, op: Reference, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Join the stream with what `using` names after it, in that order: `.merge("cat", dim=1).using("skip")`.

        Args: as for `Split.merge`.
        """
        return self._then(word_step("merge", (recipe(op, args, kwargs),), {}))

    def split(self, *modules: Module) -> Split:
        """Feed the stream to several modules; the branches stay open until `merge`.

        Args:
            modules: At least two, each as for `through`, with arguments inside a `ref`.
        """
        return Split(self._then(word_step("split", modules, {})))
