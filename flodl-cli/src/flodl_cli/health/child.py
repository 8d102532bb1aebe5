"""A question asked in a child process: what crashes, hangs or prints there cannot hurt here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, final

from attrs import frozen

_MARK = "flodl-answer:"
# The current folder is no place to import from: -c would put it first.
_PRELUDE = "import sys; sys.path[:] = [p for p in sys.path if p]; import json\n"
_TELL = f"\nprint({_MARK!r} + json.dumps(answer), flush=True)"


@final
@frozen
class Answer:
    """What a child found out, or why it could not."""

    data: Mapping[str, Any]
    failure: str = ""


def ask(source: str, *arguments: str, timeout: float) -> Answer:
    """Run Python source that binds `answer`, and return it.

    Args:
        source: May read `sys.argv[1:]`.
        timeout: Seconds, after which the child and its children are killed.
    """
    command = [sys.executable, "-c", _PRELUDE + source + _TELL, *arguments]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    try:
        out, err = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(child)
        return Answer({}, f"no answer within {timeout:g} s")
    except BaseException:
        _kill(child)
        raise
    lines = [line for line in out.decode(errors="replace").splitlines() if line.startswith(_MARK)]
    if lines:
        return Answer(json.loads(lines[-1].removeprefix(_MARK)))
    return Answer({}, _failure(child.returncode, err.decode(errors="replace")))


def _kill(child: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.communicate()


def _failure(code: int, err: str) -> str:
    """The last line that it said, or the signal that ended it."""
    if code < 0:
        return f"it crashed ({signal.Signals(-code).name})"
    said = [line.strip() for line in err.splitlines() if line.strip()]
    return said[-1] if said else f"it ended with exit code {code} and said nothing"
