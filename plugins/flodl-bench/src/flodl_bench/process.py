"""A cell's own process: what it compiles, records or breaks stays there."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

from attrs import frozen

if TYPE_CHECKING:
    from typing_extensions import Self


# As `python -m` does, but the current folder is no place to import from; PYTHONSAFEPATH is not known to Python 3.10.
_START = "import sys; sys.path[:] = [p for p in sys.path if p]; import runpy; "
_RUN = _START + "runpy.run_module({!r}, run_name='__main__', alter_sys=True)"


class CellFailed(Exception):
    """A side that cannot go on; the message says why."""


class OutOfTime(Exception):
    """The budget is used up."""


@final
@frozen
class Deadline:
    """When measuring ends.

    Args:
        at: On the clock of `time.monotonic`; None: never.
    """

    at: float | None = None

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """From now on."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    def left(self) -> float | None:
        """Seconds.

        Raises:
            OutOfTime: None are left.
        """
        if self.at is None:
            return None
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise OutOfTime
        return seconds


@final
class Process:
    """Runs `python -m MODULE ARGUMENTS`, and talks with it: a word each way is a line.

    The current folder is no place for it to import from, and it has few workers for compiling, since
    there are others beside it.

    It and what it starts are killed when the block ends, however it ends. Ctrl-C reaches only us.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-c", _RUN.format(module), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={"TORCHINDUCTOR_COMPILE_THREADS": "4", **os.environ, "PYTHONSAFEPATH": "1"},
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def say(self, word: str) -> None:
        """One line to it; one that is no more will be found out by the answer."""
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):
            self._child.stdin.write(word + "\n")
            self._child.stdin.flush()

    def answer(self, deadline: Deadline) -> dict[str, Any]:
        """Its next answer.

        Raises:
            CellFailed: It says why it cannot, or is no more.
            OutOfTime: It did not come before the deadline.
        """
        try:
            line = self._answers.get(timeout=deadline.left())
        except queue.Empty:
            raise OutOfTime from None
        if line is None:
            raise CellFailed(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise CellFailed(answer["error"])
        return answer

    def end(self) -> None:
        """It, and all that it started, at once."""
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self._child.pid, signal.SIGKILL)  # its group outlives it while it is not waited for
            else:
                self._child.kill()
        self._child.wait()
        self._listener.join(timeout=5)  # it ends with the pipe, which only an escaped child could hold
        self._errors.close()
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):
            self._child.stdin.close()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as lines:
            for line in lines:
                self._answers.put(line)
        self._answers.put(None)

    def _last_words(self) -> str:
        code = self._child.wait()
        if code < 0:
            return f"it was killed ({signal.Signals(-code).name})"
        self._errors.seek(0)
        said = [line.strip() for line in self._errors.read().decode(errors="replace").splitlines() if line.strip()]
        return f"it ended with exit code {code}" + (f": {said[-1][:300]}" if said else "")
