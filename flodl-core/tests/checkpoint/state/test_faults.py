"""A disk that fails: whichever call fails and however, one error, the states of before whole; the next save works."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flodl_core import CheckpointError


def failure_of(run):
    """What a save says when it fails; anything else than a `CheckpointError` fails the test."""
    try:
        run.state.save()
    except CheckpointError as error:
        return str(error)
    return None


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 128 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this user cannot mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk(small_run, tiny_disk):
    """At any amount of room left: an error with a way out, the old state whole, the room given back."""
    run = small_run(tiny_disk / "run")
    run.set(1)
    run.state.save()
    run.set(2)
    blocker, failed = tiny_disk / "blocker", 0
    for left in range(0, 24, 2):
        blocker.write_bytes(b"")
        free = os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_frsize
        blocker.write_bytes(bytes(max(free - left * 1024, 0)))
        error = failure_of(run)
        if error:
            failed += 1
            assert "No space left on device" in error
            assert "free some space" in error
            assert not [path for path in (tiny_disk / "run").iterdir() if path.name.startswith(".staged-")]
    blocker.unlink()
    assert failed
    run.state.save()
    again = small_run(tiny_disk / "run")
    assert again.state.resume()
    assert {2.0} == again.values()


def test_a_disk_that_became_read_only(small_run, tiny_disk):
    """The state is still read from there, and a save is one error."""
    run = small_run(tiny_disk / "run")
    run.set(1)
    run.state.save()
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with pytest.raises(CheckpointError, match="Read-only file system"):
        run.state.save()
    again = small_run(tiny_disk / "run")
    assert again.state.resume()
    assert {1.0} == again.values()


CALLS = ["open", "mkdir", "fsync", "rename", "replace", "symlink", "listdir"]
ERRORS = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EACCES]


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", CALLS)
def test_every_call_of_python(call, error, small_run, monkeypatch):
    """The n-th call of each function of `os` fails, for every n: what `resume` finds is a state that was saved."""
    run = small_run()
    run.set(1)
    run.state.save()
    run.set(2)
    real, number, failed = getattr(os, call), 0, True
    while failed:
        number += 1
        calls = []

        def failing(*arguments, n=number, calls=calls, **options):
            calls.append(arguments)
            if len(calls) == n:
                raise OSError(error, os.strerror(error))
            return real(*arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(os, call, failing)
            said = failure_of(run)
        failed = said is not None or len(calls) >= number
        assert said is None or os.strerror(error) in said
        assert run.state.resume()
        assert run.values() in ({1.0}, {2.0})
        run.set(2)
    out_of_reach = call == "mkdir" and sys.version_info < (3, 11)  # pathlib kept os.mkdir when it was imported
    assert number > 1 or call == "symlink" or out_of_reach
    run.state.save()
    assert not [path for path in run.state.folder.iterdir() if path.name.startswith(".")]


SYSTEM_CALLS = ["write", "fsync", "openat", "mkdir", "rename", "symlink", "ftruncate,unlink,unlinkat,rmdir"]
SYSTEM_ERRORS = ["ENOSPC", "EIO", "EROFS", "EDQUOT"]
TABLE = [(call, error) for call in SYSTEM_CALLS for error in SYSTEM_ERRORS]
if os.environ.get("FLODL_FAULTS") != "all":
    TABLE = [(call, SYSTEM_ERRORS[index % 4]) for index, call in enumerate(SYSTEM_CALLS)]
FAILING = """
import ctypes, os, sys
from flodl_core import CheckpointError
torch.set_num_threads(1)  # a forked child would wait for threads that it has not
SmallRun(sys.argv[2]).state.save()  # whatever torch imports late is imported before the first child
for line in iter(sys.stdin.readline, ""):
    child = os.fork()
    if not child:
        run = SmallRun(sys.argv[1])
        run.state.resume()
        run.set(2)
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))  # PR_SET_PTRACER: strace is no ancestor
        print(os.getpid(), flush=True)
        os.read(0, 3)
        try:
            run.state.save()
        except CheckpointError as error:
            os._exit(3)
        except BaseException:
            os._exit(4)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(("call", "error"), TABLE)
def test_every_system_call(call, error, small_run, child_code, tmp_path):
    """The kernel itself fails the n-th call of a save, for every n; FLODL_FAULTS=all: each call with each error."""
    run = small_run()
    run.set(1)
    run.state.save()
    folder = run.state.folder
    run.state.close()
    nursery = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", child_code + FAILING, folder, tmp_path / "other"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    number, code = 0, 3
    with nursery:
        while code == 3:
            number += 1
            nursery.stdin.write("go\n")
            nursery.stdin.flush()
            inject = f"inject={call}:error={error}:when={number}"
            child = nursery.stdout.readline().strip()
            command = [
                "strace",
                "-f",
                "-qq",
                "-e",
                f"trace={call}",
                "-e",
                inject,
                "-o",
                tmp_path / "trace",
                "-p",
                child,
            ]
            tracer = subprocess.Popen(command)
            while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
                if tracer.poll() is not None:
                    nursery.kill()
                    pytest.skip("strace may attach to no process here")
                time.sleep(0.001)
            nursery.stdin.write("go\n")
            nursery.stdin.flush()
            code = int(nursery.stdout.readline())
            tracer.wait(30)
            assert code in (0, 3)
            again = small_run()
            assert again.state.resume()
            assert again.values() in ({1.0}, {2.0})
            again.state.close()
        nursery.stdin.close()
    assert number > 1 or "unlink" in call
