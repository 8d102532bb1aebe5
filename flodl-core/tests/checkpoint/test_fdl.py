"""`.fdl` files travel to and from the Rust floDl; damaged and hostile ones are refused.

The files in `fixtures/` were recorded by floDl itself.
"""

import gzip
import json
import os
import struct
import time
import tracemalloc
from pathlib import Path

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import load_checkpoint, read_metadata, save_checkpoint, save_fdl, verify_checkpoint
from torch import nn

FIXTURES = Path(__file__).parent / "fixtures"
RECORDED = json.loads((FIXTURES / "recorded.json").read_text())
CASES = int(os.environ.get("FLODL_MUTATIONS", "300"))
BATCH = 50


def recorded(stem):
    return {
        item["name"]: torch.tensor(item["data"], dtype=torch.float32).reshape(item["shape"])
        for item in RECORDED[stem]["named_parameters"]
    }


def shaped_like(tensors):
    """A module with these tensors, all zero, and what floDl calls each."""
    module, other_names = nn.Module(), {}
    for number, (name, value) in enumerate(tensors.items()):
        module.register_buffer(f"b{number}", torch.zeros_like(value))
        other_names[f"b{number}"] = name
    return module, other_names


@pytest.mark.parametrize("file", ["a_linear_chain.fdl", "a_linear_chain.fdl.gz", "d_state_add.fdl"])
def test_what_flodl_wrote_is_read(file):
    """Names, order, shapes, hash and every value are those that floDl printed; nothing is called verified wrongly."""
    stem = file.partition(".")[0]
    tensors = recorded(stem)
    info = read_metadata(FIXTURES / file)
    assert [*tensors] == [entry.name for entry in info.entries]
    assert [tuple(value.shape) for value in tensors.values()] == [entry.shape for entry in info.entries]
    assert {"floDl": RECORDED[stem]["structural_hash"]} == info.hashes
    module, other_names = shaped_like(tensors)
    report = load_checkpoint(FIXTURES / file, module, other_names=other_names, hashes=info.hashes)
    assert report.complete
    assert report.verified == file.endswith(".gz")
    for value, expected in zip(module.state_dict().values(), tensors.values(), strict=True):
        assert torch.equal(expected, value)


@pytest.mark.parametrize("file", sorted(path.name for path in FIXTURES.glob("*.fdl")))
def test_a_file_written_again_is_the_same_file(file, tmp_path):
    """What flodl writes is byte for byte what floDl wrote (version 1 is written as 2)."""
    info = read_metadata(FIXTURES / file)
    shapes = {entry.name: torch.zeros(entry.shape) for entry in info.entries}
    module, other_names = shaped_like(shapes)
    load_checkpoint(FIXTURES / file, module, other_names=other_names)
    tensors = dict(zip(shapes, module.state_dict().values(), strict=True))
    save_fdl(tmp_path / file, tensors, structural_hash=info.hashes.get("floDl"))
    expected = bytearray((FIXTURES / file).read_bytes())
    expected[4:8] = (2).to_bytes(4, "little")
    assert bytes(expected) == (tmp_path / file).read_bytes()


def test_gzip_holds_the_same_bytes(tmp_path):
    """A path that ends in .gz is compressed, the same bytes every time, with no clock in them."""
    tensors = recorded("a_linear_chain")
    for name in ("one.fdl.gz", "two.fdl.gz", "plain.fdl"):
        save_fdl(tmp_path / name, tensors)
    packed = (tmp_path / "one.fdl.gz").read_bytes()
    assert packed == (tmp_path / "two.fdl.gz").read_bytes()
    assert packed[4:8] == bytes(4)
    assert gzip.decompress(packed) == (tmp_path / "plain.fdl").read_bytes()


@pytest.mark.parametrize("suffix", ["fdl", "fdl.gz"])
@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int32, torch.int64]
)
def test_every_type_of_flodl_comes_back(dtype, suffix, tmp_path, device):
    """Scalars and empty tensors too, from any device."""
    tensors = {
        "n/a": torch.arange(6).reshape(2, 3).to(dtype),
        "n/b": torch.tensor(7).to(dtype),
        "n/c": torch.zeros(0, 2, dtype=dtype),
    }
    save_fdl(tmp_path / f"m.{suffix}", {name: value.to(device) for name, value in tensors.items()})
    module, other_names = shaped_like(tensors)
    load_checkpoint(tmp_path / f"m.{suffix}", module, other_names=other_names)
    assert all(torch.equal(one, two) for one, two in zip(tensors.values(), module.buffers(), strict=True))


def test_what_flodl_does_not_know_is_refused(tmp_path):
    """Other types and wrong hashes are told, and nothing is written; nor are floDl's names guessed."""
    with pytest.raises(CheckpointError, match="floDl has no bool, only f16, bf16, f32, f64, i32, i64"):
        save_fdl(tmp_path / "m.fdl", {"a": torch.ones(2) > 0})
    with pytest.raises(CheckpointError, match="64 hexadecimal digits"):
        save_fdl(tmp_path / "m.fdl", {}, structural_hash="xyz")
    with pytest.raises(CheckpointError, match="needs floDl's names"):
        save_checkpoint(tmp_path / "m.fdl", nn.Linear(1, 1))
    assert [] == list(tmp_path.iterdir())


def test_another_structural_hash_is_refused():
    """A hash that differs stops the load, as in floDl; partial=True goes on."""
    tensors = recorded("d_state_add")
    module, other_names = shaped_like(tensors)
    path, hashes = FIXTURES / "d_state_add.fdl", {"floDl": "00" * 32}
    with pytest.raises(CheckpointError, match="saved from another structure"):
        load_checkpoint(path, module, other_names=other_names, hashes=hashes)
    assert load_checkpoint(path, module, other_names=other_names, hashes=hashes, partial=True).complete


@pytest.mark.parametrize("file", ["a_linear_chain.fdl", "a_linear_chain.fdl.gz"])
@pytest.mark.parametrize("first", range(0, CASES, BATCH))
def test_no_mutated_file_is_loaded_in_silence(first, file, mutated, tmp_path):
    """Damage is an error, or changed values in a plain .fdl, which the report calls unverified."""
    good, tensors = (FIXTURES / file).read_bytes(), recorded("a_linear_chain")
    module, other_names = shaped_like(tensors)
    hashes = {"floDl": RECORDED["a_linear_chain"]["structural_hash"]}
    path = tmp_path / file
    for seed in range(first, min(first + BATCH, CASES)):
        path.write_bytes(mutated(good, seed))
        for value in module.buffers():
            value.fill_(-1)
        begun = time.perf_counter()
        try:
            report = load_checkpoint(path, module, other_names=other_names, hashes=hashes)
        except CheckpointError as error:
            found = (all(bool((value == -1).all()) for value in module.buffers()), str(path) in str(error))
            assert found == (True, True), seed
        else:
            right = all(torch.equal(one, two) for one, two in zip(tensors.values(), module.buffers(), strict=True))
            assert right or not report.verified, seed
        assert time.perf_counter() - begun < 1, seed


def head(version=2, count=1, magic=b"FDLC"):
    return struct.pack("<4sI32xI", magic, version, count)


def entry(name=b"a", shape=(2,), tag=3, size=8, data=bytes(8), length=None, dimensions=None):
    return (
        struct.pack("<I", len(name) if length is None else length)
        + name
        + struct.pack("<I", len(shape) if dimensions is None else dimensions)
        + struct.pack(f"<{len(shape)}q", *shape)
        + struct.pack("<BQ", tag, size)
        + data
    )


HOSTILE = {
    "head alone": (b"FDLC", "cut short"),
    "version 3": (head(version=3), "version 3; versions 1 and 2 are known"),
    "entries missing": (head(count=2) + entry(), "cut short"),
    "four billion entries": (head(count=2**32 - 1), "claims 4,294,967,295 entries"),
    "name of 4 GiB": (head() + entry(length=2**32 - 1), "claims 4,294,967,295 bytes"),
    "name that is no text": (head() + entry(name=b"\xff"), "is no text"),
    "four billion dimensions": (head() + entry(dimensions=2**32 - 1), "claims 4,294,967,295 dimensions"),
    "negative shape": (head() + entry(shape=(-2,)), "negative number"),
    "shape of 2^62 x 2^62": (head() + entry(shape=(2**62, 2**62)), "larger than any memory"),
    "unknown type": (head() + entry(tag=9), "type 9 is none of floDl's"),
    "type 0": (head() + entry(tag=0), "type 0 is none of floDl's"),
    "bytes that do not fit": (head() + entry(size=4, data=bytes(4)), r"f32\[2\] is 8 bytes, it claims 4"),
    "a terabyte": (head() + entry(shape=(2**38,), size=2**40), "cut short|unpacks to more than"),
    "a name twice": (head(count=2) + entry() + entry(), "'a' stands twice"),
    "something after the end": (head() + entry() + b"x", "after its last entry"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_error(name, packed, tmp_path):
    """Each lie is told with file and reason, before anything is allocated; packed or not."""
    data, reason = HOSTILE[name]
    path = tmp_path / "m.fdl"
    path.write_bytes(gzip.compress(data) if packed else data)
    tracemalloc.start()
    for read in (read_metadata, verify_checkpoint):
        with pytest.raises(CheckpointError, match=reason) as caught:
            read(path)
        assert caught.value.where == str(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_gzip_bomb_is_refused(tmp_path):
    """A small file that unpacks to a great one is stopped early, in little memory, and says what else to do."""
    path, size = tmp_path / "bomb.fdl.gz", 1 << 30
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head() + entry(shape=(size // 4,), size=size, data=b""))
        for _ in range(128):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    begun = time.perf_counter()
    with pytest.raises(CheckpointError, match="unpacks to more than 67,108,864 bytes") as caught:
        load_checkpoint(path, nn.Linear(1, 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "gunzip it" in caught.value.mend
    assert peak < 8 << 20
    assert time.perf_counter() - begun < 1


def test_damage_inside_gzip_is_found(tmp_path):
    """gzip's checksum covers every byte: a stored block with one bit flipped is refused."""
    packed = bytearray(gzip.compress((FIXTURES / "d_state_add.fdl").read_bytes(), compresslevel=0))
    packed[-12] ^= 1
    path = tmp_path / "m.fdl.gz"
    path.write_bytes(packed)
    with pytest.raises(CheckpointError, match="its gzip stream is damaged: CRC check failed"):
        read_metadata(path)
