"""A file is written beside its place and renamed into it: readers see the old one or the new one, whole.

The order is what makes it safe: write, fsync the file, rename, fsync the folder. Whatever stops the
writer before the rename leaves the old file; what it leaves behind is cleaned by the next writer to the
same place, which knows an orphan from a file in use by its lock, and by nothing else.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from flodl_core.checkpoint.place import at
from flodl_core.errors import CheckpointError

_SUFFIX = ".staged"


@contextmanager
def committed(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file to write to, which becomes `path` when the block ends, and only if it ends well.

    A symbolic link is followed; the permissions of a file that is replaced are kept.

    Raises:
        CheckpointError: It cannot be written. `path` is then as it was.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "greeting"
    >>> with committed(target) as file:
    ...     _ = file.write(b"hello")
    >>> target.read_bytes()
    b'hello'
    """
    with at(path, "write") as given:
        target = Path(os.path.realpath(given))
        mode = _mode_of(target)
        _clean(target)
        staged, descriptor = _stage(target)
        try:
            with open(descriptor, "wb") as file:
                if mode is not None:
                    os.fchmod(descriptor, mode)
                yield file
                file.flush()
                os.fsync(descriptor)
                os.replace(staged, target)
        except BaseException:
            with suppress(OSError):
                staged.unlink()
            raise
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` outlive a power cut, where its file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system without such a promise
            raise
    finally:
        os.close(descriptor)


def _mode_of(target: Path) -> int | None:
    """The permissions to keep; None when there is no file yet."""
    try:
        found = target.stat()
    except FileNotFoundError:
        if not target.parent.exists():
            raise CheckpointError(
                f"there is no folder {target.parent}", where=target, mend=f"create it: mkdir -p {target.parent}"
            ) from None
        return None
    if not stat.S_ISREG(found.st_mode):
        raise CheckpointError("what is there is not a regular file", where=target, mend="choose another path")
    return stat.S_IMODE(found.st_mode)


def _stage(target: Path) -> tuple[Path, int]:
    """A new file beside the target, locked for as long as it is open."""
    while True:
        staged = target.with_name(f"{_prefix(target)}{secrets.token_hex(6)}{_SUFFIX}")
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return staged, descriptor
        os.close(descriptor)  # between the two calls above a cleaner took it for an orphan


def _clean(target: Path) -> None:
    """Remove what killed writers to this target left: staged files that nobody holds."""
    prefix = _prefix(target)
    with suppress(OSError):  # cleaning is a courtesy; the write itself will say what is wrong
        for name in os.listdir(target.parent):
            if name.startswith(prefix) and name.endswith(_SUFFIX):
                _remove_orphan(target.with_name(name))


def _remove_orphan(staged: Path) -> None:
    descriptor = os.open(staged, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        staged.unlink()
    except BlockingIOError:
        pass  # a living writer's
    finally:
        os.close(descriptor)


def _prefix(target: Path) -> str:
    """How staged files of this target begin; short enough where the target's own name is as long as can be."""
    return f".{target.name[:40]}."
