"""A graph goes where torch takes a module: compilers, exporters, wrappers and swappers, a test named for each."""

from __future__ import annotations

import copy
import importlib.util
import pickle
import shutil
import time
import warnings
from pathlib import Path

import pytest
import torch
from flodl_core import ref
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn
from torch.nn.utils import parametrize
from two_processes import work

HALT = ref("threshold_halt", threshold=0.5)
NETS = {
    "chain": FlowBuilder("linear", 4, 4).through("gelu").also("linear", 4, 4),
    "skips": FlowBuilder("linear", 4, 4).tag("a").fork("tanh").tag("b").through("relu").merge("cat").using("a", "b"),
    "branches": FlowBuilder().split(ref("linear", 4, 4), "tanh").tag_group("head").merge("mean").at("head_0"),
    "gate": FlowBuilder("tanh").gate("softmax_router", [ref("linear", 4, 4), "relu"], dim=4).tag(weights="w"),
    "switch of rows": FlowBuilder().switch("argmax_selector", [ref("linear", 4, 4), "relu"], per="sample", dim=4),
    "loop": FlowBuilder().loop_body("linear", 4, 4).for_n(3).tag(states="every"),
    "loop of rows": FlowBuilder().loop_body("linear", 4, 4).while_cond(HALT, 3, per="sample"),
    "map of rows": FlowBuilder().map("linear", 4, 4).each(),
    "map of slices": FlowBuilder().map("linear", 2, 3).slices(2),
    "nested": FlowBuilder(FlowBuilder("linear", 4, 4).tag("hidden").through("gelu").label("encoder")).also("tanh"),
}
NESTED = "nested"
COMPILER = pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")


@pytest.fixture(autouse=True)
def nothing_compiled() -> None:
    """What one test compiled is of no use to the next."""
    torch.compiler.reset()


@pytest.fixture
def x(device: torch.device) -> Tensor:
    return torch.randn(3, 4, device=device)


@pytest.fixture(params=NETS)
def graph(request: pytest.FixtureRequest, device: torch.device) -> Graph:
    return NETS[request.param].build().to(device)


@pytest.fixture
def nested(device: torch.device) -> Graph:
    return NETS[NESTED].build().to(device)


def gradients(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Of a loss of the output, by parameter; what a gradient does not reach is left out."""
    module.zero_grad()
    module(x).square().sum().backward()
    return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}


def close(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value)


def test_torch_compile_fullgraph(graph: Graph, x: Tensor) -> None:
    """Traced without a break, forward and backward, on ahead-of-time autograd."""
    compiled = torch.compile(graph, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), graph(x))
    theirs = gradients(graph, x)
    graph.zero_grad()
    compiled(x).square().sum().backward()
    close({name: p.grad for name, p in graph.named_parameters() if p.grad is not None}, theirs)


def test_torch_compile_of_many_graphs(x: Tensor) -> None:
    """A dozen in one process: a compiler gives up after eight versions of one code, and these are none."""
    for number in range(12):
        flow = FlowBuilder("linear", 4, 4)
        for _ in range(number):
            flow = flow.through("tanh")
        graph = flow.build().to(x.device)
        compiled = torch.compile(graph, fullgraph=True, backend="eager")
        assert graph(x).equal(compiled(x))
        assert graph(x).equal(torch.compile(copy.deepcopy(graph), fullgraph=True, backend="eager")(x))


@COMPILER
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # inside inductor
def test_torch_compile_inductor(x: Tensor) -> None:
    """Compiled to kernels."""
    graph = FlowBuilder("linear", 4, 4).tag("a").also(NETS[NESTED]).merge("mul").using("a").build().to(x.device)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(graph, fullgraph=True)(x), graph(x))


def test_torch_compile_keeps_tagged_values(x: Tensor) -> None:
    """What a compiled call tagged can be read as after any other."""
    graph = NETS["skips"].build().to(x.device)
    torch.compile(graph, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(graph.tagged("b"), torch.tanh(graph.tagged("a")))


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # dynamo looks at the state, which has history
def test_torch_compile_carries_state(x: Tensor) -> None:
    """Three compiled calls leave to the next what three plain ones leave."""
    graph = FlowBuilder("linear", 4, 4).through("state_add").using("memory").tag("memory").build().to(x.device)
    plain = [graph(x) for _ in range(3)]
    graph.reset_state()
    compiled = torch.compile(graph, fullgraph=True, backend="aot_eager")
    for expected in plain:
        torch.testing.assert_close(compiled(x), expected)


def test_torch_export(graph: Graph, x: Tensor) -> None:
    """The exported program computes the same; parameters keep their names."""
    exported = torch.export.export(graph, (x,))
    torch.testing.assert_close(exported.module()(x), graph(x))
    assert set(exported.state_dict) == set(graph.state_dict())


@pytest.mark.parametrize("name", [*(name for name in NETS if not name.startswith("map")), "all at once"])
def test_torch_export_with_a_free_batch_size(name: str, x: Tensor) -> None:
    """No size of the batch is baked in; a map does not call its body so many times only where it is `batched`."""
    flow = NETS.get(name) or FlowBuilder().map("linear", 2, 3).batched().slices(2)
    graph, rows = flow.build().to(x.device), torch.export.Dim("rows", min=2)
    exported = torch.export.export(graph, (x,), dynamic_shapes=({0: rows},))
    more = torch.randn(7, 4, device=x.device)
    torch.testing.assert_close(exported.module()(more), graph(more))


@pytest.mark.skipif(importlib.util.find_spec("onnxscript") is None, reason="ONNX export needs onnxscript")
def test_onnx_export(graph: Graph, x: Tensor, tmp_path: Path) -> None:
    """The exported file computes the same, by ONNX's own reference."""
    from onnx import load
    from onnx.reference import ReferenceEvaluator

    file = tmp_path / "graph.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(graph.cpu().eval(), (x.cpu(),), file, dynamo=True, verbose=False)
    (output,) = ReferenceEvaluator(load(file)).run(None, {"x": x.cpu().numpy()})
    torch.testing.assert_close(torch.from_numpy(output), graph(x.cpu()).detach())


def test_functional_call_and_per_sample_gradients(nested: Graph, x: Tensor) -> None:
    """Parameters from outside, under `vmap` and `grad`: a gradient for each row."""
    state = {name: value.detach() for name, value in nested.named_parameters()}

    def loss(state: dict[str, Tensor], row: Tensor) -> Tensor:
        return torch.func.functional_call(nested, state, (row.unsqueeze(0),)).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(state, x)
    close({name: value.sum(0) for name, value in each.items()}, gradients(nested, x))


def test_an_ensemble_is_stacked(x: Tensor) -> None:
    """Each graph has a class of its own, and torch stacks modules of one: `nn.Sequential` is one."""
    members = [nn.Sequential(NETS[NESTED].build().to(x.device)) for _ in range(3)]
    parameters, buffers = torch.func.stack_module_state(members)
    empty = copy.deepcopy(members[0]).to("meta")

    def one(parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(empty, (parameters, buffers), (x,))

    made = torch.func.vmap(one)(parameters, buffers)
    torch.testing.assert_close(made, torch.stack([member(x) for member in members]))


def test_deepcopy(graph: Graph, x: Tensor) -> None:
    """A copy is independent, also after a call that left values with history."""
    expected = graph(x)
    twin = copy.deepcopy(graph)
    with torch.no_grad():
        for parameter in graph.parameters():
            parameter.zero_()
    torch.testing.assert_close(twin(x), expected)
    assert graph.code == twin.code


def test_pickle(graph: Graph, x: Tensor) -> None:
    """A pickled graph comes back whole: forward, code, words and hash."""
    graph(x)
    twin = pickle.loads(pickle.dumps(graph))
    torch.testing.assert_close(twin(x), graph(x))
    assert graph.code == twin.code
    assert graph.to_toml() == twin.to_toml()
    assert graph.hash == twin.hash


def test_state_dict_and_load_state_dict(graph: Graph, x: Tensor) -> None:
    """Weights move by torch's own names; a missing one is torch's own error."""
    twin = copy.deepcopy(graph)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1)
    twin.load_state_dict(graph.state_dict())
    torch.testing.assert_close(twin(x), graph(x))
    if graph.state_dict():
        with pytest.raises(RuntimeError, match="Missing key"):
            twin.load_state_dict({})


class LowRank(nn.Module):
    """An adapter around a frozen layer (Hu et al. 2021)."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, base.in_features, device=base.weight.device))
        self.up = nn.Parameter(torch.randn(base.out_features, rank, device=base.weight.device))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + x @ self.down.T @ self.up.T


@pytest.mark.parametrize("name", NETS)
def test_a_swap_in_the_style_of_lora(name: str, x: Tensor) -> None:
    """Every linear layer, wherever it is, wrapped in place: the wrapped ones run, and only adapters train."""
    graph = NETS[name].build().to(x.device)
    layers = {path: layer for path, layer in graph.named_modules() if isinstance(layer, nn.Linear)}
    called: set[str] = set()
    for path, layer in layers.items():
        parent, _, child = path.rpartition(".")
        adapter = LowRank(layer, 2)
        adapter.register_forward_hook(lambda *_, path=path: called.add(path))
        setattr(graph.get_submodule(parent), child, adapter)
    trained = {path.rpartition(".")[2] for path in gradients(graph, x)}
    assert layers.keys() == called
    assert {"down", "up"} == trained


def test_module_replacement_by_set_submodule(nested: Graph, x: Tensor) -> None:
    """Torch's own way to replace a part by its path."""
    nested.set_submodule("encoder.hidden", nn.Identity())
    encoded = torch.nn.functional.gelu(x)
    torch.testing.assert_close(nested(x), encoded + torch.tanh(encoded))


def test_hooks(nested: Graph, x: Tensor) -> None:
    """Hooks before and after forward and after backward fire on every part; what a hook returns is used."""
    seen: list[str] = []
    nested.encoder.register_forward_pre_hook(lambda module, inputs: seen.append("before"))
    nested.encoder.register_forward_hook(lambda module, inputs, output: seen.append("after") or output * 0)
    nested.encoder.hidden.register_full_backward_hook(lambda module, inputs, outputs: seen.append("backward"))
    nested(x.requires_grad_()).sum().backward()
    assert ["before", "after", "backward"] == seen
    assert torch.equal(nested(x), torch.zeros_like(x))


def test_parametrize(nested: Graph, x: Tensor) -> None:
    """A parametrized weight is what runs, through deepcopy too."""

    class Symmetric(nn.Module):
        def forward(self, weight: Tensor) -> Tensor:
            return weight.triu() + weight.triu(1).T

    parametrize.register_parametrization(nested.encoder.hidden, "weight", Symmetric())
    weight = nested.encoder.hidden.weight
    assert torch.equal(weight, weight.T)
    twin = copy.deepcopy(nested)
    assert torch.equal(twin(x), nested(x))
    assert {"encoder.hidden.bias", "encoder.hidden.parametrizations.weight.original"} == set(gradients(nested, x))


def test_weight_norm_and_spectral_norm(nested: Graph, x: Tensor) -> None:
    """Torch's own reparametrizations apply to parts."""
    plain = nested(x)
    torch.nn.utils.parametrizations.weight_norm(nested.encoder.hidden)
    torch.testing.assert_close(nested(x), plain)


def in_two_processes(graph: Graph, how: str, folder: Path) -> None:
    """Averaged over two processes, each with half of the batch, gradients are those of one with all of it."""
    x = torch.randn(6, 4)
    torch.save({"graph": graph, "x": x}, folder / "given.pt")
    context = torch.multiprocessing.start_processes(work, (str(folder), how), nprocs=2, join=False)
    assert context is not None
    deadline = time.monotonic() + 120
    while not context.join(timeout=1):
        assert time.monotonic() < deadline, "the two processes hang"
    graph.zero_grad()
    graph(x).square().mean().backward()
    close(torch.load(folder / "found.pt"), {name: p.grad for name, p in graph.named_parameters() if p.grad is not None})


DISTRIBUTED = pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()), reason="needs gloo"
)
TRAINED = FlowBuilder(NETS[NESTED]).gate("softmax_router", [ref("linear", 4, 4), "relu"], dim=4).tag(weights="w")


@DISTRIBUTED
def test_distributed_data_parallel(tmp_path: Path) -> None:
    """DDP over two processes gives the gradients of one."""
    in_two_processes(TRAINED.build(), "ddp", tmp_path)


@DISTRIBUTED
@pytest.mark.skipif(
    not hasattr(torch.cpu.Stream, "record_event"), reason="FSDP2 of an older torch needs a GPU's streams"
)
def test_fully_sharded_data_parallel(tmp_path: Path) -> None:
    """FSDP2 over a mesh of two processes gives the gradients of one."""
    in_two_processes(TRAINED.build(), "fsdp", tmp_path)


@pytest.mark.parametrize(
    "flow",
    [
        FlowBuilder().switch("argmax_selector", ["relu", "tanh"], dim=4),
        FlowBuilder().loop_body("tanh").while_cond(HALT, 3),
        FlowBuilder().loop_body("tanh").until_cond(HALT, 3, every=2),
    ],
)
def test_what_data_decide_is_not_exported(flow: FlowBuilder, x: Tensor) -> None:
    """Torch refuses; never is one branch, or one number of turns, baked in."""
    with pytest.raises(Exception, match=r"data-dependent|Could not guard|unbacked|builtin: bool"):
        torch.export.export(flow.build().to(x.device), (x,))
