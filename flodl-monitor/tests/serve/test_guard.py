"""Who may read a dashboard. Each refusal is made against the real server."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from http.client import HTTPException

import pytest
from flodl_core.errors import MonitorError
from flodl_monitor.sinks.dashboard import Dashboard

pytest.importorskip("uvicorn", reason="the dashboard's server is not installed: pip install 'flodl-monitor[serve]'")
connections = pytest.importorskip("flodl_monitor.serve.connections")
connections_room = connections.room


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:9999", "[::1]:3000", "127.0.0.2:80"])
def test_its_own_machine_is_let_in(host, reader):
    """By each of its own names, whatever port a tunnel gives it."""
    assert 200 == reader.get(Host=host).status


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "0.0.0.0",
        "",
        "[::1",
        "10.0.0.1",
    ],
)
def test_a_rebound_name_is_refused(host, reader):
    """DNS rebinding: the address is this machine's, the name asked for is not. Not a byte of the run is told."""
    for path in ("/", "/events?run=x&after=0"):
        response = reader.get(path, Host=host)
        assert response.status in (400, 421)
        assert b"loss" not in response.read()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"},
    ],
)
def test_another_page_is_refused(headers, reader):
    """A page from elsewhere, also from another port of this machine, cannot fetch or listen."""
    for path in ("/", "/events?run=x&after=0"):
        assert 403 == reader.get(path, **headers).status


def test_its_own_page_and_a_followed_link_are_let_in(reader):
    """The page's own requests name its origin; a link that a person follows comes from elsewhere."""
    assert 200 == reader.get(Origin=f"http://127.0.0.1:{reader.port}").status
    assert 200 == reader.get(Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_it_is_read_only(method, reader):
    """No method that could change something is answered."""
    assert 405 == reader.get(method=method).status


def test_every_answer_has_the_headers_of_safety(reader):
    """Pages, refusals and unknown paths alike: not framed, not sniffed, not stored; and nothing says who may read."""
    for path, headers in (("/", {}), ("/nothing", {}), ("/", {"Host": "evil.example"})):
        told = {name.lower(): value for name, value in reader.get(path, **headers).getheaders()}
        assert told["x-frame-options"] == "DENY"
        assert told["x-content-type-options"] == "nosniff"
        assert told["cache-control"] == "no-store"
        assert told["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in told
        assert "server" not in told


def test_an_open_address_needs_a_token():
    """An address that others reach is refused without one, with the way round it."""
    with pytest.raises(MonitorError, match=r"a dashboard on 0\.0\.0\.0 can be read by everyone") as caught:
        Dashboard(port=0, host="0.0.0.0")
    assert "ssh -L 3000:localhost:3000" in caught.value.mend


@pytest.mark.parametrize("token", ["short", "with space", "semi;colon", "ünïcödé-wörd", "line\nbreak-token"])
def test_a_token_stands_in_an_address(token):
    """Anything that a cookie or an address would change is refused, and so is what is quickly guessed."""
    with pytest.raises(MonitorError, match="a token is at least 8 letters, digits"):
        Dashboard(port=0, token=token)


def test_a_token_lets_in_who_knows_it(reader_of):
    """By the address once, then by a cookie that no script reads; a wrong one is told what is due."""
    dashboard = Dashboard(port=0, token="open-sesame")
    try:
        reader = reader_of(dashboard)
        assert 401 == reader.get().status
        assert 401 == reader.get("/?token=wrong").status
        assert 401 == reader.get("/", Cookie="flodl_token=wrong").status
    finally:
        dashboard.close()
    dashboard = Dashboard(port=0, host="0.0.0.0", token="s3cret-word")
    try:
        reader = reader_of(dashboard)
        response = reader.get("/?token=s3cret-word", Host="machine.example:3000")
        cookie = response.getheader("set-cookie")
        assert (303, "/") == (response.status, response.getheader("location"))
        assert "HttpOnly; SameSite=Strict" in cookie
        assert 200 == reader.get(Cookie=cookie.partition(";")[0], Host="machine.example:3000").status
    finally:
        dashboard.close()


def test_a_head_that_is_too_long_is_refused(reader):
    """Sixteen kilobytes of header are enough for anyone."""
    answer = reader.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000)
    assert answer.startswith(b"HTTP/1.1 4") or answer == b""
    assert 200 == reader.get().status


def test_half_open_connections_hold_up_nobody(reader):
    """A hundred that never finish their request, and a page is served at once."""
    idle = []
    for _ in range(100):
        stream = socket.create_connection(("127.0.0.1", reader.port), timeout=10)
        stream.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        idle.append(stream)
    began = time.monotonic()
    assert 200 == reader.get().status
    assert time.monotonic() - began < 5
    for stream in idle:
        stream.close()


def test_connections_are_bounded(reader, monkeypatch):
    """One too many is refused at once, training keeps its files; when others leave, the next is served."""
    monkeypatch.setattr(connections, "room", lambda: 3)
    idle = [socket.create_connection(("127.0.0.1", reader.port), timeout=10) for _ in range(3)]
    with socket.create_connection(("127.0.0.1", reader.port), timeout=10) as late, suppress(ConnectionError):
        late.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert late.recv(100) == b""
    for stream in idle:
        stream.close()
    deadline = time.monotonic() + 20
    while True:
        with suppress(OSError, HTTPException):
            assert 200 == reader.get().status
            break
        assert time.monotonic() < deadline
    assert 0 < connections_room() <= connections.MOST


def test_a_connection_that_asks_for_nothing_is_closed(monkeypatch):
    """Half a request, or none, in time; one that listens stays."""
    monkeypatch.setattr(connections, "PATIENCE", 0.2)
    dashboard = Dashboard(port=0)
    port = int(dashboard.url.rsplit(":", 1)[1].strip("/"))
    try:
        for sent in (b"", b"GET / HTTP/1.1\r\nHost: loc"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
                stream.sendall(sent)
                assert stream.recv(100) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
            ask = f"GET /events?run={dashboard._feed.run}&after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            stream.sendall(ask.encode())
            assert stream.recv(100).startswith(b"HTTP/1.1 200")
            time.sleep(0.5)
            dashboard.finish()
            assert b"finish" in stream.recv(4000) + stream.recv(4000)
    finally:
        dashboard.close()


@pytest.mark.parametrize(
    "query",
    ["", "after=1", "run=x&after=0", "run={run}&after=-5", "run={run}&after=1e9", "run={run}&after=" + "9" * 500],
)
def test_a_place_that_makes_no_sense_begins_anew(query, reader):
    """Whatever stands in the address, the answer is one event that makes the page reload."""
    run = reader.page()["live"]["run"]
    body = reader.get("/events?" + query.format(run=run)).read().decode()
    assert "event: anew\ndata: {}\n\n" == body
