"""The browser of the monitor's own tests, and real runs for it to watch."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from as_module import as_module

HERE = Path(__file__).resolve().parent
_web = as_module(HERE.parents[1] / "flodl-monitor" / "tests" / "web" / "conftest.py")
axe, chromium, tab = _web.axe, _web.chromium, _web.tab

Start = Callable[..., "Training"]


class Training:
    """A process that trains."""

    def __init__(self, folder: Path, epochs: int, port: int, halts: Sequence[int]) -> None:
        self.folder = folder
        program = [sys.executable, str(HERE / "training.py"), str(folder), *map(str, (epochs, port, *halts))]
        self.process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found is not None, said + self.process.stderr.read()
        self.url = found[0]

    def go_on(self, halt: int) -> None:
        """From where it waits, or will wait."""
        (self.folder / f"go-{halt}").touch()

    def end(self, *, kill: bool = False) -> int:
        """Its exit code, when it has ended or was ended."""
        if kill:
            self.process.kill()
        _, said = self.process.communicate(timeout=120)
        assert said == "" or kill, said
        return self.process.returncode


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts training runs; none outlives its test."""
    started: list[Training] = []

    def begin(folder: Path, epochs: int, *, port: int = 0, halts: Sequence[int] = ()) -> Training:
        started.append(Training(folder, epochs, port, halts))
        return started[-1]

    yield begin
    for training in started:
        training.process.kill()
        training.process.communicate()


@pytest.fixture
def port() -> int:
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
