"""A write ends in the new file or leaves the old one, whole; what a killed writer left is cleaned up.

The kill test takes a few seconds in the normal run. For a long one:

    FLODL_KILLS=1000 python -m pytest flodl-core/tests/checkpoint/test_commit.py -k kill
"""

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time

import pytest
from flodl_core import CheckpointError
from flodl_core.checkpoint import committed, load_checkpoint, save_checkpoint, verify_checkpoint
from torch import nn

KILLS = int(os.environ.get("FLODL_KILLS", "25"))


def module_of(value):
    module = nn.Linear(64, 64)
    nn.init.constant_(module.weight, value)
    nn.init.constant_(module.bias, value)
    return module


def value_of(path):
    module = module_of(-1.0)
    load_checkpoint(path, module)
    (value,) = {*module.weight.unique().tolist(), *module.bias.unique().tolist()}
    return value


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, module_of(1.0))
    return path


def test_nothing_but_the_file_is_left(target):
    """After a save the folder holds the file and nothing beside it."""
    save_checkpoint(target, module_of(2.0))
    assert [target] == list(target.parent.iterdir())
    assert value_of(target) == 2.0


def test_an_error_in_the_middle_leaves_the_old_file(target):
    """Whatever stops the writer, even Ctrl-C, the old file stays and the new one is gone."""
    for stop in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(stop), committed(target) as file:  # noqa: PT012 - the block is what is tested
            file.write(b"half")
            raise stop
    assert value_of(target) == 1.0
    assert [target] == list(target.parent.iterdir())


def test_a_reader_sees_the_old_file_until_the_end(target):
    """Until the rename the name stands for the old file."""
    with committed(target) as file:
        file.write(b"half")
        assert value_of(target) == 1.0


def test_permissions_and_links_are_kept(target):
    """A link is written through, and the file keeps its mode."""
    target.chmod(0o640)
    link = target.with_name("latest")
    link.symlink_to(target.name)
    save_checkpoint(link, module_of(3.0))
    assert link.is_symlink()
    assert value_of(target) == 3.0
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_obeys_the_umask(tmp_path):
    """A first save has the permissions that any new file would have."""
    old = os.umask(0o027)
    try:
        save_checkpoint(tmp_path / "m", module_of(1.0))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o640


def test_the_longest_name_will_do(tmp_path):
    """The file beside the target never needs a longer name than the target may have."""
    path = tmp_path / ("m" * 255)
    save_checkpoint(path, module_of(1.0))
    assert value_of(path) == 1.0


@pytest.mark.parametrize(
    ("make", "reason", "mend"),
    [
        (lambda path: path.parent.rmdir(), "there is no folder", "mkdir -p"),
        (lambda path: path.mkdir(), "not a regular file", "choose another path"),
        (lambda path: os.mkfifo(path), "not a regular file", "choose another path"),
        (lambda path: (path.parent.rmdir(), path.parent.write_text("")), "Not a directory", "a file, not a folder"),
    ],
)
def test_an_impossible_place_is_told(make, reason, mend, tmp_path):
    """No folder, a folder, a pipe, a file where the folder should be: one error, with a way out."""
    path = tmp_path / "folder" / "m"
    path.parent.mkdir()
    make(path)
    with pytest.raises(CheckpointError, match=reason) as caught:
        save_checkpoint(path, module_of(1.0))
    assert mend in caught.value.mend


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)], capture_output=True, text=True
    )


LIMITED = """
import resource, sys
from flodl_core import CheckpointError
from flodl_core.checkpoint import save_checkpoint
from torch import nn
module = nn.Linear(64, 64)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    save_checkpoint(sys.argv[1], module)
except CheckpointError as error:
    print(error)
    sys.exit(3)
"""


@pytest.mark.parametrize("limit", [100, 10_000])
def test_a_limit_on_file_sizes_leaves_the_old_file(limit, target):
    """The write that goes over the limit fails; the old file is whole, nothing is left beside it."""
    done = run(LIMITED, target, limit)
    assert done.returncode == 3, done.stderr
    assert "File too large" in done.stdout
    assert value_of(target) == 1.0
    assert [target] == list(target.parent.iterdir())


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this user cannot mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_the_old_file(tiny_disk):
    """No space left: an error with a way out, the old file whole, the space given back."""
    path = tiny_disk / "m"
    save_checkpoint(path, module_of(1.0))
    for size in range(64, 320, 32):
        with pytest.raises(CheckpointError, match="No space left on device") as caught:
            save_checkpoint(path, nn.Linear(size * 2, 128))
        assert "free some space" in caught.value.mend
        assert value_of(path) == 1.0
        assert [path] == list(tiny_disk.iterdir())


def test_a_read_only_disk_leaves_the_old_file(tiny_disk):
    """A file system that became read-only: an error, the old file whole."""
    path = tiny_disk / "m"
    save_checkpoint(path, module_of(1.0))
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with pytest.raises(CheckpointError, match="Read-only file system"):
        save_checkpoint(path, module_of(2.0))
    assert value_of(path) == 1.0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_leaves_the_old_file(target):
    """No permission to write: an error, the old file whole."""
    target.parent.chmod(0o500)
    try:
        with pytest.raises(CheckpointError, match="Permission denied"):
            save_checkpoint(target, module_of(2.0))
    finally:
        target.parent.chmod(0o700)
    assert value_of(target) == 1.0


@pytest.mark.parametrize("call", ["fsync", "replace", "open", "flock"])
def test_a_failing_system_call_leaves_the_old_file(call, target, monkeypatch):
    """An input/output error in any step before the rename: one error, the old file whole, nothing beside it."""
    from flodl_core.checkpoint import commit

    def fail(*_, **__):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    home = commit.fcntl if call == "flock" else os
    with monkeypatch.context() as patched:
        patched.setattr(home, call, fail)
        with pytest.raises(CheckpointError, match="Input/output error"):
            save_checkpoint(target, module_of(2.0))
    assert value_of(target) == 1.0
    left = [path for path in target.parent.iterdir() if path != target]
    if call != "flock":
        assert [] == left
    save_checkpoint(target, module_of(3.0))
    assert [target] == list(target.parent.iterdir())


def test_an_orphan_is_cleaned_and_a_living_writer_is_not(target):
    """The next save removes what nobody holds any more, and leaves alone what somebody is writing."""
    orphan = target.with_name(f".{target.name}.0123456789ab.staged")
    stranger = target.with_name(".other.0123456789ab.staged")
    orphan.write_bytes(b"half")
    stranger.write_bytes(b"half")
    with committed(target) as file:
        assert not orphan.exists()
        (mine,) = (path for path in target.parent.iterdir() if path not in (target, stranger))
        save_checkpoint(target, module_of(5.0))
        assert mine.exists()
        file.write(b"the last one wins")
    assert target.read_bytes() == b"the last one wins"
    assert stranger.exists()


REPEATING = """
import sys
from flodl_core.checkpoint import save_checkpoint
from torch import nn
module = nn.Linear(64, 64)
for parameter in module.parameters():
    nn.init.constant_(parameter, 1.0)
for _ in range(40):
    save_checkpoint(sys.argv[1], module)
"""


def test_two_writers_at_once_leave_one_whole_file(tmp_path):
    """Processes that save to one path in a loop never fail and never mix."""
    path = tmp_path / "m.safetensors"
    writers = [subprocess.Popen([sys.executable, "-c", REPEATING, path]) for _ in range(2)]
    assert [0, 0] == [writer.wait(60) for writer in writers]
    assert value_of(path) == 1.0
    assert [path] == list(tmp_path.iterdir())


SAVING = """
import os, sys
from flodl_core.checkpoint import save_checkpoint
from torch import nn

def save(path, progress):
    module, returned = nn.Linear(64, 64), os.open(progress, os.O_WRONLY | os.O_CREAT)
    for value in range(1, 1_000_000):
        for parameter in module.parameters():
            nn.init.constant_(parameter, value)
        save_checkpoint(path, module)
        os.pwrite(returned, value.to_bytes(8, "little"), 0)

for line in sys.stdin:
    child = os.fork()
    if not child:
        save(*line.split())
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path):
    """kill -9 in the middle of a saving loop: the file is of one save, and none that returned is lost."""
    path, progress, rng = tmp_path / "m.safetensors", tmp_path / "progress", random.Random(0)
    nursery = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SAVING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with nursery:
        for _ in range(KILLS):
            path.unlink(missing_ok=True)
            progress.write_bytes(bytes(8))
            nursery.stdin.write(f"{path} {progress}\n")
            nursery.stdin.flush()
            child = int(nursery.stdout.readline())
            time.sleep(rng.uniform(0, 0.03))
            os.kill(child, signal.SIGKILL)
            assert nursery.stdout.readline() == "gone\n"
            returned = int.from_bytes(progress.read_bytes(), "little")
            if returned or path.exists():
                assert verify_checkpoint(path).digested
                assert value_of(path) in (returned, returned + 1)
        nursery.stdin.close()
    save_checkpoint(path, module_of(1.0))
    assert {path, progress} == set(tmp_path.iterdir())
