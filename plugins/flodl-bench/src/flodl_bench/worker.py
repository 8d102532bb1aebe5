"""A cell's process: `python -m flodl_bench.worker ORDER`; answers each word on stdin with a line of JSON.

It answers once when it is ready, then to `warm`, `round` and `kernels`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from typing import TextIO

from flodl_core import FlodlError

from flodl_bench.order import Order


def main() -> None:
    """Train as ordered, word by word."""
    answers = _take_stdout()
    try:
        order = Order.read(sys.argv[1])
        from flodl_bench.training import Training  # torch comes with it

        # A step that fell back to something else would be measured as what it is not.
        warnings.filterwarnings("error", message="the objective runs uncompiled")
        training = Training(order)
        _say(answers, {"ready": True})
        for line in sys.stdin:
            _say(answers, training.do(line.strip()))
    except BaseException as error:
        traceback.print_exc()
        _say(answers, {"error": _said(error)})
    sys.stderr.flush()
    os._exit(0)  # nothing to tidy up, and the next one waits


def _take_stdout() -> TextIO:
    """Ours alone; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _say(answers: TextIO, answer: dict[str, object]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _said(error: BaseException) -> str:
    """The first line that tells something, with the kind of error."""
    text = error.what if isinstance(error, FlodlError) else str(error)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first}"[:300].removesuffix(": ")


if __name__ == "__main__":
    main()
