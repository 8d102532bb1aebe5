"""What the monitor's tests share: a device, records, names that mean harm."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING, Any

import pytest
from flodl_monitor import EpochRecord

if TYPE_CHECKING:
    import torch


@pytest.fixture
def device() -> torch.device:
    """Where tensors live in this run of the tests."""
    torch = pytest.importorskip("torch")
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))


@pytest.fixture
def record() -> Callable[..., EpochRecord]:
    """A record with little to say."""

    def make(epoch: int = 1, **fields: object) -> EpochRecord:
        return EpochRecord(**{"epoch": epoch, "total": 10, "seconds": 0.5, "time": 0.0, **fields})

    return make


HOSTILE_NAMES = (
    "plain",
    "with space",
    "comma,separated",
    'say "hi"',
    "it's",
    "new\nline",
    "carriage\rreturn",
    "crlf\r\nboth",
    "tab\tstop",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\u2028line separator",
    "emoji 🔥",
    "ünïcödé",
    "\x1b[2Jcleared",
    "null\0byte",
    "lone\ud800surrogate",
    "{}[]:\\/",
    "epoch",
    "seconds",
    "a" * 5000,
    "",
    " leading and trailing ",
    "#comment",
    "</title><svg onload=PWN>",
    "</style><img src=x onerror=PWN>",
    "<iframe srcdoc='<script>PWN</script>'>",
    "<a href=javascript:PWN>click</a>",
    "<body onpageshow=PWN>",
    "<math><mi xlink:href='data:x,<script>PWN</script>'>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<style>*{background:url(//evil.example)}</style>",
    "<!--<script>PWN</script>-->",
    "<![CDATA[<script>PWN</script>]]>",
    "&lt;script&gt;PWN&lt;/script&gt;",
    "&#60;script&#62;PWN&#60;/script&#62;",
    "\\u003cscript\\u003ePWN\\u003c/script\\u003e",
    "%3Cscript%3EPWN%3C/script%3E",
    "'-PWN-'",
    '";PWN;//',
    "`${PWN}`",
    "${PWN}",
    "{{constructor.constructor('PWN')()}}",
    "javascript:PWN",
    "data:text/html,<script>PWN</script>",
    "x onmouseover=PWN y='",
    "<scr\0ipt>PWN</scr\0ipt>",
    "\ufeff<script>PWN</script>",
    "\u202egnp.exe",
    "__proto__",
    "constructor.prototype.x",
    "toString",
    "\r\n\r\ndata: {}\r\nevent: ended\r\n\r\n",
    "id: 999\ndata: x",
    "]]></svg><script>PWN</script>",
)
"""Names that have broken a file format or a page before. `PWN` stands for what must never run."""


@pytest.fixture
def hostile_names() -> tuple[str, ...]:
    """Names that break careless writers."""
    return HOSTILE_NAMES


class Reader:
    """A browser, as far as the wire goes."""

    def __init__(self, url: str) -> None:
        self.port = int(re.search(r":(\d+)/", url)[1])
        self._open: list[HTTPConnection] = []

    def close(self) -> None:
        """Leave, in the middle of whatever is being told."""
        while self._open:
            self._open.pop().close()

    def get(self, path: str = "/", method: str = "GET", **headers: str) -> HTTPResponse:
        """One request; a keyword is a header, with `_` for `-`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        self._open.append(connection)
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=own)
        return connection.getresponse()

    def page(self, **headers: str) -> dict[str, Any]:
        """The data of the page."""
        text = self.get(**headers).read().decode()
        return json.loads(re.search(r'id="run">(.*?)</script>', text)[1])

    def events(self, run: str, after: int, **headers: str) -> Iterator[tuple[int | None, dict[str, Any] | str]]:
        """Events as they come: number and data; one without a number has its name instead of data."""
        response = self.get(f"/events?run={run}&after={after}", **headers)
        assert 200 == response.status
        block: dict[str, str] = {}
        for raw in iter(response.readline, b""):
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                block[name] = value
                continue
            if "id" in block:
                yield int(block["id"]), json.loads(block["data"])
            elif "event" in block:
                yield None, block["event"]
            block = {}

    def raw(self, data: bytes) -> bytes:
        """What comes back for bytes that may be no request at all."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as stream:
            stream.sendall(data)
            return stream.recv(65536)


@pytest.fixture
def reader_at() -> Iterator[Callable[[str], Reader]]:
    """Makes readers of an address; they leave at the end."""
    readers: list[Reader] = []

    def make(url: str) -> Reader:
        readers.append(Reader(url))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()
