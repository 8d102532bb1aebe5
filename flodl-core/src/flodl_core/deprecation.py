"""Names that will go: said at the caller's line, with what to use instead and the version without them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TypeVar

from flodl_core.where import caller

_Named = TypeVar("_Named", bound=Callable[..., object])


def farewell(name: str, *, use: str, gone_in: str) -> str:
    """The sentence that every deprecation says.

    >>> farewell("shrink()", use="scale_lr(0.5)", gone_in="0.3")
    'shrink() is deprecated: use scale_lr(0.5); gone in 0.3'
    """
    return f"{name} is deprecated: use {use}; gone in {gone_in}"


def deprecated(*, use: str, gone_in: str) -> Callable[[_Named], _Named]:
    """Mark a function, or a class, that will be removed: each call of it warns at the line of whoever calls.

    A component's name is retired in its spec instead: `deprecated="use silu; gone in 0.3"`.

    Args:
        use: What to use instead.
        gone_in: The first version without it.

    >>> import warnings
    >>> @deprecated(use="scale_lr(0.5)", gone_in="0.3")
    ... def halve_lr(): return 0.5
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     halve_lr()
    0.5
    >>> print(told[0].message)
    halve_lr() is deprecated: use scale_lr(0.5); gone in 0.3
    """

    def mark(named: _Named) -> _Named:
        message = farewell(f"{named.__name__}()", use=use, gone_in=gone_in)
        if isinstance(named, type):
            named.__init__ = _warning(named.__init__, message)  # type: ignore[misc]
            return named
        return _warning(named, message)

    return mark


def _warning(function: _Named, message: str) -> _Named:
    @functools.wraps(function)
    def warn_first(*args: object, **kwargs: object) -> object:
        place = caller()
        warnings.warn_explicit(message, FutureWarning, place.file, place.line)
        return function(*args, **kwargs)

    return warn_first  # type: ignore[return-value]
