"""The same thing computed independently: in numpy, in float64, by whoever brought the component.

A spec names its oracle as `"package.module:attribute"`. It is called with the example's arguments, as the factory is,
and what it gives answers by kind:

    loss, merge_op, op   f(*inputs) -> array; arrays are float64, int64, bool or complex128
    scheduler            f(step) -> number
    initializer          f(shape) -> array, or a dict of some of: mean, std, low, high, zeros (their share),
                         gram (of the shorter side)

    optimizer            oracle(x, gradient, *args, **options): a generator that yields `x` after each step;
                         gradient(x) -> array

An attribute `tolerance` of the oracle, relative to `1 + |value|`, says how near float64 may come to it, where the
component itself computes in less.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from flodl_core.errors import ContractError
from flodl_core.testing.contracts.check import Skip, Subject

NONE = Skip("it brings no oracle to compare with")


def oracle_of(subject: Subject) -> Callable[..., Any] | None:
    """The oracle that the spec names.

    Raises:
        ContractError: It cannot be imported.
    """
    target = subject.component.spec.oracle
    if target is None:
        return None
    module, _, attribute = target.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ContractError(f"its oracle {target} cannot be imported: {error}") from error
    return found  # type: ignore[no-any-return]
