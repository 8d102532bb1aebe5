"""What a plugin costs whoever lists components: the first `components.list()` of a process.

Usage: python benchmarks/plugins.py [--rounds N]

0, 20 and 100 more plugins, each a distribution of its own with 10 components. Every round is a fresh process that
times the first list, metadata scan included, and 1000 later lookups of a plugin's component; medians. Goal: less than
10 ms per plugin. Writes benchmarks/results/plugins.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from flodl_core.testing import environment, fake_distribution, plugin_source
from record import write_result

PLUGINS = (0, 20, 100)
COMPONENTS = 10
ASK = """
import json, time
from flodl_core import components
start = time.perf_counter()
listed = components.list()
first = time.perf_counter() - start
name = listed[-1].qualified
start = time.perf_counter()
for _ in range(1000):
    components.find(listed[-1].kind, name)
later = (time.perf_counter() - start) / 1000
loading = [report.seconds for report in components.plugins() if not report.builtin]
print(json.dumps([first, later, sum(loading)]))
"""


def install(folder: Path, plugins: int) -> None:
    """Write plugins with 10 losses each."""
    for number in range(plugins):
        name = f"fake{number:03}"
        specs = [
            f'LossSpec(name="{name}_{n}", target="{name}:Loss{n}", summary="A loss.", aliases=("{name}L{n}",))'
            for n in range(COMPONENTS)
        ]
        fake_distribution(
            folder,
            name,
            entry_points={name: f"{name}_plugin"},
            files={f"{name}_plugin.py": plugin_source("flodl_losses", *specs)},
        )


def ask(folder: Path) -> tuple[float, float, float]:
    """Seconds of the first list, of a later lookup, and of all plugins' loading, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment(folder), cwd=folder, check=True, capture_output=True, text=True
    )
    first, later, loading = json.loads(done.stdout)
    return first, later, loading


def measure(rounds: int) -> dict[int, tuple[float, ...]]:
    """Medians by number of plugins; the numbers take turns, so that a slow minute slows all of them."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = {plugins: Path(scratch) / str(plugins) for plugins in PLUGINS}
        for plugins, folder in folders.items():
            folder.mkdir()
            install(folder, plugins)
        times: dict[int, list[tuple[float, float, float]]] = {plugins: [] for plugins in PLUGINS}
        for _ in range(rounds + 1):
            for plugins, folder in folders.items():
                times[plugins].append(ask(folder))
    return {plugins: tuple(median(column) for column in zip(*runs[1:], strict=True)) for plugins, runs in times.items()}


def main(rounds: int) -> None:
    rows = [
        "| extra plugins | first list, ms | per extra plugin, ms | of it loading it, ms | a later lookup, us |",
        "|---|---|---|---|---|",
    ]
    medians = measure(rounds)
    base = medians[0]
    for plugins, (first, later, loading) in medians.items():
        each = f"{(first - base[0]) / plugins * 1e3:.2f}" if plugins else "-"
        own = f"{(loading - base[2]) / plugins * 1e3:.2f}" if plugins else "-"
        rows.append(f"| {plugins} | {first * 1e3:.0f} | {each} | {own} | {later * 1e6:.1f} |")
    rows.append(f"\n{COMPONENTS} components per plugin; medians of {rounds} rounds")
    write_result("plugins", "Plugins", __doc__ or "", rows, ["attrs", "pluggy"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    main(parser.parse_args().rounds)
