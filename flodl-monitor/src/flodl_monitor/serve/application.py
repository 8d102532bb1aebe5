"""What a dashboard answers: `/` is the page with all that was, `/events` is what comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import lru_cache

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from flodl_monitor.serve.bell import Bell
from flodl_monitor.serve.feed import Feed
from flodl_monitor.serve.guard import Application, Guard


def application(feed: Feed, page: Callable[[], str], token: str | None) -> Application:
    """The dashboard as an ASGI application.

    Args:
        page: Makes the page as things stand; called off the event loop.
        token: See `Guard`.
    """
    bell = Bell(feed)

    def show(request: Request) -> Response:
        return HTMLResponse(page())

    async def events(request: Request) -> Response:
        number = _place(request) if request.query_params.get("run") == feed.run else -1
        stream = _events(feed, bell, number)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    return Guard(Starlette(routes=[Route("/", show), Route("/events", events)]), token)


async def _events(feed: Feed, bell: Bell, number: int) -> AsyncIterator[str | bytes]:
    """Server-sent events: numbered, so that a browser that comes back says where it was."""
    with bell.heard():
        while True:
            rung = bell.next
            batch = feed.after(number)
            if batch.gap:
                yield "event: anew\ndata: {}\n\n"
                return
            if batch.events:
                yield _told(number + 1, batch.events)
                number = batch.last
            elif batch.ended:
                yield "event: ended\ndata: {}\n\n"
                return
            else:
                await rung.wait()
                if feed.last == number:
                    yield ": well\n\n"


@lru_cache(maxsize=8)
def _told(first: int, events: tuple[str, ...]) -> bytes:
    """As they go over the wire: to most readers the same at the same time."""
    return "".join(f"id: {place}\ndata: {event}\n\n" for place, event in enumerate(events, first)).encode()


def _place(request: Request) -> int:
    """The number after which to go on: a browser that comes back says it in a header, a new page in its address."""
    said = request.headers.get("last-event-id") or request.query_params.get("after", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else -1
