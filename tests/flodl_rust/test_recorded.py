"""Files of the Rust floDl load into the same graphs built with flodl, compute the same, and are written alike."""

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import read_metadata
from flodl_graph import FlowBuilder, load
from recorded import FLOWS, fixture, graph_tree, named_layers, record, tensor
from torch.nn.functional import mse_loss

WITH_LOSS = ("a_linear_chain", "b_graph_tree", "c_routing")


def loaded(stem, suffix="fdl"):
    graph = FLOWS[stem]().build()
    assert graph.load_checkpoint(fixture(f"{stem}.{suffix}")).complete
    return graph


def by_flodl(graph):
    """floDl's name of each parameter to the parameter."""
    tensors = dict(graph.named_parameters())
    names = graph._fdl_form().names
    return {name: tensors[key] for name, key in names.items()}


def assert_gradients(graph, recorded):
    parameters = by_flodl(graph)
    assert [*parameters] == [item["name"] for item in recorded]
    for item in recorded:
        gradient = parameters[item["name"]].grad
        if item["data"] is None:
            assert gradient is None, item["name"]
        else:
            torch.testing.assert_close(gradient, tensor(item), rtol=0, atol=1e-5)


@pytest.mark.parametrize("stem", FLOWS)
def test_hashes_are_flodls(stem):
    """The structural hash is that in the file, and the short one begins it."""
    graph = FLOWS[stem]().build()
    expected = read_metadata(fixture(f"{stem}.fdl")).hashes["floDl"]
    assert expected == graph.structural_hash()
    assert expected[:8] == graph.short_hash()


@pytest.mark.parametrize("stem", [stem for stem in FLOWS if stem != "b_encoder_standalone"])
def test_nodes_run_in_flodls_order(stem):
    """Ids, and the order of the levels, are those that floDl printed."""
    from flodl_graph.fdl.tensors import replica_of

    assert [node["id"] for node in record(stem)["execution_order"]] == [*replica_of(FLOWS[stem]().build()).order()]


@pytest.mark.parametrize("path", ["encoder", "encoder.scan", "encoder.read"])
def test_graphs_inside_graphs_have_flodls_hashes(path):
    """Each subgraph's hash and names are its own."""
    expected, part = record("b_graph_tree")["subgraphs"][path], graph_tree().build().get_submodule(path)
    assert expected["structural_hash"] == part.structural_hash()
    assert expected["named_parameter_names"] == [*by_flodl(part)]


@pytest.mark.parametrize("suffix", ["fdl", "fdl.gz"])
@pytest.mark.parametrize("stem", FLOWS)
def test_a_file_is_written_as_flodl_writes_it(stem, suffix, tmp_path):
    """Loaded and saved again, the same bytes; and packed files hold the same bytes."""
    graph = loaded(stem, suffix)
    graph.save_checkpoint(tmp_path / "again.fdl")
    assert fixture(f"{stem}.fdl").read_bytes() == (tmp_path / "again.fdl").read_bytes()
    graph.save_checkpoint(tmp_path / "again.fdl.gz")
    other = FLOWS[stem]().build()
    assert other.load_checkpoint(tmp_path / "again.fdl.gz").verified
    assert all(torch.equal(a, b) for a, b in zip(graph.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("stem", FLOWS)
def test_a_model_rebuilt_from_its_words_writes_the_same_file(stem, tmp_path):
    """Through safetensors and back: words keep floDl's numbering."""
    loaded(stem).save_checkpoint(tmp_path / "model.safetensors")
    load(tmp_path / "model.safetensors").save_checkpoint(tmp_path / "again.fdl")
    assert fixture(f"{stem}.fdl").read_bytes() == (tmp_path / "again.fdl").read_bytes()


@pytest.mark.parametrize("stem", WITH_LOSS)
def test_a_loaded_graph_computes_as_flodl_did(stem):
    """Output within 1e-6, gradients of the recorded loss within 1e-5."""
    graph, said = loaded(stem), record(stem)
    x = tensor(said["input"]).requires_grad_()
    output = graph(x)
    torch.testing.assert_close(output, tensor(said["output"]), rtol=0, atol=1e-6)
    loss = mse_loss(output, tensor(said["target"]))
    assert loss.item() == pytest.approx(said["mse_loss"], abs=1e-6)
    loss.backward()
    assert_gradients(graph, said["grads"])
    torch.testing.assert_close(x.grad, tensor(said["input_grad"]), rtol=0, atol=1e-5)


def test_tagged_values_are_flodls():
    """What tags name is the same tensor."""
    graph, said = loaded("c_routing"), record("c_routing")
    graph(tensor(said["input"]))
    for tag, value in said["tagged"].items():
        torch.testing.assert_close(graph.tagged(tag), tensor(value), rtol=0, atol=1e-6)


def test_maps_and_further_inputs_compute_as_in_flodl():
    """`map` in its three forms, and an input besides the stream."""
    said = record("f_map_multi")
    output = loaded("f_map_multi")(*map(tensor, said["inputs"]))
    torch.testing.assert_close(output, tensor(said["output"]), rtol=0, atol=1e-6)


def test_carried_state_computes_as_in_flodl():
    """Three calls with memory, gradients through all three, and a new sequence."""
    graph, said = loaded("d_state_add"), record("d_state_add")
    for run in said["successive_runs"]:
        output = graph(tensor(run["input"]))
        torch.testing.assert_close(output, tensor(run["output"]), rtol=0, atol=1e-6)
        torch.testing.assert_close(graph.tagged("memory"), tensor(run["memory"]), rtol=0, atol=1e-6)
    loss = mse_loss(output, tensor(said["bptt_target"]))
    assert loss.item() == pytest.approx(said["bptt_loss"], abs=1e-6)
    loss.backward()
    assert_gradients(graph, said["bptt_grads"])
    graph.reset_state()
    first = graph(tensor(said["successive_runs"][0]["input"]))
    torch.testing.assert_close(first, tensor(said["output_after_end_sequence"]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("suffix", ["fdl", "fdl.gz"])
def test_a_part_trained_alone_is_loaded_in(suffix):
    """`load_subgraph_checkpoint` gives the output that floDl gave, and tells the entries."""
    graph, said = loaded("b_graph_tree"), record("b_graph_tree")
    file = fixture(f"b_encoder_standalone.{suffix}")
    report = graph.load_subgraph_checkpoint("encoder", file)
    expected = said["load_subgraph_checkpoint(encoder, b_encoder_standalone.fdl.gz)"]
    assert sorted(expected["loaded"]) == sorted(source for source, _ in report.renamed)
    output = graph(tensor(said["input"]))
    torch.testing.assert_close(output, tensor(said["output_after_subgraph_load"]), rtol=0, atol=1e-6)


def test_a_file_of_another_part_is_refused():
    """A hash that is not the part's, or a part that is no graph, stops the load before anything changes."""
    graph, file = loaded("b_graph_tree"), fixture("b_encoder_standalone.fdl")
    before = [value.clone() for value in graph.parameters()]
    with pytest.raises(CheckpointError, match="saved from another structure: its 'floDl' hash is '9a56a96e"):
        graph.load_subgraph_checkpoint("encoder.scan", file)
    with pytest.raises(CheckpointError, match="holds a graph, and 'classifier' is a Linear"):
        graph.load_subgraph_checkpoint("classifier", file)
    with pytest.raises(CheckpointError, match="another structure"):
        graph.load_checkpoint(file)
    assert all(torch.equal(a, b) for a, b in zip(before, graph.parameters(), strict=True))


def test_a_snapshot_file_in_any_order_is_loaded():
    """floDl's own snapshots have no hash, and their entries stand in any order."""
    graph = FLOWS["a_linear_chain"]().build()
    assert graph.load_checkpoint(fixture("a_linear_chain.snapshot.fdl")).complete
    torch.testing.assert_close(
        graph(tensor(record("a_linear_chain")["input"])), tensor(record("a_linear_chain")["output"]), rtol=0, atol=1e-6
    )


def test_the_hash_of_another_model_is_told():
    """The file of `linear -> linear` has the hash that floDl printed for it, and fits no other model."""
    said = record("g_migrate_errors")
    assert said["structural_hash"] == read_metadata(fixture("g_hash.fdl")).hashes["floDl"]
    graph = named_layers().build()
    assert said["structural_hash"] == graph.structural_hash()
    graph.load_checkpoint(fixture("g_hash.fdl"))
    values = by_flodl(graph).values()
    assert all(torch.equal(tensor(item), value) for item, value in zip(said["values"], values, strict=True))
    with pytest.raises(CheckpointError, match=said["structural_hash"][:20]):
        FlowBuilder("linear", 4, 5).through("linear", 5, 2).build().load_checkpoint(fixture("g_hash.fdl"))
