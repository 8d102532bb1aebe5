"""A web server on a thread of its own, that is gone when it is told to be."""

from __future__ import annotations

import errno
import os
import socket
import threading
from typing import final
from weakref import WeakSet

import uvicorn
from flodl_core.errors import MonitorError

from flodl_monitor.serve.connections import Connection
from flodl_monitor.serve.guard import Application

_listeners: WeakSet[socket.socket] = WeakSet()

GRACE = 1.0
"""Seconds that open connections have after `stop`."""

HEADERS_LIMIT = 16_384
"""Bytes that the head of a request may have."""


def bound(host: str, port: int, *, exactly: bool) -> socket.socket:
    """A listening socket, so that the port is known, and a taken one told, before anything is served.

    Args:
        exactly: A taken port is an error; otherwise any free one does.

    Raises:
        MonitorError: The address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (port,) if exactly else (port, 0):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, wanted))
            listener.listen(128)
        except (OSError, OverflowError, TypeError, ValueError) as error:
            listener.close()
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE and not exactly and wanted:
                continue
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            mend = "another port, or port=0 for a free one" if taken else 'host="127.0.0.1" and a port from 0 to 65535'
            raise MonitorError(f"a dashboard cannot listen on {host}:{wanted} ({error})", mend=mend) from None
        return listener
    raise AssertionError("the last port tried is any free one")


@final
class Server:
    """Serves an application from the moment it is made.

    Args:
        application: What answers.
        listener: Where; it is closed at the end.
    """

    def __init__(self, application: Application, listener: socket.socket) -> None:
        self.port: int = listener.getsockname()[1]
        config = uvicorn.Config(
            application,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=round(GRACE),
            h11_max_incomplete_event_size=HEADERS_LIMIT,
        )
        self._server, self._listener = uvicorn.Server(config), listener
        _listeners.add(listener)
        self._thread = threading.Thread(target=self._run, name="flodl-monitor dashboard", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, let open ones end, and be gone after `GRACE` seconds at the latest."""
        self._server.should_exit = True
        self._thread.join(GRACE)
        self._server.force_exit = True
        self._thread.join(GRACE / 4)
        self._listener.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])


def _after_fork() -> None:
    """A forked child, a loader's worker say, would keep the address taken, and readers waiting, after the run's end."""
    for listener in _listeners:
        listener.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
