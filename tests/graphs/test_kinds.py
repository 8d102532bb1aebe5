"""The kinds of network that people write, each beside the module they would write by hand: forward and gradients."""

from __future__ import annotations

import torch
from flodl import FlowBuilder, Graph, ref
from torch import Tensor, nn
from torch.nn import functional as F


def same(graph: Graph, theirs: nn.Module, *inputs: Tensor) -> None:
    """With the graph's weights in word order, the hand-written module gives the same numbers and gradients."""
    with torch.no_grad():
        for mine, other in zip(graph.parameters(), theirs.parameters(), strict=True):
            other.copy_(mine)
    results = []
    for module in (graph, theirs):
        leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
        outputs = module(*leaves)
        wanted = [*(leaf for leaf in leaves if leaf.requires_grad), *module.parameters()]
        results.append((outputs.detach(), *torch.autograd.grad(outputs.square().sum(), wanted, allow_unused=True)))
    for mine, other in zip(*results, strict=True):
        assert (mine is None) == (other is None)
        if mine is not None:
            torch.testing.assert_close(mine, other)


def test_mlp_by_names(device: torch.device) -> None:
    """A perceptron, every layer by name."""

    class Mlp(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.norm, self.two = nn.Linear(4, 16), nn.LayerNorm(16), nn.Linear(16, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.two(self.norm(F.gelu(self.one(x))))

    flow = FlowBuilder("linear", 4, 16).through("gelu").through("layer_norm", 16).through("linear", 16, 3)
    same(flow.build().to(device), Mlp().to(device), torch.randn(5, 4, device=device))


def test_residual_with_projection(device: torch.device) -> None:
    """A block whose skip changes the channels too."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
            self.skip = nn.Conv2d(3, 8, 1)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.skip(x) + self.two(F.relu(self.one(x))))

    body = FlowBuilder("conv2d", 3, 8, 3, padding=1).through("relu").through("conv2d", 8, 8, 3, padding=1)
    flow = FlowBuilder().also(body, skip=ref("conv2d", 3, 8, 1)).through("relu")
    same(flow.build().to(device), Block().to(device), torch.randn(2, 3, 6, 6, device=device))


def test_u_net_joins(device: torch.device) -> None:
    """Down, down, up, up, each level joined with the one of its size."""

    class Unet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.e1, self.e2 = nn.Conv1d(2, 4, 3, padding=1), nn.Conv1d(4, 8, 3, stride=2, padding=1)
            self.bottom = nn.Conv1d(8, 8, 3, stride=2, padding=1)
            self.u2, self.d2 = nn.ConvTranspose1d(8, 8, 2, stride=2), nn.Conv1d(16, 4, 3, padding=1)
            self.u1, self.d1 = nn.ConvTranspose1d(4, 4, 2, stride=2), nn.Conv1d(8, 2, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            e1 = F.relu(self.e1(x))
            e2 = F.relu(self.e2(e1))
            y = F.relu(self.bottom(e2))
            y = F.relu(self.d2(torch.cat([self.u2(y), e2], 1)))
            return self.d1(torch.cat([self.u1(y), e1], 1))

    flow = (
        FlowBuilder("conv1d", 2, 4, 3, padding=1).through("relu").tag("e1")
        .through("conv1d", 4, 8, 3, stride=2, padding=1).through("relu").tag("e2")
        .through("conv1d", 8, 8, 3, stride=2, padding=1).through("relu")
        .through("conv_transpose1d", 8, 8, 2, stride=2).merge("cat", dim=1).using("e2")
        .through("conv1d", 16, 4, 3, padding=1).through("relu")
        .through("conv_transpose1d", 4, 4, 2, stride=2).merge("cat", dim=1).using("e1")
        .through("conv1d", 8, 2, 3, padding=1)
    )  # fmt: skip
    same(flow.build("f32[B,2,16]").to(device), Unet().to(device), torch.randn(2, 2, 16, device=device))


def test_encoder_with_cross_attention(device: torch.device) -> None:
    """The decoder's stream looks at a second input."""

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.project = nn.Linear(6, 8)
            self.q, self.k, self.v, self.out = (nn.Linear(8, 8) for _ in range(4))
            self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 3)

        def forward(self, x: Tensor, memory: Tensor) -> Tensor:
            x = self.project(x)
            q, k, v = self.q(x), self.k(memory), self.v(memory)
            q, k, v = (t.reshape(*t.shape[:2], 2, 4).transpose(1, 2) for t in (q, k, v))
            weights = (q @ k.transpose(-2, -1) / 2).softmax(-1)
            return self.head(self.norm(x + self.out((weights @ v).transpose(1, 2).reshape(x.shape))))

    flow = (
        FlowBuilder().input("memory").through("linear", 6, 8)
        .also("multihead_attention", 8, 2).using(context="memory")
        .through("layer_norm", 8).through("linear", 8, 3)
    )  # fmt: skip
    graph = flow.build("f32[B,T,6]", memory="f32[B,S,8]").to(device)
    x, memory = torch.randn(2, 5, 6, device=device), torch.randn(2, 7, 8, device=device)
    same(graph, Attention().to(device), x, memory)


def test_mixture_of_experts(device: torch.device) -> None:
    """All experts, blended by a router that also sees the features from before."""

    class Mixture(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.router = nn.Linear(4, 8), nn.Linear(8, 3)
            self.experts = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

        def forward(self, x: Tensor) -> Tensor:
            h = self.first(x)
            y = torch.tanh(h)
            weights = (self.router(y + h)).softmax(-1)
            return sum(weights[:, i : i + 1] * expert(y) for i, expert in enumerate(self.experts))

    experts = [ref("linear", 8, 8)] * 3
    flow = FlowBuilder("linear", 4, 8).tag("h").through("tanh").gate("softmax_router", experts, dim=8).using("h")
    same(flow.build().to(device), Mixture().to(device), torch.randn(5, 4, device=device))


def test_halting_loop(device: torch.device) -> None:
    """Refine until a learned signal says stop."""

    class Refine(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.halt = nn.Linear(4, 4), nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            for turn in range(8):
                x = torch.tanh(self.body(x))
                if turn < 7 and bool((self.halt(x) > 0).all()):
                    break
            return x

    body = FlowBuilder("linear", 4, 4).through("tanh")
    flow = FlowBuilder().loop_body(body).until_cond("learned_halt", 8, dim=4)
    for _ in range(5):
        same(flow.build().to(device), Refine().to(device), torch.randn(2, 4, device=device))


def test_recurrent_controller(device: torch.device) -> None:
    """A cell whose state lives in the flow, over four steps of a sequence, gradients through time."""

    class Controller(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.head = nn.GRUCell(4, 8), nn.Linear(8, 2)

        def forward(self, xs: Tensor) -> Tensor:
            h, outputs = None, []
            for x in xs:
                h = self.cell(x, h)
                outputs.append(self.head(h))
            return torch.stack(outputs)

    class Unrolled(nn.Module):
        def __init__(self, graph: Graph) -> None:
            super().__init__()
            self.graph = graph

        def forward(self, xs: Tensor) -> Tensor:
            self.graph.reset_state()
            return torch.stack([self.graph(x) for x in xs])

    graph = FlowBuilder("gru_cell", 4, 8).using(hx="h").tag("h").through("linear", 8, 2).build().to(device)
    same(Unrolled(graph), Controller().to(device), torch.randn(4, 3, 4, device=device))  # type: ignore[arg-type]


def test_two_towers(device: torch.device) -> None:
    """Two encoders, two inputs, one similarity."""

    class Towers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image, self.text = nn.Linear(6, 4), nn.Linear(5, 4)

        def forward(self, image: Tensor, text: Tensor) -> Tensor:
            return F.normalize(torch.tanh(self.image(image))) @ F.normalize(torch.tanh(self.text(text))).T

    def similarity(b: Tensor, a: Tensor) -> Tensor:
        return F.normalize(a) @ F.normalize(b).T

    flow = (
        FlowBuilder().tag("image").input("text")
        .through("linear", 6, 4).through("tanh").tag("a")
        .at("text").through("linear", 5, 4).through("tanh").through(similarity).using("a")
    )  # fmt: skip
    graph = flow.build("f32[B,6]", text="f32[B,5]").to(device)
    same(graph, Towers().to(device), torch.randn(3, 6, device=device), torch.randn(3, 5, device=device))


def test_multi_head(device: torch.device) -> None:
    """A trunk and three heads of one kind, side by side; each head can be read by its name."""

    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = nn.Linear(4, 8)
            self.heads = nn.ModuleList(nn.Linear(8, size) for size in (2, 3, 1))

        def forward(self, x: Tensor) -> Tensor:
            h = F.relu(self.trunk(x))
            return torch.cat([head(h) for head in self.heads], 1)

    heads = [ref("linear", 8, size) for size in (2, 3, 1)]
    flow = FlowBuilder("linear", 4, 8).through("relu").split(*heads).tag_group("head").merge("cat", dim=1)
    graph = flow.build().to(device)
    x = torch.randn(5, 4, device=device)
    same(graph, Heads().to(device), x)
    whole = graph(x)
    assert torch.equal(whole, torch.cat([graph.tagged(f"head_{index}") for index in range(3)], 1))


def test_gan(device: torch.device) -> None:
    """Two graphs and two optimizers; one step of each as by hand."""

    def pair() -> tuple[nn.Module, nn.Module]:
        torch.manual_seed(3)
        generator = FlowBuilder("linear", 2, 8).through("relu").through("linear", 8, 4).label("generator").build()
        critic = FlowBuilder("linear", 4, 8).through("leaky_relu", 0.2).through("linear", 8, 1).label("critic").build()
        return generator.to(device), critic.to(device)

    def by_hand() -> tuple[nn.Module, nn.Module]:
        torch.manual_seed(3)
        generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4))
        critic = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        return generator.to(device), critic.to(device)

    z, real = torch.randn(6, 2, device=device), torch.randn(6, 4, device=device)
    trained = []
    for generator, critic in (pair(), by_hand()):
        of_generator = torch.optim.Adam(generator.parameters(), 1e-2)
        of_critic = torch.optim.Adam(critic.parameters(), 1e-2)
        for _ in range(3):
            of_critic.zero_grad()
            (F.softplus(-critic(real)).mean() + F.softplus(critic(generator(z).detach())).mean()).backward()
            of_critic.step()
            of_generator.zero_grad()
            F.softplus(-critic(generator(z))).mean().backward()
            of_generator.step()
        trained.append([*generator.parameters(), *critic.parameters()])
    for mine, other in zip(*trained, strict=True):
        torch.testing.assert_close(mine, other)


def test_nested_tree(device: torch.device) -> None:
    """Graphs in graphs in a graph; a part is frozen by its path, and stays still."""

    class Tree(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scan = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
            self.read, self.head = nn.Linear(8, 8), nn.Linear(8, 2)

        def forward(self, x: Tensor) -> Tensor:
            h = self.scan(x)
            return self.head(h + self.read(h))

    scan = FlowBuilder("linear", 4, 8).tag("hidden").through("tanh").label("scan")
    encoder = FlowBuilder(scan).also("linear", 8, 8).label("encoder")
    model = FlowBuilder(encoder).through("linear", 8, 2).tag("head").label("model").build().to(device)
    x = torch.randn(5, 4, device=device)
    same(model, Tree().to(device), x)
    assert "encoder.scan.hidden.weight" in dict(model.named_parameters())
    model.freeze("encoder.scan")
    model(x).sum().backward()
    assert model.get_parameter("encoder.scan.hidden.weight").grad is None
    assert model.get_parameter("encoder.linear_1.weight").grad is not None


def test_a_third_party_word(device: torch.device, highway: None) -> None:
    """A highway network by a word that a plugin brings (Srivastava et al. 2015)."""

    class Highway(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.gate = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            t = torch.sigmoid(self.gate(x))
            return t * self.body(x) + (1 - t) * x

    graph = FlowBuilder().word("highway", ref("linear", 4, 4), dim=4).build().to(device)
    same(graph, Highway().to(device), torch.randn(3, 4, device=device))
