"""How long `flodl list --json` takes, against the bare import of the libraries that it stands on.

Usage: python benchmarks/startup.py [--rounds N]

Both run in fresh processes, one after the other in the same loop, with 0, 20 and 100 more plugins installed; medians
of wall time, with bytecode kept as it is for users. Goal: at most 3 times the bare import, and no torch.
Writes benchmarks/results/startup.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from flodl_core.testing import fake_distribution, plugin_source
from record import write_result

PLUGINS = (0, 20, 100)
BARE = ("-c", "import click, pluggy, attrs")
LIST = ("-m", "flodl_cli", "list", "--json")
LOADED = """
import runpy, sys
sys.argv = ["flodl", "list", "--json"]
try:
    runpy.run_module("flodl_cli", run_name="__main__")
except SystemExit:
    print("torch" in sys.modules, file=sys.stderr)
"""


def install(folder: Path, name: str) -> None:
    """Write a plugin with one module."""
    spec = f'ModuleSpec(name="{name}_layer", target="{name}:Layer", summary="A layer of {name}.")'
    fake_distribution(
        folder, name, entry_points={name: name}, files={f"{name}.py": plugin_source("flodl_modules", spec)}
    )


def seconds(arguments: tuple[str, ...], folder: Path) -> float:
    """Wall time of one `python ARGUMENTS` with `folder` in front of PYTHONPATH."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), env.get("PYTHONPATH", "")]))
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=env, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(plugins: int, rounds: int) -> tuple[float, float]:
    """Median seconds of the bare import and of the list, interleaved; the first round only warms up."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number in range(plugins):
            install(folder, f"fake_{number:03}")
        times = [(seconds(BARE, folder), seconds(LIST, folder)) for _ in range(rounds + 1)][1:]
    bare, listed = zip(*times, strict=True)
    return median(bare), median(listed)


def torch_is_loaded() -> bool:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    return done.stderr.splitlines()[-1] == "True"


def main(rounds: int) -> None:
    rows = ["| extra plugins | bare import, ms | `flodl list --json`, ms | ratio |", "|---|---|---|---|"]
    for plugins in PLUGINS:
        bare, listed = measure(plugins, rounds)
        rows.append(f"| {plugins} | {bare * 1e3:.0f} | {listed * 1e3:.0f} | {listed / bare:.2f} |")
    rows.append(f"\ntorch loaded: {'yes' if torch_is_loaded() else 'no'}; medians of {rounds} rounds")
    write_result("startup", "Start-up", __doc__ or "", rows, ["attrs", "click", "pluggy"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    main(parser.parse_args().rounds)
