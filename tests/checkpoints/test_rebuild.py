"""A model from its file alone: rebuilt exactly, or not at all."""

import os
import random
import re
import time
import warnings

import flodl
import pytest
import torch
from flodl_core import CheckpointError, Layout, ModuleSpec, PathError, components, hookimpl, ref
from flodl_core.checkpoint import BackgroundSaver, read_metadata, save_checkpoint
from flodl_core.checkpoint.info import About
from flodl_core.checkpoint.inventory import inventory
from flodl_core.checkpoint.save import save_inventory
from flodl_graph import FlowBuilder
from torch import nn

CASES = int(os.environ.get("FLODL_MUTATIONS", "200"))


def encoder():
    return FlowBuilder("linear", 4, 8).tag("read").through("gelu").label("encoder")


def flow():
    graph = FlowBuilder(encoder()).also("linear", 8, 8).tag("mixed").through("dropout", 0.5)
    return graph.gate("softmax_router", ["relu", ref("linear", 8, 8)], dim=8).through("linear", 8, 3)


def saved(path, builder=None):
    graph = (builder or flow()).build()
    graph.save_checkpoint(path)
    return graph


def lying(path, graph, words, origins=None):
    """A file that is whole, and says other words than those of its model."""
    save_inventory(path, inventory(graph), About(words=words, origins=origins or {}))


def test_a_model_is_rebuilt_from_its_file(tmp_path, device):
    """Same structure, same values, same output; and the generators are as they were."""
    graph = saved(tmp_path / "m.safetensors")
    state = torch.random.get_rng_state()
    other = flodl.load(tmp_path / "m.safetensors")
    assert torch.equal(state, torch.random.get_rng_state())
    assert graph.structure == other.structure
    assert graph.to_toml() == other.to_toml()
    x = torch.randn(5, 4)
    assert torch.equal(graph.eval()(x), other.eval()(x))


def normed():
    return FlowBuilder("linear", 4, 8).through("batch_norm1d", 8).through("embedding", 9, 4)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_a_model_keeps_the_types_of_its_file(dtype, tmp_path):
    """Words do not tell that a model was made half or double; counters stay whole numbers."""
    graph = normed().build().to(dtype)
    graph.save_checkpoint(tmp_path / "m.safetensors")
    other = flodl.load(tmp_path / "m.safetensors")
    assert [(k, v.dtype) for k, v in graph.state_dict().items()] == [
        (k, v.dtype) for k, v in other.state_dict().items()
    ]
    assert all(torch.equal(a, b) for a, b in zip(graph.parameters(), other.parameters(), strict=True))


def test_a_model_of_several_types_keeps_them(tmp_path):
    """One part half, the rest as it was."""
    graph = FlowBuilder("linear", 4, 4).through("linear", 4, 4).build()
    graph.linear_2.to(torch.bfloat16)
    graph.save_checkpoint(tmp_path / "m.safetensors")
    other = flodl.load(tmp_path / "m.safetensors")
    assert (torch.float32, torch.bfloat16) == (other.linear_1.weight.dtype, other.linear_2.bias.dtype)
    assert torch.equal(graph.linear_2.weight, other.linear_2.weight)


def test_a_large_half_model_is_not_taken_for_an_attack(tmp_path):
    """What its words ask for is counted in the types of the file: 80 MiB of bfloat16 are no 160 MiB."""
    graph = FlowBuilder("linear", 6400, 6400, bias=False).build().to(torch.bfloat16)
    graph.save_checkpoint(tmp_path / "m.safetensors")
    assert torch.equal(graph.linear_1.weight, flodl.load(tmp_path / "m.safetensors").linear_1.weight)


@pytest.mark.parametrize("suffix", ["fdl", "safetensors"])
def test_a_file_without_words_says_what_to_do(suffix, tmp_path):
    """Files of floDl, of other tools, and of graphs with live objects."""
    path = tmp_path / f"m.{suffix}"
    live = FlowBuilder("linear", 4, 4) if suffix == "fdl" else FlowBuilder(nn.Linear(4, 4))
    saved(path, live)
    with pytest.raises(CheckpointError, match="does not say how its model is built") as caught:
        flodl.load(path)
    assert "build the model as before" in caught.value.mend
    assert str(path) == caught.value.where


def test_a_missing_plugin_is_traced_to_its_distribution(tmp_path):
    """The file says who brought each component."""
    words = '[[flow]]\nthrough = "nebula_layer"\nargs = [4]\n'
    lying(tmp_path / "m", FlowBuilder("linear", 1, 1).build(), words, {"module:nebula_layer": "acme-nebula 1.2"})
    with pytest.raises(CheckpointError, match=r"'nebula_layer' of 'acme-nebula 1\.2'") as caught:
        flodl.load(tmp_path / "m")
    assert caught.value.mend.startswith("pip install acme-nebula;")


def test_origins_are_kept(tmp_path):
    """Every word, module and op with its distribution and version."""
    saved(tmp_path / "m")
    origins = read_metadata(tmp_path / "m").origins
    assert {"flodl-nn", "flodl-graph"} == {origin.partition(" ")[0] for origin in origins.values()}
    assert {"word:gate", "module:softmax_router", "module:linear"} <= origins.keys()


HOSTILE = {
    "no TOML": "]][[",
    "names of nothing": '[[flow]]\nthrough = "os.system"\nargs = ["echo trap"]\n',
    "a path": '[[flow]]\nthrough = "builtins:eval"\nargs = ["print(1)"]\n',
    "another key": 'import = "os"\n',
    "no word": '[[flow]]\nexec = "linear"\n',
    "a model of terabytes": '[[flow]]\nthrough = "linear"\nargs = [1000000, 1000000]\n',
    "more layers than any": '[[flow]]\nthrough = "gru"\nargs = [1, 1, 1000000]\n',
    "a number too large": '[[flow]]\nthrough = "linear"\nargs = [1, 99999999999999]\n',
    "a negative size": '[[flow]]\nthrough = "linear"\nargs = [-1, 5]\n',
    "other shapes": '[[flow]]\nthrough = "linear"\nargs = [2, 2]\n',
    "another structure": '[[flow]]\nthrough = "relu"\n',
    "nested too deeply": '[[flow]]\nthrough = ' + '{ flow = [{ through = ' * 400 + '"relu"' + ' }] }' * 400 + "\n",
    "arrays too deep": "x = " + "[" * 5000 + "]" * 5000 + "\n",
    "too long": "#" * (2 << 20),
    "many nodes": '[[flow]]\nthrough = "linear"\nargs = [1, 1]\n' * 10_000,
    "an open branch": '[[flow]]\nsplit = ["relu", "gelu"]\n',
    "not even text": "\0\x01",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_words_are_one_error(name, tmp_path, capfd):
    """Nothing is imported, called, allocated or waited for; the error names the file."""
    lying(tmp_path / "m", FlowBuilder("linear", 1, 1).build(), HOSTILE[name])
    begun = time.perf_counter()
    with pytest.raises(CheckpointError) as caught:
        flodl.load(tmp_path / "m")
    assert time.perf_counter() - begun < 30
    assert str(tmp_path / "m") == str(caught.value.where)
    assert len(str(caught.value)) < 4000
    assert "trap" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a model of terabytes", "its words make a model of 4,000,004,000,000 bytes, it holds 8"),
        ("more layers than any", "its words make more parameters than it holds"),
        ("a number too large", "its words hold the number 99,999,999,999,999, larger than any tensor in it"),
        ("too long", "its words have 2,097,152 characters, more than 1,048,576 are not read"),
        ("other shapes", "it does not fit Graph"),
        ("names of nothing", "'os.system' is no component's name"),
    ],
)
def test_hostile_words_are_refused_for_what_they_are(name, reason, tmp_path):
    """Before memory is asked for, and in words that name the reason."""
    lying(tmp_path / "m", FlowBuilder("linear", 1, 1).build(), HOSTILE[name])
    with pytest.raises(CheckpointError, match=re.escape(reason)):
        flodl.load(tmp_path / "m")


def test_no_mutated_file_is_rebuilt_wrongly(tmp_path, mutated):
    """Each accident is an error, or the same model: words and structure are under the seal too."""
    graph = saved(tmp_path / "m")
    good, values = (tmp_path / "m").read_bytes(), graph.state_dict()
    for seed in range(CASES):
        (tmp_path / "m").write_bytes(mutated(good, seed))
        other = loaded_or_refused(tmp_path / "m")
        if other is not None:
            assert graph.structure == other.structure, seed
            assert all(torch.equal(values[name], value) for name, value in other.state_dict().items()), seed


def loaded_or_refused(path):
    """The model, or None where loading ended as it may: in one error that names the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # words may ask for what is odd: a tensor of no elements
        try:
            return flodl.load(path)
        except CheckpointError as error:
            if str(path) != str(error.where):
                raise
            return None


def test_mutated_words_under_a_good_seal_are_refused_or_fit(tmp_path):
    """Whoever can write a file can seal it: words that are nearly right end in one error, or in a model that fits."""
    graph = flow().build()
    words = graph.to_toml()
    pieces = [*words.split(), *words.splitlines(), "0", "-1", "1.5", "true", "nan", "{", "]", '"', "[[flow]]\n", "flow"]
    for seed in range(CASES):
        rng = random.Random(seed)
        changed = words
        for _ in range(rng.choice([1, 1, 2, 4])):
            begin = rng.randrange(len(changed))
            end = begin + rng.choice([0, 0, 1, 3, 20])
            changed = changed[:begin] + rng.choice(["", rng.choice(pieces), rng.choice(changed)]) + changed[end:]
        lying(tmp_path / "m", graph, changed)
        other = loaded_or_refused(tmp_path / "m")
        if other is not None:
            values = graph.state_dict()
            assert sorted(map(tuple, (v.shape for v in values.values()))) == sorted(
                tuple(value.shape) for value in other.state_dict().values()
            ), seed


def test_a_tag_given_later_hides_no_entry(tmp_path):
    """Names by tag, label or number: each finds the other, and the report says so."""
    bare = FlowBuilder(FlowBuilder("linear", 4, 8).through("gelu")).through("linear", 8, 3)
    tagged = FlowBuilder(encoder()).through("linear", 8, 3).tag("head")
    for one, two in ((bare, tagged), (tagged, bare)):
        graph = saved(tmp_path / "m", one)
        other = two.build()
        report = other.load_checkpoint(tmp_path / "m")
        assert report.complete
        assert len(report.renamed) == 4
        assert all(torch.equal(a, b) for a, b in zip(graph.parameters(), other.parameters(), strict=True))


def test_another_structure_is_shown_as_a_difference(tmp_path):
    """Configuration counts, though no tensor tells it; partial=True goes on."""
    saved(tmp_path / "m", FlowBuilder("linear", 4, 4).through("dropout", 0.5))
    other = FlowBuilder("linear", 4, 4).through("dropout", 0.1).build()
    with pytest.raises(CheckpointError, match="another structure") as caught:
        other.load_checkpoint(tmp_path / "m")
    assert "0.5" in str(caught.value)
    assert "0.1" in str(caught.value)
    assert other.load_checkpoint(tmp_path / "m", partial=True).complete


def test_a_snapshot_shares_nothing_with_the_graph(tmp_path, device):
    """What the graph does next does not reach it; it is written later, as any kind, by a thread too."""
    graph = FlowBuilder("linear", 4, 8).tag("a").through("linear", 8, 2).build().to(device)
    for name in ("at_once.fdl", "at_once.safetensors"):
        graph.save_checkpoint(tmp_path / name)
    taken = graph.snapshot()
    with BackgroundSaver() as saver:
        saver.save(tmp_path / "thread.safetensors", graph)
        with torch.no_grad():
            for parameter in graph.parameters():
                parameter.zero_()
    for name in ("later.fdl", "later.safetensors"):
        taken.save(tmp_path / name)
    assert (tmp_path / "at_once.fdl").read_bytes() == (tmp_path / "later.fdl").read_bytes()
    for name in ("later", "thread"):
        assert (tmp_path / "at_once.safetensors").read_bytes() == (tmp_path / f"{name}.safetensors").read_bytes()


def test_shared_parameters_are_kept_once(tmp_path):
    """A module used twice is one entry, in either kind of file."""
    shared = nn.Linear(4, 4)
    graph = FlowBuilder(shared).through("relu").through(shared).build()
    for name, expected in (("m.safetensors", {"linear_1.weight"}), ("m.fdl", {"linear_1/weight"})):
        graph.save_checkpoint(tmp_path / name)
        assert expected | {next(iter(expected)).replace("weight", "bias")} == {
            entry.name for entry in read_metadata(tmp_path / name).entries
        }
        assert graph.load_checkpoint(tmp_path / name).complete


def test_a_path_names_one_part(tmp_path):
    """A glob that names several is told."""
    graph = saved(tmp_path / "m")
    with pytest.raises(PathError, match="names 2 parts, a file holds one"):
        graph.load_subgraph_checkpoint("encoder.*", tmp_path / "m")


def test_floDl_sees_no_buffers_of_graphs_inside_graphs(tmp_path):
    """It writes none (0.2.2), so neither do we, and say so; a load reports them as missing and goes on."""
    inner = FlowBuilder("batch_norm1d", 3)
    graph = FlowBuilder(inner).through("linear", 3, 2).build()
    with pytest.warns(UserWarning, match="floDl keeps no buffers of graphs inside graphs: .*running_mean"):
        graph.save_checkpoint(tmp_path / "m.fdl")
    assert all("running" not in entry.name for entry in read_metadata(tmp_path / "m.fdl").entries)
    report = graph.load_checkpoint(tmp_path / "m.fdl")
    assert ["running_mean", "running_var"] == [name.rpartition(".")[2] for name in report.missing]


class Scale(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * self.factor


def test_a_plugin_says_what_its_layer_is_in_flodl(tmp_path):
    """`ModuleSpec(layout=...)` is all that a layer of one's own needs to travel."""

    class Plugin:
        @hookimpl
        def flodl_modules(self):
            layout = Layout("scale", "gain=factor")
            yield ModuleSpec(name="scale", target=f"{__name__}:Scale", summary="A factor.", layout=layout)

    components.register(Plugin(), "scale-for-a-test")
    graph = FlowBuilder(Scale(3)).build()
    graph.save_checkpoint(tmp_path / "m.fdl")
    assert ["scale_1/gain"] == [entry.name for entry in read_metadata(tmp_path / "m.fdl").entries]


def test_metadata_that_points_nowhere_is_refused(tmp_path):
    """floDl's names of entries that are not there."""
    module = nn.Linear(1, 1)
    save_checkpoint(tmp_path / "m", module)
    save_inventory(tmp_path / "m", inventory(module), About(fdl_names={"linear_1/weight": "gone"}))
    with pytest.raises(CheckpointError, match="floDl's name of 'gone', which it does not hold"):
        read_metadata(tmp_path / "m")
