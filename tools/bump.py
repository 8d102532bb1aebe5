"""Give every distribution the same version and mend the pins between them.

Usage: python tools/bump.py X.Y.Z

Internal pins become `>=X.Y,<X.(Y+1)`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from projects import projects

VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)((a|b|rc)\d+)?$")
OURS = re.compile(r'"(flodl(?:-[a-z]+)*)(\[[a-z,]+\])?[<>=~!][^"]*"')


def pin(version: str) -> str:
    """The versions of the other distributions that go with `version`."""
    match = VERSION.match(version)
    if match is None:
        raise SystemExit(f"{version!r} is no version; write it as 1.2.3, 1.2.3a1, 1.2.3b1 or 1.2.3rc1")
    major, minor = int(match[1]), int(match[2])
    return f">={major}.{minor}{'.0' + match[4] if match[4] else ''},<{major}.{minor + 1}"


def bumped(text: str, version: str) -> str:
    """The text of a pyproject.toml with the new version and the new pins."""
    text, count = re.subn(r'(?m)^version = "[^"]*"$', f'version = "{version}"', text, count=1)
    if count != 1:
        raise SystemExit("a pyproject.toml has no line `version = ...`")
    return OURS.sub(lambda match: f'"{match[1]}{match[2] or ""}{pin(version)}"', text)


def main(version: str) -> None:
    for project in projects():
        path: Path = project.folder / "pyproject.toml"
        path.write_text(bumped(path.read_text(), version))
        print(f"{project.name} {project.version} -> {version}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/bump.py X.Y.Z")
    pin(sys.argv[1])
    main(sys.argv[1])
