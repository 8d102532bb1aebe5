"""Coverage-guided fuzzing of what reads checkpoints.

    pip install atheris
    python benchmarks/fuzz_checkpoints.py safetensors -max_total_time=300
    python benchmarks/fuzz_checkpoints.py fdl         -max_total_time=300
    python benchmarks/fuzz_checkpoints.py fdl.gz      -max_total_time=300

The fuzzer changes a good file, watches which lines of flodl's readers run, and goes on from what was new. Each
file is loaded into a module, and one of two things happens, or the fuzzer stops and keeps the file:

- a `CheckpointError`, and the module is bit for bit what it was;
- a load, and the module holds what an independent reader finds in the file: safetensors' own for safetensors,
  a few lines of `struct` here for `.fdl`. What no checksum vouches for is reported as unverified.

Anything else - another exception, more than a second, more than 1 GiB - is a finding. Further arguments are
libFuzzer's.
"""

from __future__ import annotations

import gzip
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["flodl_core.checkpoint"]):
    import torch
    from flodl_core import CheckpointError
    from flodl_core.checkpoint import load_checkpoint, save_checkpoint, save_fdl
from safetensors.torch import load as read_safetensors
from torch import Tensor, nn

DTYPES = {1: torch.float16, 2: torch.bfloat16, 3: torch.float32, 4: torch.float64, 5: torch.int32, 6: torch.int64}
LIMITS = ["-timeout=1", "-rss_limit_mb=1024", "-max_len=8192", "-print_final_stats=1"]


def main() -> None:
    kinds = ("safetensors", "fdl", "fdl.gz")
    if len(sys.argv) < 2 or sys.argv[1] not in kinds:
        sys.exit(f"usage: fuzz_checkpoints.py {'|'.join(kinds)} [libFuzzer's options]")
    kind = sys.argv[1]
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    good = folder / f"good.{kind}"
    write(good, kind)
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "good").write_bytes(good.read_bytes())
    atheris.Setup([sys.argv[0], str(corpus), *LIMITS, *sys.argv[2:]], tried(folder / f"case.{kind}", kind))
    atheris.Fuzz()


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


def write(path: Path, kind: str) -> None:
    if kind == "safetensors":
        save_checkpoint(path, small(), words='[[flow]]\nthrough = "linear"', structure="linear", hashes={"flodl": "0f"})
    else:
        save_fdl(path, {name.replace(".", "/"): value for name, value in small().state_dict().items()})


def tried(path: Path, kind: str) -> Callable[[bytes], None]:
    """What is done with each file."""
    module = small()
    other = {name: value + 1 for name, value in module.state_dict().items()}
    names = {name: name.replace(".", "/") for name in other}

    def case(data: bytes) -> None:
        path.write_bytes(data)
        module.load_state_dict(other)
        try:
            report = load_checkpoint(path, module, other_names=names if kind != "safetensors" else {})
        except CheckpointError:
            assert all(torch.equal(other[name], value) for name, value in module.state_dict().items()), "half loaded"
            return
        found = read_safetensors(data) if kind == "safetensors" else dict(read_fdl(data))
        for name, value in module.state_dict().items():
            held = found.get(name, found.get(names[name]))
            assert held is not None, f"{name} came from nowhere"
            assert (held.shape, held.dtype) == (value.shape, value.dtype), f"{name} was converted"
            assert held.numpy().tobytes() == value.numpy().tobytes(), f"{name} is not what the file holds"
        assert not (kind == "fdl" and report.verified), "a plain .fdl cannot be vouched for"

    return case


def read_fdl(data: bytes) -> Iterator[tuple[str, Tensor]]:
    """An `.fdl` as its format says, trusting it."""
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    version, at = struct.unpack_from("<I", data, 4)[0], 8
    at += 32 if version == 2 else 0
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        name = data[at + 4 : at + 4 + length].decode()
        at += 4 + length
        (dims,) = struct.unpack_from("<I", data, at)
        shape = struct.unpack_from(f"<{dims}q", data, at + 4)
        at += 4 + 8 * dims
        dtype, size = struct.unpack_from("<BQ", data, at)
        at += 9
        raw = bytearray(data[at : at + size])
        yield name, torch.frombuffer(raw, dtype=DTYPES[dtype]).reshape(shape) if raw else torch.empty(shape)
        at += size


if __name__ == "__main__":
    main()
