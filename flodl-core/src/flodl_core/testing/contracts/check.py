"""The words of the suites: a check, what it is given, what came of it. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, final

from attrs import frozen

from flodl_core.component import Example
from flodl_core.provider import Component
from flodl_core.reference import Ref
from flodl_core.registry import Registry

Outcome: TypeAlias = Literal["passed", "failed", "skipped"]


@final
@frozen
class Skip:
    """What a check returns that cannot be asked of this component here: a fact, in one line."""

    reason: str


@final
@frozen(eq=False)
class Subject:
    """The component under a check, made as often as the check likes, always as its example says.

    Args:
        component: What is proved.
        device: Where its tensors live: `"cpu"`, `"cuda"`.
        registry: Where the references within its example are found.
    """

    component: Component
    device: str
    registry: Registry

    @property
    def example(self) -> Example:
        """How to make one, and what to feed it; an empty one where the spec has none."""
        return self.component.spec.example or Example()

    def make(self, *first: Any, **more: Any) -> Any:
        """A new product of the factory.

        Args:
            first: Go before the example's own positional arguments: an optimizer's parameters.
            more: Go over the example's own keywords.
        """
        options = {**self.example.kwargs, **more}
        return self.registry.create(
            self.component.kind, Ref(self.component.qualified, self.example.args, options), *first
        )

    def takes(self, argument: str) -> bool:
        """Whether the factory has such a parameter."""
        return argument in self.component.signature().parameters


@final
@frozen
class Check:
    """One promise of a kind.

    Args:
        name: One word or two: `"gradients"`.
        promise: What is so when it passes, in one line.
        run: Raises when the promise is broken, `ContractError` or whatever the component itself raises; returns a
            `Skip` when it cannot be asked.
        devices: Where it makes sense.
    """

    name: str
    promise: str
    run: Callable[[Subject], Skip | None]
    devices: tuple[str, ...] = ("cpu", "cuda")


@final
@frozen
class Result:
    """What came of one check of one component.

    Args:
        component: Whose check it was.
        check: The check's name.
        outcome: `"passed"`, `"failed"` or `"skipped"`.
        reason: Why it failed or was skipped, in one line.
        seconds: What it took.
        waived: Whether it was skipped because it failed as the spec says it must.
    """

    component: Component
    check: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    waived: bool = False

    def __str__(self) -> str:
        who = f"{self.component.kind} {self.component.qualified}, {self.check}"
        return f"{who}: {self.outcome}{f': {self.reason}' if self.reason else ''}"
