"""What no file of the repository may hold."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import ROOT

MACHINE = re.compile(rb"(?<![\w.~-])/(?:work|root|farm|home/[a-z]+|Users/[A-Za-z]+)/[A-Za-z.]")
LEFTOVERS = re.compile(rb"\b(?:TO" rb"DO|FIX" rb"ME)\b|^(?:<<<<<<<|>>>>>>>) ", re.MULTILINE)


def tracked_files() -> Iterator[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, done.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            yield ROOT / name


@pytest.mark.parametrize("pattern", [MACHINE, LEFTOVERS], ids=["paths of a machine", "leftovers"])
def test_no_tracked_file_holds(pattern):
    """No tracked file carries a path of somebody's machine, an open end or a merge mark."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in tracked_files()
        for match in pattern.finditer(path.read_bytes())
    ]
    assert [] == found


def test_checks_see_a_machine_path():
    """The pattern finds such a path, and leaves addresses and relative paths alone."""
    assert MACHINE.search(b"see " + b"/".join([b"", b"root", b"x.py"]))
    inside = b"/".join([b"", b"work", b"x"])
    assert not MACHINE.search(b"https://example.org" + inside + b" and docs" + inside)
