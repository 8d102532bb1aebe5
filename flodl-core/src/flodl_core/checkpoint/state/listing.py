"""The states in a run's folder, told by their names: `step-00001234-0017` is the 17th, after 1,234 steps."""

from __future__ import annotations

import os
import re
from pathlib import Path

from flodl_core.checkpoint.state.manifest import NAME as MANIFEST

_NAME = re.compile(r"step-\d{8,}-(\d{4,})")


def name_of(steps: int, serial: int) -> str:
    """What the folder of a state is called.

    >>> name_of(1234, 17)
    'step-00001234-0017'
    """
    return f"step-{steps:08d}-{serial:04d}"


def states_in(folder: Path) -> list[Path]:
    """Newest first, good or bad. A run that went back has newer states of fewer steps: the serial number counts."""
    if not folder.is_dir():
        return []
    found = [(int(match[1]), name) for name in os.listdir(folder) if (match := _NAME.fullmatch(name))]
    return [folder / name for _, name in sorted(found, reverse=True)]


def states_at(place: Path) -> list[Path]:
    """The states that a folder means: itself where it is one, else those in it, newest first."""
    return [place] if (place / MANIFEST).exists() else states_in(place)


def next_serial(folder: Path) -> int:
    """The number of the state that is to be written there."""
    newest = next(iter(states_in(folder)), None)
    match = _NAME.fullmatch(newest.name) if newest is not None else None
    return int(match[1]) + 1 if match else 1
