"""Types: mypy --strict over every source, the tools and the programs of tests/; pyright over those of tests/typing too.

In tests/typing the lines marked `# must fail` are the ones that a checker must refuse, and no others.

Usage: python tools/check_types.py [MYPY-OPTION]...
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from projects import ROOT, projects

TYPING = ROOT / "tests" / "typing"
MARK = "# must fail"


def main(options: list[str]) -> int:
    targets = [*(project.source for project in projects()), ROOT / "tools", ROOT / "examples", ROOT / "tests/programs"]
    there = [str(folder) for folder in targets if any(folder.rglob("*.py"))]
    passed = subprocess.run([sys.executable, "-m", "mypy", *options, *there], cwd=ROOT).returncode == 0
    wrong = [*_differences("mypy", _mypy(options)), *_differences("pyright", _pyright())]
    print("\n".join(wrong) or "tests/typing: refused and accepted as marked")
    return 0 if passed and not wrong else 1


def _differences(checker: str, refused: Iterable[tuple[Path, int]] | None) -> list[str]:
    """What a checker sees otherwise than the marks do."""
    if refused is None:
        print(f"{checker} is not installed: not asked")
        return []
    found, marked = set(refused), set(_marked())
    told = [f"{_place(line)}: {checker} accepts a line marked `{MARK}`" for line in sorted(marked - found)]
    return told + [f"{_place(line)}: {checker} refuses a line that is right" for line in sorted(found - marked)]


def _marked() -> Iterable[tuple[Path, int]]:
    for file in TYPING.glob("*.py"):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if MARK in line:
                yield file, number


def _place(line: tuple[Path, int]) -> str:
    return f"{line[0].relative_to(ROOT)}:{line[1]}"


def _mypy(options: list[str]) -> Iterable[tuple[Path, int]]:
    command = [sys.executable, "-m", "mypy", *options, "--no-pretty", str(TYPING)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    return [
        (ROOT / file, int(number)) for file, number in re.findall(r"^(\S+?\.py):(\d+): error:", shown, re.MULTILINE)
    ]


def _pyright() -> Iterable[tuple[Path, int]] | None:
    """As basedpyright has it, which brings its own node; None where it is not installed."""
    if importlib.util.find_spec("basedpyright") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        sources = [str(project.source) for project in projects()]
        settings = {"include": [str(TYPING)], "extraPaths": sources, "pythonVersion": "3.10"}
        settings["typeCheckingMode"] = "standard"
        (Path(folder) / "pyrightconfig.json").write_text(json.dumps(settings))
        command = [sys.executable, "-m", "basedpyright", "-p", folder, "--pythonpath", sys.executable, "--outputjson"]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    found = [each for each in json.loads(shown)["generalDiagnostics"] if each["severity"] == "error"]
    return [(Path(each["file"]), each["range"]["start"]["line"] + 1) for each in found]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
