"""What the doctor finds: one line about one thing, and the command that mends it."""

from __future__ import annotations

from typing import Any, final

from attrs import asdict, frozen


@final
@frozen
class Finding:
    """One thing looked at.

    Args:
        name: What.
        said: What was found.
        state: `ok`, `note` (something to know) or `problem`.
        mend: What to do about it.
    """

    name: str
    said: str
    state: str = "ok"
    mend: str = ""

    def as_data(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)
