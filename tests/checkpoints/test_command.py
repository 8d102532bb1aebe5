"""`flodl checkpoint`, by the real command, on files of all kinds."""

import json

import pytest
import torch
from flodl_cli.main import main
from flodl_core.checkpoint import TrainingState, torch_file
from flodl_graph import FlowBuilder
from torch import nn

OPENS_TORCH_FILES = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) >= torch_file.LEAST


def flow(tag="hidden"):
    return FlowBuilder("linear", 3, 5).tag(tag).through("relu").through("linear", 5, 2)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph = flow().build()
    graph.save_checkpoint("one.safetensors")
    graph.save_checkpoint("one.fdl")
    with torch.no_grad():
        graph.hidden.bias.add_(0.25)
    graph.save_checkpoint("two.safetensors")
    return tmp_path


def asked(capsys, *arguments):
    code = main(["checkpoint", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_data(capsys, *arguments):
    code, out, _ = asked(capsys, *arguments, "--json")
    return code, json.loads(out)


def test_inspect_shows_what_a_file_holds(here, capsys):
    """A table for people; the same and more as data; a glob narrows both."""
    code, out, _ = asked(capsys, "inspect", "one.safetensors")
    assert code == 0
    for word in ("4 tensors", "flodl hash", "floDl hash", "flodl.load() builds the model", "hidden.weight", "f32[5,3]"):
        assert word in out
    code, said = as_data(capsys, "inspect", "one.fdl", "hidden*")
    (file,) = said["files"]
    assert [0, "fdl", 2, False] == [code, file["format"], file["version"], file["digested"]]
    assert ["hidden/weight", "hidden/bias"] == [entry["name"] for entry in file["entries"]]
    assert [5, 3] == file["entries"][0]["shape"]


def test_diff_ends_with_1_when_something_differs(here, capsys):
    """And with 0 where all is alike."""
    code, out, _ = asked(capsys, "diff", "one.safetensors", "two.safetensors")
    assert code == 1
    assert "hidden.bias" in out
    assert "1 of 4 entries differ" in out
    code, said = as_data(capsys, "diff", "one.safetensors", "two.safetensors")
    (difference,) = said["differences"]
    assert ["hidden.bias", "values", 0.25] == [difference["name"], difference["kind"], pytest.approx(0.25)]
    assert (0, "4 entries, alike bit for bit\n") == asked(capsys, "diff", "one.safetensors", "one.safetensors")[:2]


def test_verify_finds_one_flipped_bit(here, capsys):
    """Whole, unverified, damaged and unreadable files are told apart; the last two end with 1."""
    data = bytearray((here / "two.safetensors").read_bytes())
    data[-1] ^= 1
    (here / "two.safetensors").write_bytes(data)
    code, said = as_data(capsys, "verify", "one.safetensors", "one.fdl", "two.safetensors", "absent")
    assert code == 1
    assert ["whole", "unverified", "damaged", "unreadable"] == [file["verdict"] for file in said["files"]]
    assert "do not match their digest" in said["files"][2]["reason"]
    assert 0 == asked(capsys, "verify", "one.safetensors", "one.fdl")[0]


def test_one_bad_path_hides_no_other(here, capsys):
    """A folder without states and a torch file are unreadable, which is not damaged; the rest is still looked at."""
    (here / "nothing").mkdir()
    torch.save({"a": torch.ones(1)}, here / "weights.pt")
    code, said = as_data(capsys, "verify", "nothing", "weights.pt", "one.safetensors")
    assert [1, ["unreadable", "unreadable", "whole"]] == [code, [file["verdict"] for file in said["files"]]]
    assert "it is a torch file" in said["files"][1]["reason"]


def test_folders_of_training_states_are_looked_into(here, capsys):
    """inspect shows the newest state's tensors, verify checks every state."""
    module = nn.Linear(2, 2)
    with TrainingState("run", model=module) as state:
        state.save()
        state.save()
    code, said = as_data(capsys, "inspect", "run")
    assert code == 0
    assert any(entry["name"] == "weight" for file in said["files"] for entry in file["entries"])
    code, said = as_data(capsys, "verify", "run")
    assert [0, {"whole"}] == [code, {file["verdict"] for file in said["files"]}]
    broken = sorted((here / "run").glob("step-*/*.safetensors"))[-1]
    broken.write_bytes(broken.read_bytes()[:-4])
    code, said = as_data(capsys, "verify", "run")
    assert [1, "damaged"] == [code, said["files"][-1]["verdict"]]
    (here / "empty").mkdir()
    code, out, _ = asked(capsys, "verify", "empty")
    assert code == 1
    assert "the folder holds no state of a run" in out


def test_convert_makes_flodls_own_file(here, capsys):
    """From safetensors the very bytes that the graph would write; and back, with the names of another file."""
    assert 0 == asked(capsys, "convert", "one.safetensors", "again.fdl")[0]
    assert (here / "one.fdl").read_bytes() == (here / "again.fdl").read_bytes()
    assert 0 == asked(capsys, "convert", "one.fdl", "back.safetensors", "--like", "two.safetensors")[0]
    assert (here / "one.safetensors").read_bytes() == (here / "back.safetensors").read_bytes()


def test_a_converted_file_loads_under_flodls_names(here, capsys):
    """Without a file to take names from, floDl's stay, and the graph knows them."""
    assert 0 == asked(capsys, "convert", "one.fdl", "theirs.safetensors")[0]
    graph, one = flow().build(), flow().build()
    one.load_checkpoint("one.safetensors")
    report = graph.load_checkpoint("theirs.safetensors")
    assert report.complete
    assert report.verified
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), graph.parameters(), strict=True))


@pytest.mark.skipif(not OPENS_TORCH_FILES, reason="torch before 2.10 can be made to run code: it opens no file here")
def test_migrate_proposes_and_writes(here, capsys):
    """Without a target nothing is written; what is open ends with 1 and says how to settle it."""
    old = {"a": nn.Parameter(torch.ones(5, 3)), "b": nn.Parameter(torch.ones(5))}
    torch.save({**old, "c": torch.ones(2, 5), "d": torch.ones(2)}, "old.pt")
    code, out, err = asked(capsys, "migrate", "old.pt", "--like", "one.safetensors")
    assert code == 1
    assert "guessed" in out
    assert "--map a=hidden.weight" in err
    code, said = as_data(capsys, "migrate", "old.pt", "new.safetensors", "--like", "one.safetensors", "--guess")
    assert [0, "new.safetensors"] == [code, said["written"]]
    graph = flow().build()
    graph.load_checkpoint("new.safetensors")
    assert torch.equal(torch.ones(5, 3), graph.hidden.weight)
    code, _, err = asked(capsys, "migrate", "old.pt", "--like", "one.safetensors", "--map", "a:b")
    assert code == 2
    assert "--map takes OLD=NEW" in err


def test_files_of_the_same_graph_need_no_guess(here, capsys):
    """The model's own file knows floDl's names, and the names its entries had before they were tagged."""
    code, said = as_data(capsys, "migrate", "one.fdl", "--like", "two.safetensors")
    assert [0, 4] == [code, len(said["mapped"])]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("inspect", "absent"), 1, "cannot read the checkpoint: No such file or directory"),
        (("inspect", "one.fdl", "hidden/wieght"), 1, "did you mean 'hidden/weight'"),
        (("inspekt", "one.fdl"), 2, "did you mean 'inspect'?"),
        (("convert", "one.fdl", "one.txt"), 1, "by its name"),
        (("convert", "one.fdl", "no/where.fdl"), 1, "there is no folder"),
        (("verify",), 2, "PATH"),
    ],
)
def test_mistakes_are_three_lines(arguments, code, said, here, capsys):
    """What, where, and what to try; never a traceback."""
    found, _, err = asked(capsys, *arguments)
    assert code == found
    assert said in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 3
