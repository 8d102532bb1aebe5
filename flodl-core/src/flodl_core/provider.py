"""A component with its origin: what a name stands for, and who brought it."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from functools import cached_property
from importlib import metadata
from typing import Any, final

from attrs import define, frozen

from flodl_core.binding import bind, signature_of
from flodl_core.component import ComponentSpec
from flodl_core.errors import ComponentError, FlodlError, PluginError
from flodl_core.hookspecs import API_VERSION


@final
@frozen
class Origin:
    """Which distribution brought a component, by which entry point."""

    distribution: str
    version: str
    entry_point: str
    builtin: bool = False

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@final
@define(frozen=True, slots=False, eq=False)
class Component:
    """One component of the registry. Its target is imported by `load()`, at the first use."""

    spec: ComponentSpec
    origin: Origin

    @property
    def kind(self) -> str:
        """`"module"`, `"loss"`, ..."""
        return self.spec.kind

    @property
    def name(self) -> str:
        """The bare name."""
        return self.spec.name

    @property
    def qualified(self) -> str:
        """`distribution/name`: unambiguous within its kind."""
        return f"{self.origin.distribution}/{self.name}"

    @property
    def id(self) -> str:
        """`kind:distribution/name`: unambiguous."""
        return f"{self.kind}:{self.qualified}"

    def load(self) -> Callable[..., Any]:
        """The object that the spec's target names.

        Raises:
            PluginError: Something it requires is missing, or it cannot be imported.
        """
        return self._target

    def check_requirements(self) -> None:
        """Ask whether what the spec requires is there, without importing anything.

        Raises:
            PluginError: A distribution is missing or of a wrong version, or the API is too old.
        """
        if self.spec.requires_api > API_VERSION:
            raise self._unloadable(
                f"it asks for flodl's API {self.spec.requires_api}, this is {API_VERSION}",
                "pip install --upgrade flodl-core",
            )
        for text in self.spec.requires:
            if reason := _unmet(text):
                raise self._unloadable(f"it requires {text}, {reason}", f"pip install '{text}'")

    def signature(self) -> inspect.Signature:
        """The factory's parameters."""
        return self._signature

    def bind(self, *args: Any, **kwargs: Any) -> inspect.BoundArguments:
        """Bind arguments to the factory without calling it.

        Raises:
            ComponentError: They do not fit.
        """
        return bind(self.name, self._signature, args, kwargs)

    def create(self, *args: Any, **kwargs: Any) -> Any:
        """Call the factory.

        Raises:
            ComponentError: The arguments do not fit, or the factory refused them.
        """
        self.bind(*args, **kwargs)
        try:
            return self._target(*args, **kwargs)
        except FlodlError:
            raise
        except Exception as error:
            said = str(error).strip().splitlines() or [""]
            raise ComponentError(f"{self.name}: {said[0]}" if said[0] else f"{self.name}: {error!r}") from error

    def is_class(self, made: type) -> bool:
        """Whether the target is the class `made`. Imports nothing: a class that exists is imported already."""
        module, _, attribute = self.spec.target.partition(":")
        return attribute == made.__qualname__ and getattr(sys.modules.get(module), attribute, None) is made

    @cached_property
    def _target(self) -> Callable[..., Any]:
        self.check_requirements()
        module, _, attribute = self.spec.target.partition(":")
        try:
            found: Any = importlib.import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
        except FlodlError:
            raise
        except Exception as error:
            raise self._unloadable(f"{type(error).__name__}: {error}") from error
        if not callable(found):
            raise self._unloadable(f"{self.spec.target} is a {type(found).__name__}, no factory")
        return found  # type: ignore[no-any-return]

    @cached_property
    def _signature(self) -> inspect.Signature:
        return signature_of(self._target)

    def _unloadable(self, reason: str, mend: str | None = None) -> PluginError:
        return PluginError(
            f"{self.kind} {self.name!r} cannot be loaded: {reason}",
            where=f"{self.spec.target}, of {self.origin}",
            mend=mend
            or f"ask {self.origin.distribution} about it, or pip install --upgrade {self.origin.distribution}",
        )


def _unmet(text: str) -> str | None:
    """Why a requirement is not met; None when it is, or when its marker says it does not apply here."""
    from packaging.requirements import (  # few specs require anything; listing pays nothing
        InvalidRequirement,
        Requirement,
    )

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        return f"which is no PEP 508 requirement ({error})"
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return "which is not installed"
    fits = requirement.specifier.contains(version, prereleases=True)
    return None if fits else f"and {requirement.name} {version} is installed"
