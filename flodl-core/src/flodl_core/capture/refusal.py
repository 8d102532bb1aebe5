"""Why a step cannot be recorded: the fact, and the line that it comes from."""

from __future__ import annotations

import linecache
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import torch

from flodl_core.where import Where

_TORCH = os.path.dirname(torch.__file__)
_OURS = tuple(f"{os.sep}{name}{os.sep}" for name in ("flodl_core", "flodl_nn", "flodl_graph"))
_STALE = ("AccumulateGrad node's stream does not match", "legacy stream depend on a capturing")
_READS_BACK = ("synchronizing CUDA operation", "operation not permitted when stream is capturing")
_on_trial = 0
_again = 0


@final
class Refusal(Exception):
    """A step that is not recorded.

    Args:
        what: The fact.
        where: The line it comes from; a graph's line names its node.
        passing: May it be otherwise at a later call? It is the surroundings', not the step's.
    """

    def __init__(self, what: str, where: str | None = None, *, passing: bool = False) -> None:
        self.what, self.where, self.passing = what, where, passing
        super().__init__(what if where is None else f"{what}, at {where}")


def host_work(what: str) -> None:
    """Say that the caller does work on the host, which a replay would leave out.

    Costs next to nothing, except in the trial of a step that is to be recorded: there it refuses.

    Raises:
        Refusal: A step is on trial.
    """
    if _on_trial:
        raise Refusal(what)


def tried_again() -> bool:
    """Is a step that is recorded already run eagerly, to be compared with its replay?

    It takes its memory from the recordings. There it is best if gradients are computed into the tensors
    that hold the last ones: new ones would be beside those for good.
    """
    return _again > 0


@contextmanager
def on_trial(*, again: bool = False) -> Iterator[None]:
    """A block in which `host_work` refuses; `again` as `tried_again` says."""
    global _on_trial, _again
    _on_trial, _again = _on_trial + 1, _again + again
    try:
        yield
    finally:
        _on_trial, _again = _on_trial - 1, _again - again


def explained(error: BaseException) -> Refusal:
    """The refusal that an error in a trial, or in a recording, amounts to."""
    where = _place(error)
    if isinstance(error, Refusal):
        return Refusal(error.what, error.where or where, passing=error.passing)
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, torch.OutOfMemoryError):
        return Refusal("there is not enough memory to record it", passing=True)
    if any(sign in text for sign in _STALE):
        what = "something still holds the gradients' graph of an earlier pass: detach() what is kept"
        return Refusal(what, where, passing=True)
    if any(sign in text for sign in _READS_BACK):
        return Refusal("the host reads a value back from the device, or copies one to it", where)
    return Refusal(f"{type(error).__name__}: {text}", where)


def _place(error: BaseException) -> str | None:
    """The innermost line of a graph's forward; else the innermost that is neither torch's nor ours."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    nodes = [(file, line) for file, line in frames if file.startswith("<flodl graph")]
    theirs = [(file, line) for file, line in frames if not file.startswith(_TORCH) and not _is_ours(file)]
    if nodes:
        return " ".join(linecache.getline(*nodes[-1]).split())
    if theirs:
        file, line = theirs[-1]
        return f"{linecache.getline(file, line).strip()}  # {Where(file, line)}"
    return None


def _is_ours(file: str) -> bool:
    return any(room in file for room in _OURS) and f"{os.sep}tests{os.sep}" not in file
