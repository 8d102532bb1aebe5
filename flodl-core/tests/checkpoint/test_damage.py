"""A damaged or hostile file is one CheckpointError, found before anything is allocated, changed or loaded.

The normal run tries a few hundred mutated files. For a long one:

    FLODL_MUTATIONS=10000 python -m pytest flodl-core/tests/checkpoint/test_damage.py
"""

import json
import os
import time
import tracemalloc

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import load_checkpoint, read_metadata, save_checkpoint, verify_checkpoint
from flodl_core.checkpoint.header import dump_header
from flodl_core.checkpoint.info import Entry
from flodl_core.checkpoint.metadata import _seal
from safetensors.torch import save_file
from torch import nn

CASES = int(os.environ.get("FLODL_MUTATIONS", "400"))
BATCH = 50


def small():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))


def bits(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(before, module):
    return all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "m.safetensors"
    save_checkpoint(path, small(), words="[[flow]]", structure="linear norm linear", hashes={"flodl": "0f"})
    return path.read_bytes()


@pytest.mark.parametrize("first", range(0, CASES, BATCH))
def test_no_mutated_file_is_loaded(first, good, mutated, tmp_path):
    """Every accident is found, quickly, and leaves the module as it was; a foreign file is called unverified."""
    path, module = tmp_path / "m.safetensors", small()
    right, other = bits(module), {name: value + 1 for name, value in bits(module).items()}
    for seed in range(first, min(first + BATCH, CASES)):
        path.write_bytes(mutated(good, seed))
        module.load_state_dict(other)
        begun = time.perf_counter()
        try:
            report = load_checkpoint(path, module)
        except CheckpointError as error:
            found = (same(other, module), str(path) in str(error))
            assert found == (True, True), seed
        else:  # damage that changes nothing: blanks, or flodl's own words made unreadable
            assert same(right, module), seed
            assert not report.verified or json_of(path.read_bytes()) == json_of(good), seed
        assert time.perf_counter() - begun < 1, seed


def json_of(data):
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def file_of(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


HOSTILE = {
    "empty file": (b"", "too few"),
    "seven bytes": (b"1234567", "too few"),
    "length of 2^63": (file_of({}, length=2**63), "cut short or no safetensors"),
    "length of 1 GiB": (file_of({}, length=2**30), "cut short or no safetensors"),
    "no JSON": (file_of(b"hello, world"), "its header is not JSON"),
    "a list": (file_of(b"[]"), "its header is not JSON"),
    "broken JSON": (file_of(b'{"a":'), "its header is damaged"),
    "not UTF-8": (file_of(b'{"\xff":1}'), "its header is damaged"),
    "nested deeply": (file_of(b'{"a":' + b"[" * 100_000), "'a': it has not exactly dtype"),
    "nested deeply inside an entry": (file_of(b'{"a":{"shape":' + b"[" * 4000 + b"}}"), "its header is damaged"),
    "a number of a million digits": (file_of(b'{"a":' + b"9" * 1_000_000 + b"}"), "'a': it has not exactly dtype"),
    "a number of four thousand digits": (file_of(b'{"a":{"shape":' + b"9" * 4000 + b"}}"), "it has not exactly dtype"),
    "something behind the table": (file_of(b'{}{"a":1}'), "its header is damaged"),
    "a name twice": (
        file_of(b'{"a":' + json.dumps(entry()).encode() + b',"a":' + json.dumps(entry()).encode() + b"}", bytes(8)),
        "'a' stands twice",
    ),
    "a float": (file_of(b'{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}', bytes(8)), "whole number is due"),
    "NaN": (file_of(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', bytes(8)), "whole number is due"),
    "true for one": (file_of({"a": entry(shape=[True, 2])}, bytes(8)), "not whole numbers"),
    "negative shape": (file_of({"a": entry(shape=[-2])}, bytes(8)), "not whole numbers"),
    "negative offset": (file_of({"a": entry(offsets=[-8, 0])}, bytes(8)), "not whole numbers"),
    "no offsets": (file_of({"a": {"dtype": "F32", "shape": [2]}}), "not exactly dtype, shape and data_offsets"),
    "an entry that is text": (file_of({"a": "b"}), "not exactly dtype, shape and data_offsets"),
    "a field too many": (file_of({"a": entry() | {"pickle": "x"}}, bytes(8)), "not exactly dtype"),
    "unknown type": (file_of({"a": entry(dtype="F128")}, bytes(8)), "type 'F128' is not known"),
    "type that is a list": (file_of({"a": entry(dtype=[])}, bytes(8)), "is not known"),
    "shape of 2^62 x 2^62": (file_of({"a": entry(shape=[2**62, 2**62])}, bytes(8)), "larger than any memory"),
    "empty shape of 2^62 x 2^62 x 0": (
        file_of({"a": entry(shape=[2**62, 2**62, 0], offsets=[0, 0])}),
        "larger than any memory",
    ),
    "shape and offsets differ": (file_of({"a": entry(shape=[3])}, bytes(8)), "12 bytes, its offsets hold 8"),
    "offsets the wrong way": (file_of({"a": entry(offsets=[8, 0])}, bytes(8)), "its offsets hold -8"),
    "an overlap": (file_of({"a": entry(), "b": entry()}, bytes(8)), "'b' begins at byte .*is due"),
    "a hole": (file_of({"a": entry(offsets=[4, 12])}, bytes(12)), "'a' begins at byte"),
    "bytes left over": (file_of({"a": entry()}, bytes(9)), "it goes on after its last entry, for 1 bytes"),
    "bytes missing": (file_of({"a": entry()}, bytes(7)), "cut short at entry 'a'"),
    "a terabyte claimed": (
        file_of({"a": entry(shape=[2**38], offsets=[0, 2**40])}, bytes(8)),
        "cut short at entry 'a'",
    ),
    "metadata that is no table": (file_of({"__metadata__": []}), "not a table of strings"),
    "metadata of numbers": (file_of({"__metadata__": {"a": 1}}), "not a table of strings"),
    "a terminal's control codes": (file_of({"\x1b[2J": entry(shape=[3])}, bytes(8)), r"'\\x1b\[2J'"),
    "half a surrogate pair": (
        file_of(b'{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}', bytes(8)),
        r"'\\ud800'",
    ),
    "a later version": (file_of({"__metadata__": {"flodl.version": "2"}}), "version 2, this flodl reads up to 1"),
    "no version": (file_of({"__metadata__": {"flodl.words": "x"}}), "is no version"),
    "no seal": (file_of({"__metadata__": {"flodl.version": "1"}}), "changed after it was written"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_error(name, tmp_path):
    """Each lie is told with file and reason, by load, verify and read_metadata alike."""
    data, reason = HOSTILE[name]
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    for read in (read_metadata, verify_checkpoint, lambda path: load_checkpoint(path, small(), partial=True)):
        with pytest.raises(CheckpointError, match=reason) as caught:
            read(path)
        assert caught.value.where == str(path)
        assert str(caught.value).isascii() or "ö" in str(path)


@pytest.mark.parametrize("name", ["length of 2^63", "length of 1 GiB", "a terabyte claimed", "empty file"])
def test_a_lie_allocates_nothing(name, tmp_path):
    """What a header claims is compared with the file's size before memory is asked for."""
    path, module = tmp_path / "m.safetensors", small()
    path.write_bytes(HOSTILE[name][0])
    tracemalloc.start()
    with pytest.raises(CheckpointError):
        load_checkpoint(path, module)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


BOMBS = {
    "lists": b'{"a":[' + b"[]," * 700_000 + b"[]]}",
    "tables": b'{"a":[' + b'{"":0},' * 300_000 + b"{}]}",
    "a long table": b'{"a":{"dtype":"F32","shape":[' + b"0," * 1_000_000 + b'0],"data_offsets":[0,0]}}',
    "names": b"{" + b",".join(b'"%07d":0' % number for number in range(200_000)) + b"}",
    "no metadata": b'{"__metadata__":{"a":[' + b"[]," * 700_000 + b"[]]}}",
}


def test_no_more_tensors_are_written_than_are_read():
    """A header of too many is refused when it is made: a file that cannot be read is none."""
    with pytest.raises(CheckpointError, match=r"262,144 tensors, at most 262,143 can be read"):
        dump_header({}, [Entry("a", "F32", (0,), 0, 0)] * 262_144)


def memory_to_refuse(folder, header, said):
    """Bytes taken at most until a file with this header is refused in these words."""
    (folder / "m").write_bytes(len(header).to_bytes(8, "little") + header)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=said):
        read_metadata(folder / "m")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("name", BOMBS)
def test_a_header_makes_no_more_of_itself_than_it_is_long(name, tmp_path):
    """JSON can become thirty times as much memory when it is read: what no header says is refused before."""
    text = BOMBS[name]
    assert memory_to_refuse(tmp_path, text, r"has not exactly dtype|not a table of strings") < 3 * len(text)


def test_a_table_in_the_metadata_makes_no_more_of_itself_either(tmp_path):
    """Whoever can write a file can seal it."""
    said = {"flodl.version": "1", "flodl.aliases": "[" + "[]," * 700_000 + "[]]"}
    said["flodl.seal"] = _seal(said, ())
    text = json.dumps({"__metadata__": said}).encode()
    assert memory_to_refuse(tmp_path, text, r"its flodl\.aliases is not a table of strings") < 8 * len(text)


def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path):
    """A sparse file can be large for nothing: its header's length is limited too."""
    path = tmp_path / "m.safetensors"
    with path.open("wb") as file:
        file.write((1 << 30).to_bytes(8, "little") + b"{")
        file.truncate(2 << 30)
    with pytest.raises(CheckpointError, match="claims 1,073,741,824 bytes, more than"):
        read_metadata(path)


def test_one_flipped_bit_is_found_and_named(good, tmp_path):
    """The entry whose bytes changed is in the message."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(good)
    last = read_metadata(path).entries[-1]
    path.write_bytes(good[: last.begin] + bytes([good[last.begin] ^ 1]) + good[last.begin + 1 :])
    with pytest.raises(CheckpointError, match=f"entry '{last.name}' is damaged: its bytes do not match their digest"):
        load_checkpoint(path, small())
    with pytest.raises(CheckpointError, match="is damaged"):
        verify_checkpoint(path)
    assert read_metadata(path).entries[-1] == last  # its header alone is whole


@pytest.mark.parametrize(
    ("before", "after"),
    [("0.weight", "0.weighu"), ("linear norm", "linear form"), ("[[flow]]", "[[glow]]"), ('\\"0f\\"', '\\"1f\\"')],
)
def test_a_changed_header_is_found(before, after, good, tmp_path):
    """Names, words, structure and hashes are covered by the seal."""
    path = tmp_path / "m.safetensors"
    assert before.encode() in good
    path.write_bytes(good.replace(before.encode(), after.encode()))
    with pytest.raises(CheckpointError, match="its header was changed after it was written"):
        read_metadata(path)


def test_another_tool_may_write_it_again(good, tmp_path):
    """A tool that keeps the metadata and orders the tensors in its own way breaks neither seal nor digests."""
    from safetensors import safe_open
    from safetensors.torch import load_file

    path = tmp_path / "m.safetensors"
    path.write_bytes(good)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file(load_file(path), tmp_path / "again", metadata=dict(reversed(metadata.items())))
    assert load_checkpoint(tmp_path / "again", small()).verified


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "not a regular file"),
        (lambda path: None, "No such file"),
        (lambda path: os.mkfifo(path), "not a regular file"),
        (lambda path: path.symlink_to(path), "Too many levels"),
    ],
)
def test_what_is_no_file_is_one_error_too(make, reason, tmp_path):
    """A folder, a pipe, a loop of links, nothing at all: told, never waited for."""
    path = tmp_path / "m.safetensors"
    make(path)
    with pytest.raises(CheckpointError, match=reason):
        load_checkpoint(path, small())


def test_a_null_in_a_path_is_told():
    """Python's own ValueError does not leave."""
    with pytest.raises(CheckpointError, match="null character"):
        read_metadata("a\0b")
