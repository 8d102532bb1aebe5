"""Where results go: printed, and kept in benchmarks/results/ with what is needed to compare them later."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


def write_result(name: str, title: str, about: str, rows: Sequence[str], libraries: Sequence[str]) -> None:
    """Print `rows` and write results/NAME.md: the rows, the date, the versions and the command."""
    print("\n".join(rows))
    versions = ", ".join(f"{each} {version(each)}" for each in ["flodl-core", *libraries])
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    today = datetime.now(tz=timezone.utc).date()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    facts = f"{today}, {machine}, {versions}\n\n    {command}\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text("\n".join([f"# {title}\n", about.splitlines()[0], "", *rows, "", facts]))
