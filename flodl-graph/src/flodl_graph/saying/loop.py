"""A loop's body, which must be told how long it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

from flodl_graph.saying.half_said import AbstractHalfSaid
from flodl_graph.saying.said import Module, Per, recipe, word_step

if TYPE_CHECKING:
    from flodl_graph.builder import FlowBuilder
    from flodl_graph.saying.chain import AbstractChain


@final
class LoopBody(AbstractHalfSaid):
    """A loop that has yet to be told how long it runs."""

    __slots__ = ("_body",)

    _body: Module
    what: ClassVar[str] = "loop_body() begins a loop"
    mend: ClassVar[str] = "say for_n(3), while_cond() or until_cond() first"

    def __init__(self, builder: AbstractChain, body: Module) -> None:
        super().__init__(builder)
        object.__setattr__(self, "_body", body)

    def for_n(self, n: int) -> FlowBuilder:
        """Run exactly `n` times."""
        return self._loop(for_n=n)

    def while_cond(
        self, condition: Module, most: int, *, per: Per = "batch", every: int | None = None, **kwargs: Any
    ) -> FlowBuilder:
        """Ask before each turn; a signal above 0 means stop: `.while_cond("threshold_halt", 10, threshold=5.0)`.

        Args:
            condition: As for `through`; called with the state.
            most: At most so many turns.
            per: `"batch"`: stop when every element is > 0; `"sample"`: a row that has stopped keeps its state.
            every: Let the host look whether all has stopped after so many turns only; the result is the
                same. Without it the host looks each turn per batch, and never per sample.
            kwargs: Keyword arguments of the condition's constructor, when it is given by name.
        """
        return self._loop(while_cond=recipe(condition, (), kwargs), most=most, per=per, every=every)

    def until_cond(
        self, condition: Module, most: int, *, per: Per = "batch", every: int | None = None, **kwargs: Any
    ) -> FlowBuilder:
        """Ask after each turn but the last; otherwise as `while_cond`."""
        return self._loop(until_cond=recipe(condition, (), kwargs), most=most, per=per, every=every)

    def _loop(self, **options: Any) -> FlowBuilder:
        return self._builder._then(word_step("loop_body", (self._body,), options))
