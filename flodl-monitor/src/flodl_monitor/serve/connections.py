"""Connections bounded in number and in time: each is a file descriptor of the process that trains, which has few."""

from __future__ import annotations

import asyncio
import sys
from typing import final

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 2048
"""Connections at once, where the process may have twice as many files open; half of what it may have elsewhere."""
PATIENCE = 10.0
"""Seconds in which the head of a first request is to be there."""


def room() -> int:
    """How many connections at once: at least half of the files that the process may open are left to training."""
    if sys.platform == "win32":
        return MOST // 4
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else min(MOST, files // 2)


@final
class Connection(H11Protocol):
    """One that is refused when there are too many, and closed when it asks for nothing."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, for now."""
        super().connection_made(transport)
        if len(self.connections) > room():
            transport.abort()
        else:
            self.loop.call_later(PATIENCE, self._close_if_silent)

    def _close_if_silent(self) -> None:
        request: object = self.cycle  # None until one has begun
        if request is None:
            self.transport.close()
