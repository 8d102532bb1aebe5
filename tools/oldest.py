"""Install the least version of everything that the distributions declare, and over it the distributions as they are.

Usage: python tools/oldest.py

Into the running environment, which should be one of its own, of the oldest Python. torch of that age has CUDA builds
alone: some 6 GB on disk, which is why this is no part of `make test`.
"""

from __future__ import annotations

import re
import subprocess
import sys

from projects import Requirement, projects, third_party

LEAST = re.compile(r">=\s*([0-9][0-9.]*)")
TOOLS = ("hypothesis",)


def least(need: Requirement) -> str:
    """`torch>=2.6` as `torch==2.6`, markers kept."""
    found = LEAST.search(need.versions)
    if found is None:
        raise SystemExit(f"{need.text!r} declares no least version")
    marker = need.text.partition(";")[2].strip()
    return f"{need.name}=={found[1]}" + (f"; {marker}" if marker else "")


def pins() -> list[str]:
    """What any distribution of this repository declares, extras included, at its least; of several, the highest."""
    floors: dict[str, str] = {}
    for need in third_party(projects()):
        pin = least(need)
        if _release(pin) > _release(floors.get(need.name, "")):
            floors[need.name] = pin
    return sorted(floors.values())


def _release(pin: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", pin.partition("==")[2].partition(";")[0]))


def main() -> None:
    if len(sys.argv) != 1:
        raise SystemExit("usage: python tools/oldest.py")
    folders = [str(project.folder) for project in projects()]
    for what in ([*pins(), *TOOLS], ["--no-deps", "--force-reinstall", *folders]):
        done = subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *what])
        if done.returncode:
            raise SystemExit(done.returncode)
    print("\n".join(pins()))


if __name__ == "__main__":
    main()
