"""A promise, and the error of a broken one. Needs no torch."""

from __future__ import annotations

from flodl_core.errors import ContractError


def require(fact: bool, fault: str) -> None:
    """A promise.

    Raises:
        ContractError: It is broken.
    """
    if not fact:
        raise ContractError(fault)
