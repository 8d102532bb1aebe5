"""The folder of a run: its states by age, which of them is good, which may go."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import final

from attrs import frozen

from flodl_core.checkpoint.commit import sync_folder
from flodl_core.checkpoint.state.folder import SavedState, files_of, read_manifest, read_state, write_state
from flodl_core.checkpoint.state.listing import name_of, next_serial, states_in
from flodl_core.checkpoint.state.lock import FolderLock, is_held_here
from flodl_core.checkpoint.state.manifest import NAME as MANIFEST
from flodl_core.checkpoint.state.manifest import Manifest, TooNew
from flodl_core.checkpoint.state.picture import Picture
from flodl_core.checkpoint.state.ranking import Best
from flodl_core.errors import CheckpointError

LATEST, BEST = "latest", "best"
FEWEST = 2
"""So many verified states are always left."""

_STAGED, _DROPPED = ".staged-", ".dropped-"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)


@final
@frozen
class Bad:
    """A state that cannot be used, and why."""

    folder: Path
    reason: str


@final
class Store:
    """All states of one run.

    Args:
        folder: Created when the first state is written.
        keep_last: So many of the newest are kept.
        best: Which one is kept besides; None: none.
        give_up: As `FolderLock`'s.
    """

    def __init__(
        self, folder: Path, keep_last: int, best: Best | None, give_up: weakref.WeakMethod[Callable[[], None]]
    ) -> None:
        self.folder, self._give_up = folder, give_up
        self._keep_last, self.best = keep_last, best
        self._lock: FolderLock | None = None
        self._verified: dict[Path, tuple[tuple[str, int, int, int], ...]] = {}

    def open(self) -> None:
        """Make the folder and take it: nobody else writes there now.

        Raises:
            CheckpointError, OSError: It cannot be made, or belongs to another run.
        """
        if self._lock is None or not self._lock.held:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(self.folder, self._give_up)

    def open_to_read(self) -> None:
        """Take a folder that is there, unless this process has it: what it writes itself may be read."""
        if self.folder.is_dir() and not is_held_here(self.folder):
            self.open()

    def close(self) -> None:
        """Let others write there."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def states(self) -> list[Path]:
        """Newest first, good or bad."""
        return states_in(self.folder)

    def newest(self) -> tuple[tuple[Path, SavedState] | None, list[Bad]]:
        """The newest good state, and those newer than it that are not.

        Raises:
            TooNew: The newest is of a later flodl.
        """
        bad = []
        for folder in self.states():
            try:
                state = read_state(folder)
            except TooNew:
                raise
            except (CheckpointError, OSError) as error:
                bad.append(Bad(folder, error.what if isinstance(error, CheckpointError) else str(error)))
            else:
                self._verified[folder] = tuple(files_of(folder))
                return (folder, state), bad
        return None, bad

    def write(self, picture: Picture, metrics: Mapping[str, float]) -> Path:
        """Add a state: it is there whole when this returns, and not at all if it raises before the rename.

        Raises:
            CheckpointError, OSError: It cannot be written; the older ones are as they were.
        """
        self.open()
        self._clean()
        serial = next_serial(self.folder)
        staged = self.folder / f"{_STAGED}{secrets.token_hex(6)}"
        target = self.folder / name_of(picture.steps or 0, serial)
        try:
            staged.mkdir()
            write_state(staged, picture, serial, metrics)
            os.rename(staged, target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        sync_folder(self.folder)
        self._verified[target] = tuple(files_of(target))
        self._point(LATEST, target.name)
        self._prune()
        return target

    def _prune(self) -> None:
        """Remove what need not be kept, as long as enough is left that was read and found whole."""
        states = self.states()
        best = self._best_of(states)
        if best is not None:
            self._point(BEST, best.name)
        good = [path for path in states[: self._keep_last] if self._is_whole(path)]
        for path in states[self._keep_last :]:
            if len(good) < self._keep_last and self._is_whole(path):
                good.append(path)
            elif path != best and len(good) >= FEWEST and not _is_of_a_later_flodl(path):
                self._drop(path)

    def _best_of(self, states: list[Path]) -> Path | None:
        return None if self.best is None else self.best.among((p, m.metrics) for p, m in _manifests(states))

    def _is_whole(self, path: Path) -> bool:
        """Read it whole, unless that was done and nobody touched it since."""
        try:
            now = tuple(files_of(path))
            if self._verified.get(path) != now:
                read_state(path)
                self._verified[path] = now
        except (CheckpointError, OSError):
            return False
        return True

    def _drop(self, path: Path) -> None:
        """Out of sight by one rename, then removed: a kill in between leaves no half state."""
        dropped = self.folder / f"{_DROPPED}{path.name}"
        os.rename(path, dropped)
        self._verified.pop(path, None)
        shutil.rmtree(dropped)

    def _point(self, pointer: str, name: str) -> None:
        """A link that always leads somewhere, where the file system has links."""
        link, fresh = self.folder / pointer, self.folder / f"{_STAGED}{pointer}"
        with suppress(OSError):
            if os.readlink(link) == name:
                return
        try:
            os.symlink(name, fresh)
            if link.is_dir() and not link.is_symlink() and (link / MANIFEST).exists():
                self._drop(link)  # whoever copied the folder copied what the link led to
            os.replace(fresh, link)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            if error.errno not in _NO_LINKS:
                raise
        sync_folder(self.folder)

    def _clean(self) -> None:
        """Remove what killed writers left; the lock says that none is alive."""
        for name in os.listdir(self.folder):
            if name.startswith((_STAGED, _DROPPED)):
                path = self.folder / name
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _manifests(states: list[Path]) -> Iterator[tuple[Path, Manifest]]:
    for path in states:
        with suppress(CheckpointError, OSError):
            yield path, read_manifest(path)


def _is_of_a_later_flodl(path: Path) -> bool:
    try:
        read_manifest(path)
    except TooNew:
        return True
    except (CheckpointError, OSError):
        return False
    return False
