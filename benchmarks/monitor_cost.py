"""What watching a run costs, every row beside its goal; the table goes to results/monitor_cost.md.

    python benchmarks/monitor_cost.py [--quick]

About three minutes on two quiet cores, one with --quick, which asks for less and writes nothing. The training thread:
calls, whole loops in turns, sinks in trouble. The readers: how late, how much is lost, what they cost. Then memory,
sizes of pages, time to import. Times are by the wall clock: a busy machine misses goals. Rows of the browser need
playwright and Chromium.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import redirect_stderr

import monitor_serving
import monitor_sizes
import monitor_training
from monitor_rows import Row
from record import write_result

PARTS = {"The training thread": monitor_training, "Readers": monitor_serving, "Sizes": monitor_sizes}


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer clients, calls and epochs; no result file")
    quick = parser.parse_args().quick
    rows: list[Row | str] = []
    for title, part in PARTS.items():
        print(f"{title} ...", file=sys.stderr)
        with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # addresses of dashboards
            rows += [title, *part.rows(quick)]
    lines = ["```", *(row if isinstance(row, str) else f"  {row}" for row in rows), "```"]
    if quick:
        print("\n".join(lines[1:-1]))
    else:
        about = "What watching a run costs: the training thread, the page's readers, memory and sizes."
        write_result("monitor_cost", "What the monitor costs", about, lines, ["flodl-monitor", "starlette", "uvicorn"])


if __name__ == "__main__":
    main()
