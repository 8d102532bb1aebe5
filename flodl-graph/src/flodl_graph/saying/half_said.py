"""Words that take two calls to say: what makes no sense in between cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flodl_core import WordError
from flodl_core.where import caller

from flodl_graph.saying.chain import never_changes

if TYPE_CHECKING:
    from flodl_graph.saying.chain import AbstractChain


class AbstractHalfSaid:
    """A word that has yet to be finished. Never changes.

    Args:
        builder: The one that goes on when it is.
    """

    __slots__ = ("_builder",)

    _builder: AbstractChain
    what: ClassVar[str]
    """What has been said."""
    mend: ClassVar[str]
    """What has to follow."""

    def __init__(self, builder: AbstractChain) -> None:
        object.__setattr__(self, "_builder", builder)

    def __setattr__(self, name: str, value: object) -> None:
        raise never_changes(self)

    if not TYPE_CHECKING:  # type checkers see that there is nothing more

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            raise WordError(f"{self.what}, and has no {name!r} yet", where=caller(), mend=self.mend)
