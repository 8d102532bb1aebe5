"""Names that floDl leaves to chance, and an order that is not that of the words."""

import pytest
import torch
from flodl_core import ref
from flodl_core.checkpoint import read_metadata, save_fdl
from flodl_graph import FlowBuilder


def two_tags():
    flow = FlowBuilder("batch_norm1d", 3).tag("first").tag("second").through("gru", 3, 4, 2).tag("third").tag("fourth")
    return flow.through("linear", 4, 2)


def renamed(path, renames):
    """The same file with other names for some entries, as floDl would have written it."""
    graph = two_tags().build()
    graph.save_checkpoint(path)
    values, names = graph.state_dict(), graph._fdl_form().names
    tensors = {renames(name): values[key] for name, key in names.items()}
    save_fdl(path, tensors, structural_hash=graph.structural_hash())
    return graph


@pytest.mark.parametrize("suffix", ["fdl", "fdl.gz"])
@pytest.mark.parametrize(
    "renames",
    [
        lambda name: name.replace("first/", "second/"),
        lambda name: name.replace("third/", "fourth/"),
        lambda name: name if "running" in name else name.replace("first/", "second/").replace("third/", "fourth/"),
    ],
    ids=["one node", "numbered names", "parameters one way, buffers another"],
)
def test_of_several_tags_any_one_names_the_entries(renames, suffix, tmp_path):
    """The Rust framework takes an arbitrary tag of a node, for parameters and for buffers anew in each process."""
    graph = renamed(tmp_path / f"m.{suffix}", renames)
    other = two_tags().build()
    assert other.load_checkpoint(tmp_path / f"m.{suffix}").complete
    assert all(torch.equal(a, b) for a, b in zip(graph.parameters(), other.parameters(), strict=True))
    assert any(name.startswith(("second/", "fourth/")) for name in read_metadata(tmp_path / f"m.{suffix}").names)


def test_a_tag_that_is_another_nodes_name_stays_the_others(tmp_path):
    """floDl calls the last node `linear_3`, as the first one is tagged too: each entry finds its own."""
    flow = FlowBuilder("linear", 3, 3).tag("a").tag("linear_3").through("relu").through("linear", 3, 3)
    graph, other = flow.build(), flow.build()
    graph.save_checkpoint(tmp_path / "m.fdl")
    assert ["a/weight", "a/bias", "linear_3/weight", "linear_3/bias"] == [*read_metadata(tmp_path / "m.fdl").names]
    assert other.load_checkpoint(tmp_path / "m.fdl").complete
    assert all(torch.equal(a, b) for a, b in zip(graph.parameters(), other.parameters(), strict=True))


def test_a_level_runs_in_the_order_in_which_it_becomes_ready(tmp_path):
    """What reads the first node of a level comes before what reads the second, whichever was made first."""
    square = ref("linear", 3, 3)
    flow = FlowBuilder(square).tag("a").input("ctx").map(square).over("ctx").tag("m").map(square).over("a")
    graph = flow.through("state_add").using("m").build()
    graph.save_checkpoint(tmp_path / "m.fdl")
    names = [name.partition("/")[0] for name in read_metadata(tmp_path / "m.fdl").names]
    assert ["a", "map_4", "m"] == [*dict.fromkeys(names)]
