"""What is known of one component: its declaration, where its code is, what it takes, whether it can be used here."""

from __future__ import annotations

from typing import Any, final

from attrs import frozen
from flodl_core.errors import FlodlError, PluginError
from flodl_core.provider import Component
from flodl_core.reference import Ref
from flodl_core.where import Where

from flodl_cli.elsewhere import flodl_names
from flodl_cli.locate import find_target, source_of
from flodl_cli.parameters import parameters_of
from flodl_cli.portrait.declared import declared


@final
@frozen
class Facts:
    """One component.

    Args:
        where: File and line, as far as they can be found.
        parameters: What its factory takes; None: not asked for, or not to be had.
        problem: Why they are not to be had.
    """

    component: Component
    where: Where | None
    parameters: list[dict[str, Any]] | None
    problem: str | None

    @classmethod
    def of(cls, component: Component, *, imported: bool) -> Facts:
        """Look at it.

        Args:
            imported: Whether its parameters are asked for: they need its import, and so perhaps torch.
        """
        parameters, problem = parameters_of(component) if imported else (None, None)
        return cls(component, _where(component, imported=parameters is not None), parameters, problem)

    @property
    def unavailable(self) -> str | None:
        """Why it cannot be used here."""
        try:
            self.component.check_requirements()
        except FlodlError as error:
            return error.what
        return None

    @property
    def call(self) -> str | None:
        """Its example as one writes it: an op stands in a flow by kind and name, anything else is made from a ref."""
        name, example = self.component.name, self.component.spec.example
        if example is None:
            return None
        if self.component.kind == "op":
            options = [f"{key}={value!r}" for key, value in example.kwargs.items()]
            return f"through({', '.join([repr(f'op:{name}'), *options])})"
        return repr(Ref(name, example.args, example.kwargs))

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        spec = self.component.spec
        return {
            **declared(self.component),
            "target": spec.target,
            "requires": list(spec.requires),
            "requires_api": spec.requires_api,
            "inputs": list(getattr(spec, "inputs", ())),
            "outputs": list(getattr(spec, "outputs", ())),
            "flodl_names": list(flodl_names(self.component)),
            "example": spec.example and {"call": self.call, "inputs": list(spec.example.inputs)},
            "file": self.where and self.where.file,
            "line": (self.where and self.where.line) or None,
            "unavailable": self.unavailable,
            "parameters": self.parameters,
            "parameters_problem": self.problem,
        }


def _where(component: Component, *, imported: bool) -> Where | None:
    """From the object itself when it is imported anyway, which sees through re-exports; else from the files.

    An op is where the function is that it calls, if that is written in Python.
    """
    function = getattr(component.spec, "function", "")
    if function:
        called = find_target(function)
        return called if called and called.line else None
    if imported:
        try:
            return source_of(component.load()) or find_target(component.spec.target)
        except PluginError:
            pass
    return find_target(component.spec.target)
