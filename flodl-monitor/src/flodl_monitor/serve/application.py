"""What a dashboard answers: `/` is the page with all that was, `/events` is what comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from flodl_monitor.serve.feed import Feed
from flodl_monitor.serve.guard import Application, Guard

READERS = 256
"""Pages that may listen at once."""

PULSE = 10.0
"""Seconds of silence after which a reader is told that all is well, and a dead one is noticed."""


def application(feed: Feed, page: Callable[[], str], token: str | None) -> Application:
    """The dashboard as an ASGI application.

    Args:
        page: Makes the page as things stand; called off the event loop.
        token: See `Guard`.
    """
    readers = _Readers()

    def show(request: Request) -> Response:
        return HTMLResponse(page())

    async def events(request: Request) -> Response:
        if readers.now >= READERS:
            return PlainTextResponse("too many pages are listening\n", 503, {"retry-after": "10"})
        number = _place(request) if request.query_params.get("run") == feed.run else -1
        stream = readers.counted(_events(feed, number))
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    return Guard(Starlette(routes=[Route("/", show), Route("/events", events)]), token)


@final
class _Readers:
    """How many are listening now."""

    def __init__(self) -> None:
        self.now = 0

    async def counted(self, stream: AsyncIterator[str]) -> AsyncIterator[str]:
        self.now += 1
        try:
            async for text in stream:
                yield text
        finally:
            self.now -= 1


async def _events(feed: Feed, number: int) -> AsyncIterator[str]:
    """Server-sent events: numbered, so that a browser that comes back says where it was."""
    loop, fresh = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is reading any more
            loop.call_soon_threadsafe(fresh.set)

    feed.listen(wake)
    try:
        while True:
            fresh.clear()
            batch = feed.after(number)
            if batch.gap:
                yield "event: anew\ndata: {}\n\n"
                return
            if batch.events:
                yield "".join(f"id: {place}\ndata: {event}\n\n" for place, event in enumerate(batch.events, number + 1))
            number = batch.last
            if batch.ended:
                yield "event: ended\ndata: {}\n\n"
                return
            try:
                await asyncio.wait_for(fresh.wait(), PULSE)
            except asyncio.TimeoutError:
                yield ": well\n\n"
    finally:
        feed.forget(wake)


def _place(request: Request) -> int:
    """The number after which to go on: a browser that comes back says it in a header, a new page in its address."""
    said = request.headers.get("last-event-id") or request.query_params.get("after", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else -1
