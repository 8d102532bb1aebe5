"""The modules that torch lacks: against torch's own where one is the same, else against their formulas."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from flodl_core import ComponentError, ShapeError, components, ref
from flodl_nn import GaussianBlur
from torch import nn
from torch.nn import functional as F


def make(name, *args, **kwargs):
    torch.manual_seed(0)
    return components.create("module", ref(name, *args, **kwargs))


def random(*shape, seed=0, dtype=torch.float64, device="cpu"):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).to(device)


def torchs_attention(ours):
    """torch.nn.MultiheadAttention with the same weights, in evaluation mode."""
    theirs = nn.MultiheadAttention(ours.embed_dim, ours.num_heads, batch_first=True, dtype=torch.float64)
    state = {
        "in_proj_weight": torch.cat([ours.q_proj.weight, ours.k_proj.weight, ours.v_proj.weight]),
        "in_proj_bias": torch.cat([ours.q_proj.bias, ours.k_proj.bias, ours.v_proj.bias]),
        "out_proj.weight": ours.out_proj.weight,
        "out_proj.bias": ours.out_proj.bias,
    }
    theirs.load_state_dict({name: value.detach() for name, value in state.items()})
    return theirs


@pytest.mark.parametrize("case", ["self", "context", "mask", "padding", "added", "causal"])
def test_attention_is_torchs(case):
    """With the same weights; where torch blocks, ours lets the rest pass."""
    ours = make("multihead_attention", 8, 2, causal=case == "causal").double()
    theirs = torchs_attention(ours)
    x, context = random(3, 5, 8), random(3, 7, 8, seed=1)
    allowed = torch.rand(5, 5, generator=torch.Generator().manual_seed(2)) > 0.3
    allowed |= torch.eye(5, dtype=torch.bool)
    padding = torch.ones(3, 5, dtype=torch.bool)
    padding[1, 3:] = False
    added = random(5, 5, seed=3)
    mine, expected = {
        "self": lambda: (ours(x), theirs(x, x, x)),
        "context": lambda: (ours(x, context), theirs(x, context, context)),
        "mask": lambda: (ours(x, mask=allowed), theirs(x, x, x, attn_mask=~allowed)),
        "padding": lambda: (ours(x, mask=padding[:, None]), theirs(x, x, x, key_padding_mask=~padding)),
        "added": lambda: (ours(x, mask=added), theirs(x, x, x, attn_mask=added)),
        "causal": lambda: (ours(x), theirs(x, x, x, attn_mask=torch.ones(5, 5).triu(1).bool())),
    }[case]()
    torch.testing.assert_close(mine, expected[0])


def test_causal_and_a_mask_both_count():
    """Of either kind."""
    attention = make("multihead_attention", 8, 2, causal=True).double()
    plain = make("multihead_attention", 8, 2).double()
    plain.load_state_dict(attention.state_dict())
    x = random(2, 4, 8)
    seen = torch.ones(4, 4, dtype=torch.bool).tril()
    band = torch.ones(4, 4, dtype=torch.bool).triu(-1)
    torch.testing.assert_close(attention(x, mask=band), plain(x, mask=band & seen))
    bias = random(4, 4, seed=1)
    torch.testing.assert_close(attention(x, mask=bias), plain(x, mask=bias.masked_fill(~seen, -math.inf)))


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_grouped_queries_share_keys_and_values(groups):
    """The same as full attention whose heads have copies of their group's keys and values."""
    grouped = make("grouped_query_attention", 8, 4, groups).double()
    full = make("multihead_attention", 8, 4).double()
    with torch.no_grad():
        for name in ("q_proj", "out_proj"):
            getattr(full, name).load_state_dict(getattr(grouped, name).state_dict())
        for name in ("k_proj", "v_proj"):
            for part in ("weight", "bias"):
                heads = getattr(getattr(grouped, name), part).unflatten(0, (groups, 2))
                getattr(getattr(full, name), part).copy_(heads.repeat_interleave(4 // groups, 0).flatten(0, 1))
    x = random(3, 5, 8)
    torch.testing.assert_close(grouped(x), full(x))


def test_attention_takes_a_context_of_another_size():
    """And drops attention weights only while training."""
    attention = make("multihead_attention", 8, 2, context_dim=3, dropout=0.5)
    x, context = torch.randn(2, 4, 8), torch.randn(2, 6, 3)
    assert attention(x, context).shape == (2, 4, 8)
    assert not attention(x, context).equal(attention(x, context))
    attention.eval()
    assert attention(x, context).equal(attention(x, context))


def test_rotary_attention_looks_at_distances():
    """All tokens moved along together attend as before."""
    attention = make("multihead_attention", 8, 2, rotary=True, causal=True).double()
    x = random(1, 6, 8)
    padded = torch.cat([random(1, 3, 8, seed=1), x], 1)
    window = torch.zeros(9, 9, dtype=torch.bool)
    window[3:, 3:] = True
    window[:3, :3] = True
    torch.testing.assert_close(attention(padded, mask=window)[:, 3:], attention(x))


@pytest.mark.parametrize("interleaved", [False, True])
def test_rotation_is_multiplication_by_a_unit_number(interleaved):
    """Pairs as complex numbers, turned by place times frequency; lengths stay."""
    x = random(2, 3, 5, 6)
    pairs = torch.stack([x[..., 0::2], x[..., 1::2]], -1) if interleaved else torch.stack(x.chunk(2, -1), -1)
    angles = torch.arange(2, 7).double()[:, None] * 10_000.0 ** (-torch.arange(0, 6, 2).double() / 6)
    turned = torch.view_as_real(
        torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.ones_like(angles), angles)
    )
    expected = turned.flatten(-2) if interleaved else torch.cat(turned.unbind(-1), -1)
    ours = make("rotary_embedding", 6, interleaved=interleaved)(x, offset=2)
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.norm(dim=-1), x.norm(dim=-1), rtol=1e-6, atol=0)


@pytest.mark.parametrize(("name", "gate"), [("swiglu", F.silu), ("geglu", F.gelu), ("reglu", F.relu)])
def test_a_gated_block_is_its_formula(name, gate):
    """narrow(gate(x W) * (x V))."""
    block = make(name, 8, hidden=5, out=3, bias=True).double()
    x = random(4, 8)
    w, v = block.widen.weight.chunk(2)
    b, c = block.widen.bias.chunk(2)
    expected = F.linear(gate(x @ w.T + b) * (x @ v.T + c), block.narrow.weight, block.narrow.bias)
    torch.testing.assert_close(block(x), expected)
    assert make(name, 9).widen.weight.shape == (48, 9)


def test_places_are_added():
    """Learned ones from the start of the table; sines and cosines of the paper."""
    x = random(2, 5, 6)
    learned = make("learned_positions", 6, length=8).double()
    torch.testing.assert_close(learned(x), x + learned.weight[:5])
    table = torch.zeros(5, 6, dtype=torch.float64)
    for place in range(5):
        for pair in range(3):
            angle = place / 10_000 ** (2 * pair / 6)
            table[place, 2 * pair], table[place, 2 * pair + 1] = math.sin(angle), math.cos(angle)
    torch.testing.assert_close(make("sinusoidal_positions", 6)(x), x + table, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.4, 1.0, 2.3])
def test_a_blur_is_a_weighted_mean_of_neighbours(sigma):
    """The whole two-dimensional curve at once, in float64; the sum stays away from the border."""
    image = random(2, 3, 21, 21)
    radius = math.ceil(3 * sigma)
    line = torch.exp(-0.5 * (torch.arange(-radius, radius + 1).double() / sigma) ** 2)
    plane = torch.outer(line, line) / line.sum() ** 2
    expected = F.conv2d(image, plane.expand(3, 1, -1, -1), padding=radius, groups=3)
    torch.testing.assert_close(make("gaussian_blur", sigma).double()(image), expected, rtol=1e-5, atol=1e-6)


def test_a_blur_keeps_a_flat_image_flat_where_the_border_repeats():
    """With zeros around, the edge darkens."""
    flat = torch.ones(1, 1, 6, 6)
    torch.testing.assert_close(make("gaussian_blur", 1.0, border="replicate")(flat), flat)
    assert make("gaussian_blur", 1.0)(flat)[0, 0, 0, 0] < 0.6


def test_stochastic_depth_skips_samples_and_keeps_the_mean(device):
    """Whole samples, about p of them, the rest scaled; nothing in evaluation."""
    drop = make("stochastic_depth", 0.25)
    x = torch.ones(4000, 3, 2, device=device)
    out = drop(x)
    rows = out.flatten(1)
    assert ((rows == rows[:, :1]).all(1)).all()
    assert (out == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert out.mean().item() == pytest.approx(1.0, abs=0.04)
    assert drop.eval()(x) is x


def test_channels_are_scaled_normalized_and_weighed():
    """Layer scale along any dimension; the layer norm of pixels; unit vectors; squeeze and excite."""
    image = random(2, 4, 3, 3)
    scale = make("layer_scale", 4, 0.5, dim=1).double()
    torch.testing.assert_close(scale(image), image * 0.5)
    norm = make("layer_norm2d", 4).double()
    torch.testing.assert_close(norm(image), F.layer_norm(image.permute(0, 2, 3, 1), (4,), eps=1e-6).permute(0, 3, 1, 2))
    torch.testing.assert_close(make("l2_normalize")(image[0, 0]).norm(dim=-1), torch.ones(3, dtype=torch.float64))
    block = make("squeeze_excite", 4, reduction=2).double()
    weights = torch.sigmoid(block.excite(torch.relu(block.squeeze(image.mean((2, 3))))))
    torch.testing.assert_close(block(image), image * weights[:, :, None, None])


def test_patches_are_tokens_row_by_row():
    """Each patch times the filters."""
    cut = make("patch_embedding", 2, 5, patch=2).double()
    image = random(3, 2, 4, 6)
    patch = image[:, :, 2:4, 4:6].flatten(1)  # the last one
    expected = F.linear(patch, cut.project.weight.flatten(1), cut.project.bias)
    torch.testing.assert_close(cut(image)[:, -1], expected)
    assert cut(image).shape == (3, 6, 5)


def test_shapes_and_orders_take_numbers_or_a_sequence():
    """Both spellings."""
    x = torch.arange(12.0).reshape(2, 6)
    assert make("reshape", -1, 3)(x).equal(make("reshape", [-1, 3])(x))
    assert make("permute", 1, 0)(x).equal(x.T)
    assert make("permute", (-1, 0))(x).equal(x.T)
    assert make("reshape", torch.Size([3, 4]))(x).equal(x.reshape(3, 4))


OWN = [c for c in components.list("module") if c.spec.target.startswith("flodl_nn.")]
FLOATING = [c for c in OWN if all(text.startswith("f32") for text in c.spec.example.inputs)]


def built(component):
    return components.create(
        "module", ref(component.qualified, *component.spec.example.args, **component.spec.example.kwargs)
    )


@pytest.mark.parametrize("component", [c for c in FLOATING if c.name != "stochastic_depth"], ids=lambda c: c.name)
def test_gradients_are_those_of_finite_differences(component, device):
    """In float64, for inputs and parameters."""
    torch.manual_seed(0)
    module = built(component).double().to(device)
    inputs = []
    for text in component.spec.example.inputs:
        shape = [int(size) for size in text[4:-1].split(",")]
        inputs.append(torch.randn(shape, dtype=torch.float64, device=device, requires_grad=True))
    names = [name for name, _ in module.named_parameters()]

    def call(*given):
        values = dict(zip(names, given[len(inputs) :], strict=True))
        return torch.func.functional_call(module, values, given[: len(inputs)])

    leaves = [p.detach().clone().requires_grad_() for p in module.parameters()]
    assert torch.autograd.gradcheck(call, [*inputs, *leaves], fast_mode=True)


@pytest.mark.parametrize("component", OWN, ids=lambda c: c.name)
def test_a_copy_a_state_and_a_cast_are_the_module(component):
    """deepcopy and state_dict give the same result; a half-precision copy gives half precision."""
    torch.manual_seed(0)
    module = built(component).eval()
    inputs = [torch.randn([int(size) for size in text[4:-1].split(",")]) for text in component.spec.example.inputs]
    expected = module(*inputs)
    assert expected.equal(copy.deepcopy(module)(*inputs))
    other = built(component).eval()
    other.load_state_dict(module.state_dict())
    assert expected.equal(other(*inputs))
    half = module.to(torch.bfloat16)(*[x.to(torch.bfloat16) for x in inputs])
    assert half.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("make_it", "error", "message"),
    [
        (lambda: make("multihead_attention", 8, 3), ComponentError, "num_heads must divide embed_dim, got 3 and 8"),
        (lambda: make("grouped_query_attention", 8, 4, 3), ComponentError, "groups must divide num_heads, got 3 and 4"),
        (lambda: make("multihead_attention", 8, 2)(torch.ones(5, 8)), ShapeError, r"takes \[batch, tokens, 8\]"),
        (lambda: make("multihead_attention", 8, 2)(torch.ones(1, 2, 8), mask=torch.ones(2)), ShapeError, "a mask is"),
        (lambda: make("rotary_embedding", 3), ComponentError, "dim is even, got 3"),
        (lambda: make("rotary_embedding", 4)(torch.ones(2, 6)), ShapeError, r"\[..., tokens, 4\], got \[2, 6\]"),
        (lambda: make("sinusoidal_positions", 3), ComponentError, "dim is even, got 3"),
        (lambda: make("learned_positions", 4, 2)(torch.ones(1, 3, 4)), ShapeError, "up to 2 tokens, 4"),
        (lambda: make("gaussian_blur", 0.0), ComponentError, "sigma is a width in pixels, > 0, got 0.0"),
        (lambda: make("gaussian_blur", 1.0, "wrap"), ComponentError, "'border' is 'zeros' or 'reflect' or 'replicate'"),
        (lambda: GaussianBlur(1.0, "wrap"), ComponentError, "border is 'zeros', 'reflect' or 'replicate'"),
        (lambda: make("gaussian_blur", 1.0)(torch.ones(3, 3)), ShapeError, r"\[batch, channels, height, width\]"),
        (lambda: make("stochastic_depth", 1.0), ComponentError, "p is a probability below 1, got 1.0"),
        (lambda: make("patch_embedding", 1, 2, 4)(torch.ones(1, 1, 6, 8)), ShapeError, "4 x 4 patches"),
        (lambda: make("swiglu", 0), ComponentError, "sizes are at least 1, got dim=0"),
        (lambda: make("squeeze_excite", 4, 0), ComponentError, "channels and reduction are at least 1, got 4 and 0"),
        (lambda: make("layer_scale", 0), ComponentError, "size is at least 1, got 0"),
        (lambda: make("layer_scale", 8, dim=5)(torch.ones(2, 8)), ShapeError, r"in dimension 5, got \[2, 8\]"),
        (lambda: make("layer_scale", 8, dim=-3)(torch.ones(2, 8)), ShapeError, r"in dimension -3, got \[2, 8\]"),
        (lambda: make("layer_scale", 8)(torch.ones(2, 1)), ShapeError, r"8 channels are to be in dimension -1"),
        (lambda: make("layer_norm2d", 0), ComponentError, "channels is at least 1, got 0"),
        (
            lambda: make("gaussian_blur", 1.0)(torch.ones(1, 1, 9, 9).long()),
            ShapeError,
            r"floating images.*\n.*float",
        ),
        (lambda: make("gaussian_blur", 1.0, "reflect")(torch.ones(1, 1, 3, 9)), ShapeError, "reaches 3 pixels"),
        (lambda: make("reshape"), ComponentError, r"one of them -1 at most, got \(\)"),
        (lambda: make("reshape", -1, -1), ComponentError, r"one of them -1 at most, got \(-1, -1\)"),
        (lambda: make("reshape", 2.0, 4), ComponentError, r"whole numbers are due, got \(2.0, 4\)"),
        (lambda: make("permute", 0, 0, 1), ComponentError, r"each dimension once, got \(0, 0, 1\)"),
        (lambda: make("permute", 0, 3, 1), ComponentError, r"each dimension once, got \(0, 3, 1\)"),
        (lambda: make("permute", "021"), ComponentError, r"whole numbers are due, got \('021',\)"),
        (lambda: make("rotary_embedding", 4, 0.0), ComponentError, "base is a number > 0, got 0.0"),
        (lambda: make("sinusoidal_positions", 4, math.nan), ComponentError, "base is a number > 0, got nan"),
        (lambda: make("multihead_attention", 8, 2, dropout=1.5), ComponentError, "a probability below 1, got 1.5"),
        (lambda: make("multihead_attention", 8, 2, context_dim=0), ComponentError, "context_dim is at least 1, got 0"),
        (
            lambda: make("multihead_attention", 8, 2, causal=True)(torch.ones(1, 2, 8), mask=torch.ones(2, 2).long()),
            ShapeError,
            r"boolean or floating, got torch.int64\n  try: mask.bool\(\)",
        ),
    ],
)
def test_wrong_sizes_are_named(make_it, error, message):
    """In our words, not a kernel's."""
    with pytest.raises(error, match=message):
        make_it()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", [None, "boolean", "added"])
def test_attention_weights_on_demand(causal, kind, device):
    """Asked for its weights, attention gives the same output as the fused kernel, and weights that make it."""
    attention = make("grouped_query_attention", 8, 4, groups=2, causal=causal).to(device)
    x = torch.randn(2, 5, 8, device=device)
    allowed = torch.rand(2, 5, 5, device=device) > 0.3
    allowed |= torch.eye(5, dtype=torch.bool, device=device)
    mask = {None: None, "boolean": allowed, "added": torch.randn(2, 5, 5, device=device)}[kind]
    output, weights = attention(x, mask=mask, wanted=("weights",))
    torch.testing.assert_close(attention(x, mask=mask), output)
    assert weights.shape == (2, 4, 5, 5)
    torch.testing.assert_close(torch.ones(2, 4, 5, device=device), weights.sum(-1))


@pytest.mark.parametrize("wanted", [(), ("weights",)])
@pytest.mark.parametrize("tokens", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("added", [torch.float32, torch.bfloat16, torch.float64])
def test_an_added_mask_may_be_of_another_type(tokens, added, wanted, device):
    """Whichever way the attention is computed; the output is of the tokens' type."""
    attention = make("multihead_attention", 8, 2).to(device, tokens)
    x, mask = random(2, 5, 8, dtype=tokens, device=device), random(5, 5, seed=1, device=device).bfloat16()
    result = attention(x, mask=mask.to(added), wanted=wanted)
    output = result[0] if wanted else result
    assert output.dtype == tokens
    expected = attention(x, mask=mask.to(tokens))
    torch.testing.assert_close(output, expected, rtol=0, atol=2e-2 if tokens is torch.bfloat16 else 1e-5)


@pytest.mark.parametrize("kind", ["boolean", "added"])
def test_a_token_that_may_attend_to_nothing_is_zero_either_way(kind, device):
    """Asked for its weights or not: the same output, no NaN in it, in the weights or in the gradients."""
    attention = make("multihead_attention", 8, 2).to(device)
    x = torch.randn(1, 3, 8, device=device, requires_grad=True)
    allowed = torch.tensor([[False, False, False], [True, False, True], [True, True, True]], device=device)
    mask = allowed if kind == "boolean" else torch.zeros(3, 3, device=device).masked_fill(~allowed, -math.inf)
    output, weights = attention(x, mask=mask, wanted=("weights",))
    torch.testing.assert_close(attention(x, mask=mask), output)
    torch.testing.assert_close(attention.out_proj.bias, output[0, 0])
    assert weights[:, :, 0].eq(0.0).all()
    output.sum().backward()
    assert all(p.grad.isfinite().all() for p in (x, *attention.parameters()))
