"""What floDl 0.2.2 does wrong or cannot do in modules, losses, optimizers, schedules and tensors, done right here.

The numbers are those of the list of its weak spots. Each test says in its words what floDl does.
"""

from __future__ import annotations

import math

import pytest
import torch
from flodl_core import CheckpointError, ComponentError, TrainingError, components, ref
from flodl_core.autograd import clip_grad_norm, clip_grad_value
from flodl_core.errors import ShapeError
from flodl_core.tensor import pick_dtype
from flodl_nn import EMA, Sampler, TrainStep, cast_parameters, cosine, initialize, plateau, step_decay, warmup
from flodl_nn.schedules.plateau import PlateauState
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode


def made(kind: str, name: str, *args, **kwargs):
    return components.create(kind, ref(name, *args, **kwargs))


class HostReads(TorchDispatchMode):
    """Counts how often a value of the device is read by the host."""

    count = 0

    def __torch_dispatch__(self, function, kinds, args=(), kwargs=None):
        self.count += function.overloadpacket is torch.ops.aten._local_scalar_dense
        return function(*args, **(kwargs or {}))


def test_28_state_files_have_no_names_and_some_optimizers_cannot_be_saved(device):
    """Ours are by parameter name, for all of them, with betas, schedule position and epoch."""
    for name in ("adagrad", "radam", "nadam"):
        model = nn.Linear(2, 2).to(device)
        step = TrainStep(model, loss="mse", optimizer=name, schedule=cosine(10))
        step(torch.rand(4, 2, device=device), torch.rand(4, 2, device=device))
        state = step.state_dict()
        assert ["bias", "weight"] == sorted(state["optimizer"]["state"])
        assert 1 == state["steps"]
        with pytest.raises(CheckpointError, match="trains with SGD"):
            TrainStep(model, loss="mse", optimizer="sgd").load_state_dict(state)


@pytest.mark.parametrize("dtype", ["f16", "bf16", "i32", "i64", "f64"])
def test_34_item_copies_raw_bytes_instead_of_casting(dtype, device):
    """A number is a number, whatever it is made of."""
    assert 3 == torch.tensor(3, dtype=pick_dtype(dtype), device=device).item()


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_35_old_weights_are_used_after_a_load_a_cast_or_new_data(name, device):
    """The recurrent layers see every change at the next call."""
    x = torch.rand(5, 2, 4, device=device)
    torch.manual_seed(0)
    layer, other = made("module", name, 4, 6).to(device), made("module", name, 4, 6).to(device)
    layer(x)
    layer.load_state_dict(other.state_dict())
    assert other(x)[0].equal(layer(x)[0])
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.data = torch.zeros_like(parameter)
    assert 0.0 == layer(x)[0].abs().max().item()
    cast_parameters(layer, torch.float64)
    assert torch.float64 == layer(x.double())[0].dtype


@pytest.mark.parametrize("name", ["gru", "lstm", "gru_cell", "lstm_cell"])
def test_36_the_first_state_is_float32_so_half_models_fail(name, device):
    """It has the type of the input."""
    layer = made("module", name, 4, 6).to(device, torch.bfloat16)
    x = torch.rand(*((2, 4) if name.endswith("cell") else (5, 2, 4)), device=device, dtype=torch.bfloat16)
    result = layer(x)
    assert torch.bfloat16 == (result[0] if isinstance(result, tuple) else result).dtype


def test_37_a_triplet_at_zero_distance_has_nan_gradients(device):
    """They are finite."""
    anchor = torch.ones(2, 3, device=device, requires_grad=True)
    made("loss", "triplet_margin")(anchor, anchor.detach().clone(), torch.zeros(2, 3, device=device)).backward()
    assert anchor.grad.isfinite().all()


def test_38_losses_have_no_reduction_weight_smoothing_or_ignored_class(device):
    """Cross entropy has all, over images too; losses keep half and double precision."""
    logits, target = torch.randn(2, 3, 4, 4, device=device), torch.randint(0, 3, (2, 4, 4), device=device)
    options = {"weight": [1.0, 2.0, 3.0], "ignore_index": 1, "label_smoothing": 0.1}
    loss = made("loss", "cross_entropy", reduction="none", **options).to(device)
    assert target.shape == loss(logits, target).shape
    for name in ("mse", "l1", "smooth_l1", "hinge_embedding"):
        for dtype in (torch.float64, torch.bfloat16):
            x, y = torch.rand(4, 3, device=device, dtype=dtype), torch.ones(4, 3, device=device, dtype=dtype)
            assert (dtype, (4, 3)) == (made("loss", name, reduction="none")(x, y).dtype, (4, 3))


def test_39_a_batch_of_one_image_is_refused_and_batches_are_not_counted(device):
    """One image has many pixels; the counter counts; eps and momentum are arguments."""
    norm = made("module", "batch_norm2d", 3, eps=1e-3, momentum=0.5).to(device)
    norm(torch.rand(1, 3, 4, 4, device=device))
    assert (1, 1e-3, 0.5) == (int(norm.num_batches_tracked), norm.eps, norm.momentum)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        made("module", "batch_norm1d", 3)(torch.rand(1, 3))


@pytest.mark.parametrize("name", ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"])
def test_40_transposed_convolutions_start_unlike_pytorch(name):
    """They are PyTorch's: bounds by the fan-in of the weight as it lies."""
    layer = made("module", name, 8, 4, 3)
    fan_in = layer.weight[0].numel()
    assert pytest.approx(1 / math.sqrt(fan_in), rel=0.1) == layer.weight.abs().max().item()


def test_41_a_truncated_normal_is_clamped_and_bad_shapes_panic(device):
    """Nothing lies at the borders; a shape that cannot be filled is an error in words."""
    values = made("initializer", "trunc_normal", low=-0.5, high=0.5)(torch.empty(5000, device=device))
    assert (values.abs() > 0.4999).float().mean().item() < 0.01
    model = nn.Sequential(nn.Linear(4, 4))
    with pytest.raises(ComponentError, match="orthogonal"):
        initialize(model, {"0.bias": "orthogonal"})


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("layer_norm", (4,), {"eps": 1e-3, "bias": False}),
        ("rms_norm", (4,), {"eps": 1e-3}),
        ("group_norm", (2, 4), {"eps": 1e-3, "affine": False}),
        ("conv2d", (3, 4, (3, 5)), {"bias": False, "device": "meta"}),
        ("max_pool2d", ((2, 3),), {"stride": (1, 2)}),
        ("embedding", (5, 4), {"padding_idx": 0, "device": "meta"}),
    ],
)
def test_42_constructors_lack_eps_bias_device_or_rectangles(name, args, kwargs):
    """All of PyTorch's arguments are there."""
    layer = made("module", name, *args, **kwargs)
    assert all(getattr(layer, key) == value for key, value in kwargs.items() if key in ("eps", "stride", "padding_idx"))
    assert all(p.device.type == kwargs.get("device", "cpu") for p in layer.parameters())


def test_43_attention_has_no_dropout_bias_cross_attention_or_padding_mask(device):
    """It has; fused, with context of another size and masks per sample."""
    layer = made("module", "multihead_attention", 8, 2, dropout=0.1, bias=False, context_dim=6).to(device).eval()
    x, context = torch.rand(2, 5, 8, device=device), torch.rand(2, 7, 6, device=device)
    padding = torch.ones(2, 1, 7, dtype=torch.bool, device=device)
    padding[1, :, 4:] = False
    result = layer(x, context=context, mask=padding)
    context[1, 4:] = 100.0
    torch.testing.assert_close(result, layer(x, context=context, mask=padding))
    assert layer.q_proj.bias is None


@pytest.mark.parametrize(("name", "inputs", "outputs"), [("bilinear", 2, 0), ("lstm_cell", 1, 2), ("lstm", 1, 2)])
def test_44_what_has_two_inputs_needs_a_wrapper_in_a_flow(name, inputs, outputs):
    """Its inputs and outputs have names, which a flow uses."""
    component = components.find("module", name)
    assert inputs == len(component.spec.example.inputs)
    assert outputs == len(component.spec.outputs)


def test_45_a_blur_has_no_gradient_and_a_bad_sigma_panics(device):
    """Gradients flow; a bad width is an error."""
    image = torch.rand(1, 1, 5, 5, device=device, requires_grad=True)
    made("module", "gaussian_blur", 1.0).to(device)(image).sum().backward()
    assert image.grad.abs().sum().item() > 0
    with pytest.raises(ComponentError, match="sigma is a width in pixels, > 0, got 0"):
        made("module", "gaussian_blur", 0.0)


def test_46_indices_that_are_no_integers_go_through_the_host(device):
    """int32 and int64 are looked up on the device; floats are refused, not rounded."""
    table = made("module", "embedding", 5, 4).to(device)
    index = torch.tensor([1, 3], device=device)
    with HostReads() as reads:
        assert table(index).equal(table(index.int()))
    assert reads.count <= 1  # the comparison of this test alone
    with pytest.raises(RuntimeError):
        table(index.float())


def test_47_a_scheduler_flattens_the_rates_of_groups(device):
    """It multiplies each group's own rate: ratios stay."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1), groups={"0": 0.01}, schedule=step_decay(1, 0.5))
    for _ in range(3):
        step(torch.rand(4, 2, device=device), torch.rand(4, 2, device=device))
    assert [pytest.approx(0.0025), pytest.approx(0.025)] == [g["lr"] for g in step.optimizer.param_groups]


def test_48_optimizers_lack_decay_nesterov_amsgrad_groups_and_exclusions(device):
    """All options of torch, groups for every optimizer, biases and norms excluded by a glob."""
    weights = [nn.Parameter(torch.ones(2, device=device))]
    components.create("optimizer", ref("sgd", lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1), weights)
    components.create("optimizer", ref("adam", amsgrad=True, maximize=True), weights)
    model = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)).to(device)
    for name in ("sgd", "adam", "adamw", "rmsprop", "adagrad", "radam", "nadam"):
        rules = {"*": {"weight_decay": 0.1}, "*.bias": {"weight_decay": 0.0}, "1": {"weight_decay": 0.0}}
        step = TrainStep(model, loss="mse", optimizer=name, groups=rules)
        assert [1, 3] == sorted(len(group["params"]) for group in step.optimizer.param_groups)


def test_49_one_step_counter_for_all_corrects_late_parameters_wrongly(device):
    """Each parameter counts its own steps: the first step of a late one is a whole rate."""
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)).to(device)
    model[1].requires_grad_(False)
    step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=0.01))
    x = torch.rand(4, 2, device=device)
    for _ in range(20):
        step(x, x)
    model[1].requires_grad_(True)
    before = model[1].weight.detach().clone()
    step(x, x)
    torch.testing.assert_close((model[1].weight - before).abs(), torch.full_like(before, 0.01), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adagrad", "radam", "nadam"])
def test_50_most_optimizers_loop_over_tensors(name, device):
    """All parameters go through one call per operation, if asked; on the GPU unasked."""
    weights = [nn.Parameter(torch.ones(3, device=device)) for _ in range(20)]
    optimizer = components.create("optimizer", ref(name, lr=0.01, foreach=True), weights)
    for weight in weights:
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    assert all(weights[0].equal(weight) for weight in weights)


def test_51_clipping_and_scaling_wait_for_the_device_once_per_parameter(device):
    """Clipping reads nothing back, and neither does a step."""
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(5))).to(device)
    step = TrainStep(model, loss="mse", optimizer="adam", clip_norm=1.0)
    x = torch.rand(4, 2, device=device)
    step(x, x)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    with HostReads() as reads:
        clip_grad_norm(model, 1.0)
        clip_grad_value(model, 0.5)
    assert 0 == reads.count


def test_52_clipping_sees_scaled_gradients_and_bad_casts_pass_in_silence(device):
    """fp16 unscales first, so the same bound bites alike; a parameter that cannot be cast is an error."""
    norms = []
    for precision in ("fp32", "fp16"):
        torch.manual_seed(0)
        model = nn.Linear(2, 1, bias=False).to(device)
        optimizer = ref("sgd", lr=1.0)
        step = TrainStep(model, loss="mse", optimizer=optimizer, precision=precision, clip_norm=0.01)
        before = model.weight.detach().clone()
        step(torch.ones(4, 2, device=device), torch.full((4, 1), 0.3, device=device))
        norms.append((model.weight - before).norm().item())
    assert pytest.approx([0.01, 0.01], rel=1e-2) == norms
    whole = nn.ParameterList([nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False)])
    with pytest.raises(TrainingError, match=r"is torch\.int64 and cannot become torch\.float16"):
        cast_parameters(whole, torch.float16)


def test_53_the_rate_of_a_step_is_not_frozen_in(device):
    """A schedule, and a rate that somebody sets, take effect at the next step."""
    model = nn.Linear(1, 1, bias=False).to(device)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.0))
    x = torch.ones(1, 1, device=device)
    step(x, x + 1)
    step.optimizer.param_groups[0]["lr"] = 0.5
    before = model.weight.item()
    step(x, x + 1)
    assert before != model.weight.item()


@pytest.mark.parametrize("make", [lambda: step_decay(0), lambda: cosine(0), lambda: warmup(-1)])
def test_54_a_length_of_0_divides_by_0_and_a_plateau_stands_apart(make):
    """Lengths are checked; a plateau is a schedule like any other, with cooldown, threshold and a saved state."""
    with pytest.raises(TrainingError):
        make()
    both = warmup(5).then(plateau("loss", patience=1, threshold=0.01, cooldown=2, gamma=0.5))
    assert 0.2 == both.factor(0)
    assert PlateauState() == PlateauState(scale=1.0)


def test_55_a_backward_destroys_the_graph(device):
    """It may be kept, and differentiated again."""
    layer, x = nn.Linear(2, 2).to(device), torch.rand(3, 2, device=device, requires_grad=True)
    loss = made("loss", "mse")(layer(x).tanh(), x.detach())
    (slope,) = torch.autograd.grad(loss, x, create_graph=True)
    slope.pow(2).sum().backward(retain_graph=True)
    loss.backward()
    assert layer.weight.grad.isfinite().all()


def test_56_masks_are_floats_and_misuse_panics(device):
    """Masks are boolean, bytes are bytes, and what cannot be made says why."""
    x = torch.tensor([1.0, 2.0], device=device)
    assert torch.bool == made("op", "gt", other=1.5)(x).dtype
    assert torch.uint8 == made("op", "to", dtype="u8")(x).dtype
    with pytest.raises(ComponentError):
        made("module", "multihead_attention", 7, 2)
    with pytest.raises(ComponentError):
        made("module", "lstm", 4, 6, num_layers=0)
    with pytest.raises(ShapeError):
        made("module", "multihead_attention", 8, 2)(torch.rand(2, 8))


def test_57_unique_merges_neighbours_only_and_ops_lack_gradients(device):
    """Each value once, sorted or not; what floDl has on tensors alone differentiates here."""
    values = torch.tensor([2, 1, 2, 1], device=device)
    assert [1, 2] == sorted(made("op", "unique", sorted=False)(values).tolist())
    for name in ("tan", "asin", "erf", "lerp", "addmm", "cumprod", "cdist", "where", "scatter", "index_add", "flip"):
        assert components.find("op", name).spec.differentiable


def test_58_there_is_no_data_pipeline():
    """A seeded sampler that resumes in the middle, and data sets by name."""
    data = torch.utils.data.TensorDataset(torch.arange(10))
    sampler, again = Sampler(data, 4, seed=1), Sampler(data, 4, seed=1)
    batches = iter(sampler)
    next(batches)
    again.load_state_dict(sampler.state_dict())
    assert [list(batch) for batch in batches] == [list(batch) for batch in again]
    assert components.find("dataset", "csv").load()


def test_an_average_of_weights_is_kept(device):
    """What floDl has none of: an exponential moving average."""
    model = nn.Linear(2, 2).to(device)
    average = EMA(model, decay=0.5)
    with torch.no_grad():
        model.weight.add_(1.0)
    average.update()
    assert not any(value.equal(model.weight) for value in average.state_dict().values() if torch.is_tensor(value))
