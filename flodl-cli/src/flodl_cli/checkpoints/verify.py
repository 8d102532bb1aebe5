"""Whether checkpoints are whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from attrs import asdict, frozen
from flodl_core.checkpoint import verify_checkpoint
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.state.folder import read_state
from flodl_core.checkpoint.state.listing import states_at
from flodl_core.checkpoint.torch_file import holds_torch
from flodl_core.errors import CheckpointError

from flodl_cli.output.human import print_table
from flodl_cli.output.machine import print_json


@final
@frozen
class Verdict:
    """What came of one file or state: `whole`, `damaged`, `unreadable`, or `unverified` where it has no digests."""

    path: str
    verdict: str
    reason: str = ""


def verify(paths: Sequence[str], *, as_json: bool) -> int:
    """Read every byte of every one; 1 when one is damaged."""
    verdicts = [verdict for path in paths for verdict in _verdicts(path)]
    if as_json:
        print_json({"files": [asdict(verdict) for verdict in verdicts]})
    else:
        print_table(["file", "verdict", ""], [[v.path, v.verdict, v.reason] for v in verdicts])
    return 1 if any(verdict.verdict in ("damaged", "unreadable") for verdict in verdicts) else 0


def _verdicts(path: str) -> Iterator[Verdict]:
    """A file, or every state in a run's folder, the oldest first."""
    place = Path(path)
    if not place.is_dir():
        yield _file(path)
        return
    states = states_at(place)
    if not states:
        yield Verdict(path, "unreadable", "the folder holds no state of a run")
    yield from map(_state, reversed(states))


def _file(path: str) -> Verdict:
    try:
        info = verify_checkpoint(path)
    except CheckpointError as error:
        return _bad(path, error)
    return Verdict(path, "whole") if info.digested else Verdict(path, "unverified", "it has no digests")


def _state(folder: Path) -> Verdict:
    try:
        with at(folder, "read"):
            read_state(folder)
    except CheckpointError as error:
        return _bad(str(folder), error)
    return Verdict(str(folder), "whole")


def _bad(path: str, error: CheckpointError) -> Verdict:
    verdict = "unreadable" if isinstance(error.__cause__, OSError) or holds_torch(Path(path)) else "damaged"
    return Verdict(path, verdict, error.what.splitlines()[0])
