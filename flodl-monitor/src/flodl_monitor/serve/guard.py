"""Who may read a dashboard: this machine's own pages, or who knows the token. Everyone else gets nothing.

A page on the web can make a browser ask `http://127.0.0.1` for it, under a name that it controls
(DNS rebinding), or from a page of its own (cross-origin). The name asked for and the page asking are
in the request; both are looked at before anything is answered.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias, final
from urllib.parse import parse_qs, urlsplit

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

COOKIE = "flodl_token"

HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer."""


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own, out of reach for others.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@final
class Guard:
    """Stands before an application.

    Args:
        inner: The application.
        token: What a reader must know; None: requests must be for this machine by its own name.
    """

    def __init__(self, inner: Application, token: str | None) -> None:
        self._inner, self._token = inner, token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return  # no websocket, no lifespan
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(send, *refusal)
        elif (cookie := self._fresh_cookie(scope)) is not None:
            await _answer(send, 303, "", {"location": scope["path"], "set-cookie": cookie})
        else:
            await self._inner(scope, receive, _with_headers(send))

    def _refusal(self, scope: Message, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        host = _name_of(f"//{headers.get('host', '')}")
        if self._token is None and not is_loopback(host):
            return 421, "this dashboard is for its own machine: ask for localhost or 127.0.0.1"
        if "origin" in headers and headers["origin"].partition("://")[2] != headers.get("host"):
            return 403, "another page may not read this dashboard"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            return 403, "another page may not read this dashboard"
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "a dashboard is read, never written"
        if self._token is not None and not self._knows(scope, headers):
            return 401, "this dashboard needs its token: http://host:port/?token=..."
        return None

    def _knows(self, scope: Message, headers: MutableMapping[str, str]) -> bool:
        given = [*_asked(scope), _cookie(headers.get("cookie", ""))]
        return any(_same(value, self._token or "") for value in given)

    def _fresh_cookie(self, scope: Message) -> str | None:
        """The token moves from the address, which people copy and browsers remember, into a cookie."""
        if self._token is None or not _asked(scope):
            return None
        return f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/"


def _asked(scope: Message) -> list[str]:
    return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])


def _cookie(header: str) -> str:
    try:
        held = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return held.value if held else ""


def _same(one: str, other: str) -> bool:
    """In a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())


def _name_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_encoded(HEADERS)]
        await send(message)

    return wrapped


async def _answer(send: Send, status: int, text: str, headers: MutableMapping[str, str] | None = None) -> None:
    body = f"{text}\n".encode() if text else b""
    own = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), **(headers or {})}
    await send({"type": "http.response.start", "status": status, "headers": _encoded({**HEADERS, **own})})
    await send({"type": "http.response.body", "body": body})


def _encoded(headers: MutableMapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
