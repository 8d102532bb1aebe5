"""The ten models in flodl's words."""

from __future__ import annotations

from flodl_graph import FlowBuilder, Graph

from flodl_bench.models.plain import UnrolledGRU
from flodl_bench.models.size import Size


def block(dim: int, out: int) -> FlowBuilder:
    """Linear, GELU, LayerNorm."""
    return FlowBuilder("linear", dim, out).through("gelu").through("layer_norm", out)


def mlp(size: Size) -> Graph:
    """Four wide blocks."""
    wide = size.of(2048)
    flow = FlowBuilder(block(size.of(1024), wide))
    for _ in range(3):
        flow = flow.through(block(wide, wide))
    return flow.through("linear", wide, size.of(1024)).label("mlp").build()


def convnet(size: Size) -> Graph:
    """Four stages of convolution, and a classifier."""
    flow, before = FlowBuilder(), 3
    for width in map(size.of, (64, 128, 256, 512)):
        flow = flow.through("conv2d", before, width, 3, padding=1).through("batch_norm2d", width)
        flow = flow.through("relu").through("max_pool2d", 2)
        before = width
    return (
        flow.through("conv2d", before, before, 3, padding=1).through("batch_norm2d", before).through("relu")
        .through("adaptive_avg_pool2d", 1).through("flatten").through("linear", before, 100)
        .label("convnet").build()
    )  # fmt: skip


def gru_seq(size: Size) -> Graph:
    """A GRU cell unrolled over 50 positions, a module written by hand; and a head on the last state."""
    cell = UnrolledGRU(size.of(256), size.of(512))
    return FlowBuilder(cell).through("linear", size.of(512), size.of(256)).label("gru_seq").build()


def transformer(size: Size) -> Graph:
    """Four layers over 128 tokens of 8192 kinds."""
    dim, kinds = size.of(512), size.of(8192)
    feed = FlowBuilder("linear", dim, 4 * dim).through("gelu").through("linear", 4 * dim, dim)
    layer = (
        FlowBuilder()
        .also("multihead_attention", dim, 8).through("layer_norm", dim)
        .also(feed).through("layer_norm", dim)
    )  # fmt: skip
    flow = FlowBuilder("embedding", kinds, dim).through("learned_positions", dim, size.of(128))
    for _ in range(4):
        flow = flow.through(layer)
    return flow.through("linear", dim, kinds).through("flatten", 0, 1).label("transformer").build()


def lstm_seq(size: Size) -> Graph:
    """Two layers of LSTM, and a head on the last position."""
    return (
        FlowBuilder("lstm", size.of(256), size.of(512), num_layers=2, batch_first=True)
        .through("op:select", 1, -1).through("linear", size.of(512), size.of(256))
        .label("lstm_seq").build()
    )  # fmt: skip


def conv_autoenc(size: Size) -> Graph:
    """Four convolutions down, four up."""
    flow = FlowBuilder()
    widths = [size.of(width) for width in (64, 128, 256, 512)]
    for before, width in zip([3, *widths], widths, strict=False):
        flow = flow.through("conv2d", before, width, 4, 2, 1).through("batch_norm2d", width).through("relu")
    for before, width in zip(widths[::-1], widths[-2::-1], strict=False):
        flow = flow.through("conv_transpose2d", before, width, 4, 2, 1).through("batch_norm2d", width).through("relu")
    return flow.through("conv_transpose2d", widths[0], 3, 4, 2, 1).through("tanh").label("conv_autoenc").build()


def residual_tower(size: Size) -> Graph:
    """Twelve residual blocks."""
    dim = size.of(1024)
    flow = FlowBuilder("linear", dim, dim)
    for _ in range(12):
        flow = flow.also(block(dim, dim))
    return flow.through("linear", dim, dim).label("residual_tower").build()


def gated_routing(size: Size) -> Graph:
    """Eight experts behind a router."""
    dim = size.of(512)
    return (
        FlowBuilder("linear", dim, dim).through("gelu")
        .gate("softmax_router", [block(dim, dim)] * 8, dim=dim)
        .through("linear", dim, dim)
        .label("gated_routing").build()
    )  # fmt: skip


def iterative_refine(size: Size) -> Graph:
    """One residual block, eight times."""
    return _refined(size.of(1024), 8).label("iterative_refine").build()


def feedback_fixed(size: Size) -> Graph:
    """One residual block, ten times."""
    return _refined(size.of(512), 10).label("feedback_fixed").build()


def _refined(dim: int, times: int) -> FlowBuilder:
    refine = FlowBuilder().also(block(dim, dim))
    return FlowBuilder(block(dim, dim)).loop_body(refine).for_n(times).through("linear", dim, dim)
