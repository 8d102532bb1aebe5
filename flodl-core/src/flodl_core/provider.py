"""A component with its origin: what a name stands for, and who brought it."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any, final

from attrs import field, frozen

from flodl_core.binding import bind, signature_of
from flodl_core.component import ComponentSpec
from flodl_core.errors import ComponentError, FlodlError, PluginError
from flodl_core.guard import one_line, said, stdout_to_stderr
from flodl_core.hookspecs import API_VERSION
from flodl_core.requirements import unmet


@final
@frozen
class Origin:
    """Which distribution brought a component, by which entry point. What a session registered has no version."""

    distribution: str
    version: str
    entry_point: str
    builtin: bool = False

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


@final
@frozen(eq=False)
class Component:
    """One component of the registry. Its target is imported by `load()`, at the first use.

    Args:
        spec: What was declared.
        origin: By whom.
    """

    spec: ComponentSpec
    origin: Origin
    _made: dict[str, Any] = field(factory=dict, init=False, repr=False)  # the target and its signature, once known

    def __reduce__(self) -> tuple[object, ...]:
        return Component, (self.spec, self.origin)

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
        if "target" not in self._made:  # no lock: two threads may both import it, and find the same
            self._made["target"] = self._import()
        return self._made["target"]  # type: ignore[no-any-return]

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
            if reason := unmet(text):
                raise self._unloadable(f"it requires {text}, {reason}", f"pip install '{text}'")

    def signature(self) -> inspect.Signature:
        """The factory's parameters."""
        if "signature" not in self._made:
            self._made["signature"] = signature_of(self.load())
        return self._made["signature"]  # type: ignore[no-any-return]

    def bind(self, *args: Any, **kwargs: Any) -> inspect.BoundArguments:
        """Bind arguments to the factory without calling it.

        Raises:
            ComponentError: They do not fit.
        """
        return bind(self.name, self.signature(), args, kwargs)

    def create(self, *args: Any, **kwargs: Any) -> Any:
        """Call the factory.

        Raises:
            ComponentError: The arguments do not fit, or the factory refused them.
        """
        self.bind(*args, **kwargs)
        try:
            return self.load()(*args, **kwargs)
        except (FlodlError, MemoryError):
            raise
        except Exception as error:
            where = None if self.origin.builtin else f"{self.spec.target}, of {self.origin}"
            raise ComponentError(f"{self.name}: {_message(error)}", where=where) from error

    def is_class(self, made: type) -> bool:
        """Whether the target is the class `made`. Imports nothing: a class that exists is imported already."""
        module, _, attribute = self.spec.target.partition(":")
        return attribute == made.__qualname__ and getattr(sys.modules.get(module), attribute, None) is made

    def _import(self) -> Callable[..., Any]:
        self.check_requirements()
        module, _, attribute = self.spec.target.partition(":")
        try:
            with stdout_to_stderr():
                found: Any = importlib.import_module(module)
                for part in attribute.split("."):
                    found = getattr(found, part)
        except (FlodlError, KeyboardInterrupt):
            raise
        except ModuleNotFoundError as error:
            raise self._unloadable(said(error), self._what_provides(error.name)) from error
        except BaseException as error:  # SystemExit, and panics of extension modules, which are no Exceptions
            raise self._unloadable(said(error)) from error
        if not callable(found):
            raise self._unloadable(f"{self.spec.target} is no factory, but a value of type {type(found).__name__}")
        return found  # type: ignore[no-any-return]

    def _what_provides(self, missing: str | None) -> str | None:
        """A library that is not there is not the plugin's fault."""
        top, own = (missing or "").partition(".")[0], self.spec.target.partition(":")[0].partition(".")[0]
        return f"install what provides the module {top!r}, perhaps: pip install {top}" if top not in ("", own) else None

    def _unloadable(self, reason: str, mend: str | None = None) -> PluginError:
        return PluginError(
            f"{self.kind} {self.name!r} cannot be loaded: {reason}",
            where=f"{self.spec.target}, of {self.origin}",
            mend=mend
            or f"ask {self.origin.distribution} about it, or pip install --upgrade {self.origin.distribution}",
        )


def _message(error: Exception) -> str:
    """What a factory's error says; with its class, where the class says more than that a call went wrong."""
    plain = type(error) in (ValueError, TypeError, RuntimeError) and str(error).strip()
    return one_line(str(error)) if plain else said(error)
