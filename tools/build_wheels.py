"""Build every distribution as a person would publish it: an sdist, and the wheel from that sdist.

Usage: python tools/build_wheels.py FOLDER

A second wheel is built straight from the tree; both must hold the same bytes, or the sdist lacks something.
Needs `build` and `hatchling` in the running environment; nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from projects import Project, projects

TIMES = {**os.environ, "SOURCE_DATE_EPOCH": "1735689600"}  # the same input gives the same bytes


def build(project: Project, folder: Path, *kinds: str) -> None:
    """Run `python -m build` once; without kinds it makes the sdist and the wheel from it."""
    command = [sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", str(folder), str(project.folder)]
    done = subprocess.run(command, env=TIMES, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{project.name} does not build:\n{done.stdout}{done.stderr}")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def build_twice(project: Project, folder: Path) -> str:
    """Build `project` into `folder` both ways and compare; returns the wheel's name."""
    with tempfile.TemporaryDirectory() as scratch:
        build(project, Path(scratch), "--wheel")
        build(project, folder)
        (from_tree,) = Path(scratch).glob("*.whl")
        from_sdist = folder / from_tree.name
        ours, theirs = contents(from_tree), contents(from_sdist)
    if ours != theirs:
        different = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
        raise SystemExit(f"{project.name}: the wheel from the sdist differs in {', '.join(different)}")
    return from_sdist.name


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name in pool.map(lambda project: build_twice(project, folder), projects()):
            print(f"built {name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/build_wheels.py FOLDER")
    main(Path(sys.argv[1]))
