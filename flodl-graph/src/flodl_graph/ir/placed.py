"""An error gets the line of the user's that it speaks of."""

from __future__ import annotations

from flodl_core.errors import FlodlError
from flodl_core.where import Where


def placed(error: FlodlError, where: Where) -> FlodlError:
    """The error, at the user's line; a place of its own that is not the user's goes into the text."""
    if not isinstance(error.where, Where):
        what = error.what if error.where is None else f"{error.what} ({error.where})"
        FlodlError.__init__(error, what, where=where, mend=error.mend)
    return error
