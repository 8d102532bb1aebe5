"""What there is to measure on, found out by a process of its own: `python -m flodl_bench.machine`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import final

import attrs
from attrs import frozen


@final
@frozen(kw_only=True)
class Machine:
    """A machine.

    Args:
        torch: Its version.
        cpu: The CPU with torch's threads.
        gpu: The GPU's name; None: there is none that torch can use.
        compiler: Whether torch.compile finds a C++ compiler, which it needs on a CPU.
    """

    torch: str
    cpu: str
    gpu: str | None
    compiler: bool


def look() -> Machine:
    """What there is here."""
    import torch  # heavy, and only in the process that looks

    threads = torch.get_num_threads()
    return Machine(
        torch=torch.__version__,
        cpu=f"CPU, {threads} thread{'s' if threads > 1 else ''}",
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        compiler=shutil.which(os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")) is not None,
    )


if __name__ == "__main__":
    print(json.dumps(attrs.asdict(look())))
