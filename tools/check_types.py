"""Run mypy --strict over every source, the tools, and the example programs under tests/.

Usage: python tools/check_types.py [MYPY-OPTION]...
"""

from __future__ import annotations

import subprocess
import sys

from projects import ROOT, projects


def main(options: list[str]) -> int:
    programs = [ROOT / "tests" / name for name in ("programs", "typing")]
    targets = [*(project.source for project in projects()), ROOT / "tools"]
    targets += [folder for folder in programs if any(folder.glob("*.py"))]
    return subprocess.run([sys.executable, "-m", "mypy", *options, *map(str, targets)], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
