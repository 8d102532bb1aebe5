"""Every installed component through its suite, as a page: `python benchmarks/exercise.py [--device cuda]`.

Writes benchmarks/results/exercise_DEVICE.md: kinds, components, checks, and what was skipped for which reason. Nothing
in it depends on how fast the machine is, but the seconds. Exits as `flodl exercise` does.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy
import torch

RESULTS = Path(__file__).parent / "results"
NAMES = 8  # of components skipped for one reason, before the rest is only counted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    device = parser.parse_args().device
    began = time.perf_counter()
    command = [sys.executable, "-m", "flodl_cli", "exercise", "--device", device, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        return done.returncode
    found = json.loads(done.stdout)
    page = RESULTS / f"exercise_{device}.md"
    page.write_text("\n".join([*head(device, time.perf_counter() - began), *body(found)]) + "\n")
    print(f"wrote {page}: {said(found['totals'])}")
    return done.returncode


def head(device: str, seconds: float) -> list[str]:
    where = (
        torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()}, {torch.get_num_threads()} threads"
    )
    return [
        f"# `flodl exercise --device {device}`",
        "",
        f"Made by `python benchmarks/exercise.py --device {device}` on {time.strftime('%Y-%m-%d')}: Python"
        f" {platform.python_version()}, torch {torch.__version__}, numpy {numpy.__version__}, {where};"
        f" {seconds:.0f} s.",
        "",
    ]


def body(found: dict[str, Any]) -> list[str]:
    return [f"{said(found['totals'])}.", "", *kinds(found), "", *checks(found), "", *reasons(found)]


def said(totals: dict[str, int]) -> str:
    return (
        f"{totals['components']} components, {totals['checks']} checks: {totals['passed']} passed,"
        f" {totals['failed']} failed, {totals['skipped']} skipped"
    )


def kinds(found: dict[str, Any]) -> list[str]:
    rows = ["| kind | components | checks | passed | failed | skipped | seconds |", "|---|---|---|---|---|---|---|"]
    for kind in dict.fromkeys(each["kind"] for each in found["components"]):
        mine = [each for each in found["components"] if each["kind"] == kind]
        rows.append(f"| {kind} | {len(mine)} | {counts([check for each in mine for check in each['checks']])} |")
    return rows


def checks(found: dict[str, Any]) -> list[str]:
    rows = ["| kind | check | run | passed | failed | skipped | seconds |", "|---|---|---|---|---|---|---|"]
    by: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in found["components"]:
        for check in each["checks"]:
            by.setdefault((each["kind"], check["check"]), []).append(check)
    return rows + [f"| {kind} | {check} | {counts(mine)} |" for (kind, check), mine in by.items()]


def counts(mine: list[dict[str, Any]]) -> str:
    outcomes = [check["outcome"] for check in mine]
    numbers = [str(outcomes.count(word)) for word in ("passed", "failed", "skipped")]
    return " | ".join([str(len(mine)), *numbers, f"{sum(check['seconds'] for check in mine):.1f}"])


def reasons(found: dict[str, Any]) -> list[str]:
    by: dict[tuple[str, str, str, str], list[str]] = {}
    for each in found["components"]:
        for check in each["checks"]:
            if check["outcome"] != "passed":
                key = (check["outcome"], each["kind"], check["check"], check["reason"])
                by.setdefault(key, []).append(each["name"])
    if not by:
        return ["Nothing was skipped."]
    rows = ["| outcome | kind | check | components | reason |", "|---|---|---|---|---|"]
    for (outcome, kind, check, reason), names in sorted(by.items()):
        shown = ", ".join(names[:NAMES]) + (f" and {len(names) - NAMES} more" if len(names) > NAMES else "")
        rows.append(f"| {outcome} | {kind} | {check} | {shown} | {reason.replace('|', '/')} |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
