"""A file whose lines are whole at any moment."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from flodl_core import MonitorError
from flodl_monitor.line_file import LineFile, checked_path, drop_torn_line, replace_text, set_aside


def test_lines_are_there_at_once(tmp_path):
    """No buffer between a line and the file: another process sees it before the file is closed."""
    path = tmp_path / "a.txt"
    file = LineFile(path)
    file.append("one\n")
    assert "one\n" == path.read_text()
    file.append("zwei ü\n")
    file.close()
    file.close()
    assert "one\nzwei ü\n" == path.read_text(encoding="utf-8")


def test_full_disk_leaves_whole_lines(tmp_path):
    """A line that does not fit is not there in part, and the error is told."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from flodl_monitor.line_file import LineFile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "file = LineFile(Path(sys.argv[1]))\n"
        "try:\n"
        "    while True: file.append('x' * 29 + '\\n')\n"
        "except OSError as error: print(error.errno)\n"
    )
    path = tmp_path / "a.txt"
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert "27\n" == done.stdout  # EFBIG
    assert ("x" * 29 + "\n") * 3 == path.read_text()


@pytest.mark.parametrize(
    ("before", "after"), [("a\nb\nc", "a\nb\n"), ("a\n", "a\n"), ("abc", ""), ("", ""), ("a\n" + "b" * 200_000, "a\n")]
)
def test_torn_line_is_cut_off(before, after, tmp_path):
    """However long it is."""
    path = tmp_path / "a.txt"
    path.write_text(before)
    drop_torn_line(path)
    assert after == path.read_text()


def test_replacing_keeps_the_permissions_and_no_litter(tmp_path):
    """Who could read the file still can."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    replace_text(path, ["new\n"])
    assert "new\n" == path.read_text()
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(tmp_path.iterdir())


def test_failed_replacing_leaves_the_old_file(tmp_path):
    """Lines that cannot be made are no reason to lose those that were."""
    path = tmp_path / "a.txt"
    path.write_text("old\n")
    with pytest.raises(ZeroDivisionError):
        replace_text(path, (str(1 // n) for n in (1, 0)))
    assert "old\n" == path.read_text()


def test_earlier_file_is_set_aside(tmp_path):
    """Nobody loses a night's run by starting the script again."""
    path = tmp_path / "run.csv"
    path.write_text("old")
    set_aside(path)
    assert "old" == (tmp_path / "run.previous.csv").read_text()
    set_aside(path)  # nothing there any more
    assert not path.exists()


def test_paths_are_checked_before_training(tmp_path):
    """A folder is made; a device, a folder or an unwritable place is refused at once."""
    assert tmp_path / "new" / "run.csv" == checked_path(tmp_path / "new" / "run.csv")
    assert (tmp_path / "new").is_dir()
    with pytest.raises(MonitorError, match="no ordinary file"):
        checked_path(os.devnull)
    with pytest.raises(MonitorError, match="no ordinary file"):
        checked_path(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(MonitorError, match="cannot be made"):
        checked_path(tmp_path / "file" / "run.csv")


def test_symbolic_links_stay_links(tmp_path):
    """The file behind the link is replaced, not the link."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old\n")
    link.symlink_to(real)
    replace_text(checked_path(link), ["new\n"])
    assert link.is_symlink()
    assert "new\n" == real.read_text()


@pytest.mark.parametrize(
    ("path", "said"),
    [(None, "is no path"), (5, "is no path"), ("a\0b", "is no path"), ("a" * 300, "cannot be written")],
    ids=["none", "number", "nul", "long"],
)
def test_what_is_no_path(path, said, tmp_path, monkeypatch):
    """Said as every wrong use is."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MonitorError, match=said) as caught:
        checked_path(path)
    assert "give the path of a file to write, such as run.csv" == caught.value.mend


@pytest.mark.skipif(os.name == "nt", reason="there an open file cannot be removed")
def test_a_file_that_was_removed_is_told(tmp_path):
    """Or replaced: a line would go where nobody finds it. One that was moved is followed."""
    path = tmp_path / "a.txt"
    file = LineFile(path)
    file.append("one\n")
    path.rename(tmp_path / "b.txt")
    file.append("two\n")
    assert "one\ntwo\n" == (tmp_path / "b.txt").read_text()
    replace_text(tmp_path / "b.txt", ["other\n"])
    with pytest.raises(FileNotFoundError, match="was removed or replaced while it was being written"):
        file.append("three\n")
    file.close()


def test_a_full_disk_keeps_no_part(tmp_path):
    """The old file stands, and what was written of the new one is gone: its room is wanted."""
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from flodl_monitor.line_file import replace_text\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: replace_text(Path(sys.argv[1]), ['x' * 200])\n"
        "except OSError as error: print(error.errno)\n"
    )
    path = tmp_path / "a.txt"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert "27\n" == done.stdout  # EFBIG
    assert [path] == list(tmp_path.iterdir())
    assert "old" == path.read_text()
