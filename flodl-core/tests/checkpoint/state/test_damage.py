"""Damaged states: none is loaded as if it were whole, none changes a part, each has one error that says which file."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint.digest import digest_of
from flodl_core.checkpoint.state.manifest import _seal

MUTATIONS = int(os.environ.get("FLODL_MUTATIONS", "400"))


@pytest.fixture
def saved(small_run, tmp_path):
    """The folder of the only state of a run whose parts say 7, and a run to load it into, whose parts say 1."""
    first = small_run()
    first.set(7)
    first.state.save()
    folder = first.state.latest
    reader = small_run()
    reader.set(1)
    return folder, reader


def outcome(reader):
    """What the parts say after a resume, and the error; whatever else is raised is a failure of the test."""
    before = torch.get_rng_state()
    try:
        reader.state.resume()
    except CheckpointError as error:
        assert before.equal(torch.get_rng_state())
        return reader.values(), str(error)
    return reader.values(), None


def test_mutated_files(saved, mutated):
    """Cut, flipped, swapped, zeroed, grown: an error that names the file, and no part has changed."""
    folder, reader = saved
    files = {path: path.read_bytes() for path in sorted(folder.iterdir())}
    for seed in range(MUTATIONS):
        path = random.Random(seed).choice(list(files))
        path.write_bytes(mutated(files[path], seed))
        values, error = outcome(reader)
        if error is None:  # JSON has room for blanks
            assert path.name == "manifest.json"
            assert json.loads(path.read_bytes()) == json.loads(files[path])
            assert {7.0} == values
            reader.set(1)
        else:
            assert {1.0} == values
            assert path.name in error
        path.write_bytes(files[path])
    assert ({7.0}, None) == outcome(reader)


def test_missing_and_strange_files(saved):
    """A file that is gone, is a folder, or is another state's."""
    folder, reader = saved
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        path.unlink()
        assert path.name in outcome(reader)[1]
        path.mkdir()
        assert path.name in outcome(reader)[1]
        path.rmdir()
        path.write_bytes(data)
    assert {1.0} == reader.values()


def test_files_of_two_states_do_not_make_one(small_run):
    """Whole files, each with good digests of its own, from two moments: refused."""
    run = small_run()
    for value in (1, 2):
        run.set(value)
        run.state.save()
    old, new = sorted(run.state.folder.glob("step-*"))
    for path in sorted(new.iterdir()):
        if path.name == "manifest.json":
            continue
        data = path.read_bytes()
        shutil.copy(old / path.name, path)
        if path.read_bytes() != data:
            with pytest.warns(UserWarning, match=f"{path.name} is damaged"):
                assert run.state.resume()
            assert {1.0} == run.values()
        path.write_bytes(data)


def sealed(folder: Path, change) -> None:
    """A manifest and data that somebody wrote on purpose: every digest fits."""
    manifest = json.loads((folder / "manifest.json").read_text())
    data = json.loads((folder / "state.json").read_text())
    manifest.pop("seal")
    change(manifest, data)
    text = json.dumps(data).encode()
    (folder / "state.json").write_bytes(text)
    if "state.json" in (manifest["files"] or ()):
        manifest["files"]["state.json"] = {"size": len(text), "digest": digest_of(text)}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seal": _seal(manifest)}))


def put(*path):
    """A change that puts the last of `path` where the others lead."""

    def change(manifest, data):
        table = {"manifest": manifest, "data": data}
        for key in path[:-2]:
            table = table[key]
        table[path[-2]] = path[-1]

    return change


HOSTILE = {
    "data that names no tensor": put("data", "counter", "tensor", {"$tensor": "x"}),
    "data of another shape": put("data", "counter", []),
    "data with code": put("data", "counter", "value", {"$call": "os.system"}),
    "a frozen parameter that is none": put("data", "net", "frozen", ["weight", "wait"]),
    "generators that are none": put("data", "random", {"cpu": 3}),
    "generators of nonsense": put("data", "random", "python", [1, 2]),
    "an optimizer of nonsense": put("data", "sgd", "param_groups", 3),
    "a part too many": put("data", "more", {}),
    "parts that are none": put("manifest", "parts", 3),
    "a path out of the folder": put("manifest", "files", "../../x.safetensors", {"size": 1, "digest": ""}),
    "no list of files": put("manifest", "files", None),
    "a key too many": put("manifest", "x", 1),
    "weights that are none": put("manifest", "weights", {"$tuple": []}),
    "no data file": lambda manifest, data: manifest["files"].pop("state.json"),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_states(saved, attack):
    """Written with digests that fit: still one error, and no part has changed."""
    folder, reader = saved
    sealed(folder, HOSTILE[attack])
    values, error = outcome(reader)
    assert error is not None
    assert {1.0} == values
