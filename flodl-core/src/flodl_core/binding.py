"""Does a call fit a factory? Asked before it is made, so that the answer can name the argument."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from flodl_core.errors import ComponentError, did_you_mean
from flodl_core.guard import shown

_SCALARS = (bool, int, float, str, type(None))
_PLAIN = (*_SCALARS, tuple, list, dict)


def bind(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Bind arguments to a signature.

    Raises:
        ComponentError: An argument is missing, unknown, one too many, or plainly of a wrong type.
    """
    for word in kwargs:
        _check_known(name, signature, word)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ComponentError(f"{name}: {error}", mend=_its_arguments(signature)) from None
    for word, value in bound.arguments.items():
        _check_choice(name, signature.parameters[word], value)
        _check_type(name, signature.parameters[word], value)
    return bound


def describe(signature: inspect.Signature) -> str:
    """The parameters as a person would type them: names and defaults, no annotations.

    >>> def f(a: int, b: float = 1.0, *, c: str = "x") -> None: ...
    >>> describe(inspect.signature(f))
    "(a, b=1.0, *, c='x')"
    """
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty)).replace(" = ", "=")


def signature_of(factory: Callable[..., Any]) -> inspect.Signature:
    """A factory's signature, its annotations read where that is possible; `(*args, **kwargs)` when it has none."""
    if _takes_nothing(factory):
        return inspect.Signature()
    try:
        signature = _overloaded(factory) or inspect.signature(factory)
    except Exception:  # written in C without one, or annotated with what cannot be read
        return inspect.signature(lambda *args, **kwargs: None)
    return signature.replace(parameters=[_read(p, factory) for p in signature.parameters.values()])


def _overloaded(factory: Callable[..., Any]) -> inspect.Signature | None:
    """What a class declares by one overload where its constructor takes anything, as torch's recurrent layers do.

    Python remembers overloads from 3.11 on; before, such a class itself says what is wrong with a call.
    """
    remembered = getattr(typing, "get_overloads", None)
    if remembered is None or not inspect.isclass(factory) or not _takes_anything(inspect.signature(factory)):
        return None
    declared = [inspect.signature(made) for made in remembered(factory.__init__)]
    precise = [s.replace(parameters=[*s.parameters.values()][1:]) for s in declared]  # without self
    precise = [signature for signature in precise if not _takes_anything(signature)]
    return precise[0] if len(precise) == 1 else None


def _takes_anything(signature: inspect.Signature) -> bool:
    kinds = [p.kind for p in signature.parameters.values()]
    return kinds == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]


def _takes_nothing(factory: Callable[..., Any]) -> bool:
    """Whether it is a module with torch's own constructor, which is declared to take anything, and refuses it all."""
    if not inspect.isclass(factory) or getattr(factory, "call_super_init", False):
        return False
    owner = next(base for base in factory.__mro__ if "__init__" in vars(base))  # torch.compile puts another one there
    return (owner.__module__, owner.__name__) == ("torch.nn.modules.module", "Module")  # torch is not imported here


def _read(parameter: inspect.Parameter, factory: Callable[..., Any]) -> inspect.Parameter:
    """Turn a string annotation (`from __future__ import annotations`) into what it names, if it can be."""
    if not isinstance(parameter.annotation, str):
        return parameter
    home = factory.__init__ if inspect.isclass(factory) else factory
    scope = getattr(inspect.unwrap(home), "__globals__", {})
    try:
        return parameter.replace(annotation=eval(parameter.annotation, scope))  # noqa: S307 - the plugin's own source
    except Exception:  # an annotation for type checkers only; then there is nothing to check
        return parameter.replace(annotation=parameter.empty)


def _check_known(name: str, signature: inspect.Signature, word: str) -> None:
    parameters = signature.parameters
    known = [p.name for p in parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if word in known or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    mend = did_you_mean(word, known) or _its_arguments(signature)
    raise ComponentError(f"{name} takes no argument {word!r}", mend=mend)


def _its_arguments(signature: inspect.Signature) -> str:
    return f"its arguments are {describe(signature)}" if signature.parameters else "it takes no arguments"


def _check_type(name: str, parameter: inspect.Parameter, value: Any) -> None:
    """Only plain scalars are judged: a tensor, a size or a module is the factory's own affair."""
    if type(value) not in _SCALARS or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return
    admitted = _admitted(parameter.annotation)
    widened = {type(value), float} if type(value) is int else {type(value)}
    if admitted is None or widened & admitted or value is parameter.default:
        return
    names = " or ".join(sorted("None" if t is type(None) else t.__name__ for t in admitted))
    raise ComponentError(f"{name}: argument {parameter.name!r} is {names}, got {shown(value)} ({type(value).__name__})")


def _check_choice(name: str, parameter: inspect.Parameter, value: Any) -> None:
    """A parameter annotated with a `Literal` takes what that lists."""
    choices = typing.get_args(parameter.annotation)
    if typing.get_origin(parameter.annotation) is not typing.Literal or type(value) not in _SCALARS:
        return
    if value in choices or value is parameter.default:
        return
    near = did_you_mean(value, [c for c in choices if isinstance(c, str)]) if isinstance(value, str) else None
    listed = " or ".join(map(repr, choices))
    raise ComponentError(f"{name}: argument {parameter.name!r} is {listed}, got {shown(value)}", mend=near)


def _admitted(annotation: Any) -> frozenset[type] | None:
    """The plain types an annotation admits; None when it may admit anything."""
    if annotation is None:
        return frozenset({type(None)})
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _admitted(typing.get_args(annotation)[0])
    plain = origin or annotation
    if isinstance(plain, type) and plain in _PLAIN:
        return frozenset({plain})
    if origin is typing.Literal:
        return frozenset(type(item) for item in typing.get_args(annotation))
    if origin in (typing.Union, types.UnionType):
        return _admitted_by_any(typing.get_args(annotation))
    return None


def _admitted_by_any(members: tuple[Any, ...]) -> frozenset[type] | None:
    """A union with a number in it (`float | Tensor`) admits no string; one with other classes only may."""
    known: frozenset[type] = frozenset()
    for member in members:
        admitted = _admitted(member)
        if admitted is None and not _is_tensor(member):
            return None
        known |= admitted or frozenset()
    if known == {type(None)}:  # a tensor or nothing: no plain value will do, and the tensor is to be told
        return known | {member for member in members if _is_tensor(member)}
    return known or None


def _is_tensor(annotation: Any) -> bool:
    """Told by name: this module must not import torch."""
    return getattr(annotation, "__name__", None) == "Tensor"
