"""One writer per folder: the folder itself is locked, so that there is no lock file to be left behind."""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import final

from flodl_core.errors import CheckpointError

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.EBADF)
_held: weakref.WeakSet[FolderLock]


@final
class FolderLock:
    """Held until `release`, or until the process ends, however it ends.

    A forked child lets go at once: loader workers that outlive a killed trainer must not keep the folder.

    Args:
        give_up: What is called when this process wants the folder again; it may release the lock.

    Raises:
        CheckpointError: Somebody else writes there.
    """

    def __init__(self, folder: Path, give_up: weakref.WeakMethod[Callable[[], None]]) -> None:
        self._give_up = give_up
        self._descriptor: int | None = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._place = _place_of(os.fstat(self._descriptor))
        try:
            if not self._locked():
                for other in _held_at(self._place):
                    if method := other._give_up():
                        method()
                if not self._locked():
                    raise CheckpointError(
                        "another training run is writing into this folder", mend="give each run a folder of its own"
                    )
        except BaseException:
            self.release()
            raise
        _held.add(self)

    def _locked(self) -> bool:
        assert self._descriptor is not None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:  # a file system without locks gives none
                raise
        return True

    @property
    def held(self) -> bool:
        """Not so after `release`, and in a forked child."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let others write."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.release()


def is_held_here(folder: Path) -> bool:
    """Is this process the one that writes there?"""
    return any(_held_at(_place_of(os.stat(folder))))


def _held_at(place: tuple[int, int]) -> Iterator[FolderLock]:
    return (lock for lock in list(_held) if lock.held and lock._place == place)


def _place_of(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _let_go() -> None:
    for lock in list(_held):
        lock.release()


_held = weakref.WeakSet()
os.register_at_fork(after_in_child=_let_go)
