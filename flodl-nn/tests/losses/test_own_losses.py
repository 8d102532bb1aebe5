"""The losses that torch lacks: against float64 numpy, or torch where a setting makes them the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from flodl_core import ComponentError, ShapeError, components, ref
from torch.nn import functional as F


def make(name, *args, **kwargs):
    return components.create("loss", ref(name, *args, **kwargs))


def random(*shape, seed=0, device="cpu"):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(device)


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


CLASSES = torch.tensor([0, 2, 1, 2, 0])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_focal_without_focus_is_cross_entropy(reduction, device):
    """gamma 0: with ignored targets, smoothing and class weights too, up to what the mean divides by."""
    logits, target = random(5, 3, device=device), CLASSES.to(device).clone()
    target[1] = -100
    ours = make("focal", gamma=0.0, label_smoothing=0.1, reduction=reduction).to(device)(logits, target)
    torch.testing.assert_close(ours, F.cross_entropy(logits, target, label_smoothing=0.1, reduction=reduction))
    weight = [0.2, 0.5, 0.3]
    ours = make("focal", weight, 0.0, reduction="sum").to(device)(logits, target)
    plain = F.cross_entropy(logits, target, torch.tensor(weight, dtype=torch.float64, device=device), reduction="sum")
    torch.testing.assert_close(ours, plain, rtol=1e-6, atol=0)


def test_focal_is_its_formula():
    """In numpy, and over pixels as over samples."""
    logits = random(5, 3)
    p = softmax(logits.numpy(), 1)[np.arange(5), CLASSES.numpy()]
    expected = (-0.25 * (1 - p) ** 2 * np.log(p)).mean()
    assert make("focal", 0.25, 2.0)(logits, CLASSES).item() == pytest.approx(expected, rel=1e-12)
    pixels = logits.T[None, :, :, None]
    assert make("focal", 0.25, 2.0)(pixels, CLASSES[None, :, None]).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal_has_finite_gradients_where_all_is_right(gamma, device):
    """Also for powers below 1, whose slope at zero is infinite."""
    for name, target in (("focal", torch.tensor([0])), ("binary_focal", torch.tensor([[1.0, 0.0]]))):
        logits = torch.tensor([[200.0, -200.0]], device=device, requires_grad=True)
        make(name, gamma=gamma)(logits, target.to(device)).backward()
        assert torch.isfinite(logits.grad).all()


def test_binary_focal_is_its_formula():
    """In numpy; alpha for the positives, the rest for the negatives; gamma 0 is binary cross entropy."""
    logits, target = random(4, 3), (random(4, 3, seed=1) > 0).double()
    p, y = 1 / (1 + np.exp(-logits.numpy())), target.numpy()
    pt = np.where(y == 1, p, 1 - p)
    expected = (-np.where(y == 1, 0.3, 0.7) * (1 - pt) ** 2 * np.log(pt)).mean()
    assert make("binary_focal", 0.3, 2.0)(logits, target).item() == pytest.approx(expected, rel=1e-10)
    plain = F.binary_cross_entropy_with_logits(logits, target)
    torch.testing.assert_close(make("binary_focal", None, 0.0)(logits, target), plain)


def overlap_in_numpy(p, truth, alpha, beta, smooth):
    hit, invented, missed = (p * truth).sum(1), (p * (1 - truth)).sum(1), ((1 - p) * truth).sum(1)
    return (1 - (hit + smooth) / (hit + alpha * invented + beta * missed + smooth)).mean()


def test_overlap_of_classes_is_its_formula():
    """Tversky, Dice and Jaccard over the batch and all pixels, class by class; ignored pixels do not count."""
    logits, target = random(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5), generator=torch.Generator().manual_seed(2))
    p = softmax(logits.numpy(), 1).transpose(1, 0, 2, 3).reshape(3, -1)
    truth = np.eye(3)[target.numpy().reshape(-1)].T
    assert make("tversky", 0.3, 0.7)(logits, target).item() == pytest.approx(
        overlap_in_numpy(p, truth, 0.3, 0.7, 1.0), rel=1e-12
    )
    dice = 1 - ((2 * (p * truth).sum(1) + 1.0) / (p.sum(1) + truth.sum(1) + 1.0)).mean()
    assert make("dice")(logits, target).item() == pytest.approx(dice, rel=1e-12)
    common = (p * truth).sum(1)
    jaccard = 1 - ((common + 1.0) / (p.sum(1) + truth.sum(1) - common + 1.0)).mean()
    assert make("jaccard")(logits, target).item() == pytest.approx(jaccard, rel=1e-12)
    ignored = target.clone()
    ignored[:, 0] = -100
    kept = make("dice")(logits[:, :, 1:], target[:, 1:])
    torch.testing.assert_close(make("dice")(logits, ignored), kept)


def test_overlap_of_one_region_takes_a_floating_target():
    """Yes or no, of the logits' shape; a focal power."""
    logits, target = random(2, 1, 4, 5), (random(2, 1, 4, 5, seed=3) > 0).double()
    p = 1 / (1 + np.exp(-logits.numpy().reshape(1, -1)))
    plain = overlap_in_numpy(p, target.numpy().reshape(1, -1), 0.5, 0.5, 1.0)
    assert make("tversky")(logits, target).item() == pytest.approx(plain, rel=1e-12)
    assert make("tversky", gamma=2.0)(logits, target).item() == pytest.approx(plain**2, rel=1e-12)


def test_overlap_of_something_else_says_so():
    """Shapes and dtypes that do not go together."""
    with pytest.raises(ShapeError, match=r"classes i64 \[B, ...\], got \[2, 3, 4\] and int64 \[2, 5\]"):
        make("dice")(random(2, 3, 4), torch.zeros(2, 5, dtype=torch.long))
    with pytest.raises(ShapeError, match=r"two logits and more, got \[2, 1, 4\]\n  try: for yes or no: a floating"):
        make("dice")(random(2, 1, 4), torch.zeros(2, 4, dtype=torch.long))


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("focal", [random(4, 3), torch.tensor([0, 1])], r"classes i64 \[B, ...\], got \[4, 3\] and int64 \[2\]"),
        ("focal", [random(2, 3, 4, 4), torch.zeros(2, 3, 3).long()], r"got \[2, 3, 4, 4\] and int64 \[2, 3, 3\]"),
        ("focal", [random(4, 3), random(4, 3)], r"and float64 \[4, 3\]\n  try: binary_focal takes"),
        ("focal", [random(3), torch.tensor(1)], r"got \[3\] and int64 \[\]"),
        ("binary_focal", [random(4, 3), random(4, 1)], r"one shape, got \[4, 3\] and \[4, 1\]"),
        ("contrastive", [random(4, 3), random(4, 3), torch.ones(4, 1)], r"4 pairs have targets \[4\], got \[4, 1\]"),
        ("quantile", [random(4, 3), random(4, 3)], r"need outputs \[B, 3\] and targets \[B\]"),
        ("quantile", [random(1, 3), torch.tensor(1.0)], r"need outputs \[B, 3\] and targets \[B\], got .* and \[\]"),
    ],
)
def test_targets_that_are_not_those_of_the_outputs_are_refused(name, given, message):
    """What would be gathered from a corner of the logits, or broadcast over the batch, in silence."""
    with pytest.raises(ShapeError, match=message):
        make(name)(*given)


def test_factors_that_are_not_those_of_the_classes_are_refused():
    """Too many would be as silent as too few that no target asks for."""
    for count in (2, 4):
        with pytest.raises(ShapeError, match=f"alpha has {count} factors, and the logits 3 classes"):
            make("focal", [1.0] * count)(random(4, 3), torch.tensor([0, 1, 1, 1]))


@pytest.mark.parametrize("kind", [torch.int32, torch.uint8, torch.bool])
def test_classes_may_be_of_any_whole_type(kind):
    """As data sets hold them."""
    logits, target = random(4, 2), torch.tensor([0, 1, 1, 0])
    for name in ("focal", "dice"):
        assert make(name)(logits, target).equal(make(name)(logits, target.to(kind)))
    pair = random(4, 3), random(4, 3, seed=1)
    assert make("contrastive")(*pair, target).equal(make("contrastive")(*pair, target.to(kind)))


def test_the_quantile_loss_of_nothing_is_as_empty_as_torchs():
    """A batch without items has no mean, and a sum of 0."""
    assert make("quantile")(torch.zeros(0, 3), torch.zeros(0)).isnan()
    assert 0.0 == make("quantile", reduction="sum")(torch.zeros(0, 3), torch.zeros(0)).item()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_neither_overflows_nor_loses_gradients(dtype, device):
    """Sums over 90,000 pixels, errors of 40,000, answers that are right, twins: in float32 inside."""

    def judged(name, inputs, *target, **options):
        given = [torch.as_tensor(x, dtype=dtype, device=device).requires_grad_() for x in inputs]
        loss = make(name, **options).to(device)(*given, *(t.to(device) for t in target))
        wanted = make(name, **options).to(device)(
            *(x.detach().double() for x in given), *(t.to(device) for t in target)
        )
        loss.backward()
        assert all(x.grad.isfinite().all() for x in given)
        torch.testing.assert_close(loss.double(), wanted, rtol=1e-4, atol=1e-5)

    judged("dice", [torch.full((1, 300, 300), 5.0)], torch.ones(1, 300, 300))
    judged("log_cosh", [torch.tensor([-40000.0, 40000.0])], torch.zeros(2))
    judged("charbonnier", [torch.tensor([-40000.0, 0.0])], torch.zeros(2))
    judged("focal", [torch.tensor([[30.0, -30.0]])], torch.tensor([0]), gamma=0.5)
    judged("binary_focal", [torch.tensor([30.0, -30.0])], torch.tensor([1.0, 0.0]), gamma=0.5)
    judged("contrastive", [torch.ones(2, 3), torch.ones(2, 3)], torch.tensor([1.0, 0.0]))


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_info_nce_is_cross_entropy_over_cosines():
    """Both ways and one way."""
    a, b = random(4, 6), random(4, 6, seed=1)
    logits = unit(a.numpy()) @ unit(b.numpy()).T / 0.1
    one = -np.log(softmax(logits, 1).diagonal()).mean()
    other = -np.log(softmax(logits.T, 1).diagonal()).mean()
    assert make("info_nce", 0.1, symmetric=False)(a, b).item() == pytest.approx(one, rel=1e-12)
    assert make("info_nce", 0.1)(a, b).item() == pytest.approx((one + other) / 2, rel=1e-12)


def test_nt_xent_is_its_formula():
    """Each of 2B views among the 2B - 1 others."""
    a, b = random(4, 6), random(4, 6, seed=1)
    views = unit(np.concatenate([a.numpy(), b.numpy()]))
    scores = np.exp(views @ views.T / 0.5)
    expected = np.mean([-math.log(scores[i, (i + 4) % 8] / (scores[i].sum() - scores[i, i])) for i in range(8)])
    assert make("nt_xent")(a, b).item() == pytest.approx(expected, rel=1e-12)


def test_sup_con_is_its_formula_and_passes_over_the_lonely():
    """The mean over friends outside the logarithm; a class of one does not count."""
    x, y = random(5, 6), [0, 1, 0, 1, 2]
    rows = unit(x.numpy())
    scores = rows @ rows.T / 0.1
    losses = []
    for i in range(5):
        friends = [j for j in range(5) if j != i and y[j] == y[i]]
        total = math.log(sum(math.exp(scores[i, j]) for j in range(5) if j != i))
        if friends:
            losses.append(-np.mean([scores[i, j] - total for j in friends]))
    assert make("sup_con")(x, torch.tensor(y)).item() == pytest.approx(np.mean(losses), rel=1e-10)
    assert make("sup_con")(x[:2], torch.tensor([0, 1])).item() == 0.0


def test_contrastive_pairs_are_its_formula_and_twins_have_gradients():
    """Together: the squared distance; apart: what is missing to the margin; no NaN at distance zero."""
    a, b, y = random(4, 3), random(4, 3, seed=1) * 0.2, torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    d = np.linalg.norm(a.numpy() - b.numpy(), axis=1)
    expected = np.where(y.numpy() == 1, d**2, np.maximum(0, 2.0 - d) ** 2)
    np.testing.assert_allclose(make("contrastive", 2.0, reduction="none")(a, b, y).numpy(), expected, rtol=1e-12)
    twin = torch.zeros(1, 3, requires_grad=True)
    make("contrastive")(twin, torch.zeros(1, 3), torch.zeros(1)).backward()
    assert torch.isfinite(twin.grad).all()


def test_robust_losses_are_their_formulas():
    """log cosh and Charbonnier in numpy, without overflow for huge errors."""
    a, b = random(4, 3) * 3, random(4, 3, seed=1)
    error = a.numpy() - b.numpy()
    assert make("log_cosh")(a, b).item() == pytest.approx(np.log(np.cosh(error)).mean(), rel=1e-12)
    assert make("charbonnier", 0.1)(a, b).item() == pytest.approx(np.sqrt(error**2 + 0.01).mean(), rel=1e-12)
    assert make("log_cosh")(torch.tensor([1e6]), torch.tensor([0.0])).item() == pytest.approx(1e6, rel=1e-6)


def test_the_quantile_loss_is_least_at_the_quantile():
    """Its formula, and where its minimum lies."""
    target = random(1001)
    loss = make("quantile", [0.1, 0.5, 0.9], reduction="none")
    guess = torch.tensor([[-1.0, 0.0, 1.0]], dtype=torch.float64).expand(1001, 3)
    error = target.numpy()[:, None] - guess.numpy()
    q = np.float32([0.1, 0.5, 0.9]).astype(float)
    np.testing.assert_allclose(loss(guess, target).numpy(), np.where(error > 0, q * error, (q - 1) * error), rtol=1e-12)
    candidates = torch.linspace(-3, 3, 601, dtype=torch.float64)
    values = [make("quantile", [0.9])(c.expand(1001, 1), target).item() for c in candidates]
    best = candidates[int(np.argmin(values))].item()
    assert best == pytest.approx(np.quantile(target.numpy(), 0.9), abs=0.02)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gaussian_nll_is_torchs_in_our_order(full, reduction):
    """Mean, variance, target; broadcast variance too."""
    mean, variance, target = random(4, 3), random(4, 1, seed=1).exp(), random(4, 3, seed=2)
    ours = make("gaussian_nll", full=full, reduction=reduction)(mean, variance, target)
    torch.testing.assert_close(ours, F.gaussian_nll_loss(mean, target, variance, full=full, reduction=reduction))


def test_gaussian_nll_takes_a_variance_for_each_row():
    """Without the last dimension, as torch does, square means too; another shape is an error."""
    for rows in (4, 3):
        mean, variance, target = random(rows, 3), random(rows, seed=1).exp(), random(rows, 3, seed=2)
        expected = F.gaussian_nll_loss(mean, target, variance)
        torch.testing.assert_close(make("gaussian_nll")(mean, variance, target), expected)
    with pytest.raises(ShapeError, match=r"of the mean's shape, or one per row, got \[3, 3\] and \[2\]"):
        make("gaussian_nll")(mean, variance[:2], target)


def test_kl_div_is_the_divergence():
    """Without a warning, and with torch's own words where asked."""
    log_p, q = random(4, 3).log_softmax(1), random(4, 3, seed=1).softmax(1)
    expected = (q * (q.log() - log_p)).sum(1).mean()
    torch.testing.assert_close(make("kl_div")(log_p, q), expected)
    torch.testing.assert_close(make("kl_div", log_target=True)(log_p, q.log()), expected)


def test_a_weight_may_be_a_number():
    """As `pos_weight` mostly is: torch itself wants a tensor."""
    logits, target = random(4, 3).float(), random(4, 3, seed=1).gt(0).float()
    expected = F.binary_cross_entropy_with_logits(logits, target, pos_weight=torch.tensor(3.0))
    assert expected.equal(make("binary_cross_entropy_with_logits", pos_weight=3)(logits, target))


@pytest.mark.parametrize("name", ["cross_entropy", "nll", "binary_cross_entropy", "kl_div", "focal"])
def test_a_reduction_is_one_of_the_words(name):
    """Told when the loss is made; torch itself tells when it is first called."""
    with pytest.raises(ComponentError, match=r"'avg'"):
        make(name, reduction="avg")


@pytest.mark.parametrize("name", ["cross_entropy", "nll", "multi_margin"])
def test_class_weights_may_be_a_list(name):
    """As an experiment file writes them; the product is torch's own class."""
    logits = random(5, 3).float()
    weights = [0.2, 0.5, 0.3]
    made = make(name, weight=weights)
    own = type(made)(weight=torch.tensor(weights))
    assert type(made).__module__.startswith("torch.nn")
    assert own(logits, CLASSES).equal(made(logits, CLASSES))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("focal", {"gamma": -1.0}, "gamma is at least 0, and finite, got -1.0"),
        ("focal", {"alpha": -1.0}, "alpha is a factor of at least 0, or one per class, got -1.0"),
        ("focal", {"alpha": [0.5, math.nan]}, "alpha is a factor of at least 0, or one per class"),
        ("focal", {"label_smoothing": 2.0}, "label_smoothing is from 0 to 1, got 2.0"),
        ("focal", {"reduction": "average"}, "reduction is 'mean', 'sum' or 'none', got 'average'"),
        ("binary_focal", {"alpha": 2.0}, "alpha is from 0 to 1, got 2.0"),
        ("tversky", {"alpha": -1.0}, "weights and smooth are at least 0"),
        ("tversky", {"alpha": math.nan}, "weights and smooth are at least 0"),
        ("dice", {"smooth": math.inf}, "weights and smooth are at least 0"),
        ("info_nce", {"label_smoothing": 2.0}, "label_smoothing is from 0 to 1, got 2.0"),
        ("info_nce", {"temperature": 0.0}, "temperature is > 0, got 0.0"),
        ("contrastive", {"margin": 0.0}, "margin is a distance, > 0, got 0.0"),
        ("charbonnier", {"eps": 0.0}, "eps is > 0, got 0.0"),
        ("quantile", {"quantiles": [1.0]}, r"quantiles are between 0 and 1, at least one, got \[1.0\]"),
        ("quantile", {"quantiles": 0.5}, r"at least one, got 0.5\n  try: quantiles=\[0.1"),
        ("quantile", {"quantiles": "0.5"}, "quantiles are between 0 and 1, at least one, got '0.5'"),
        ("gaussian_nll", {"eps": 0.0}, "eps is > 0, got 0.0"),
        (
            "cross_entropy",
            {"weights": [1.0]},
            "takes no argument 'weights'\n  try: did you mean 'weight'",
        ),
    ],
)
def test_a_wrong_argument_is_named(name, options, message):
    """When the loss is made, not at the first batch."""
    with pytest.raises(ComponentError, match=message):
        make(name, **options)


@pytest.mark.parametrize("name", ["log_cosh", "charbonnier", "gaussian_nll"])
def test_a_loss_of_ours_never_broadcasts(name):
    """[4, 1] against [4] would be [4, 4], in silence."""
    outputs = [torch.zeros(4, 1), torch.ones(4, 1)] if name == "gaussian_nll" else [torch.zeros(4, 1)]
    with pytest.raises(ShapeError, match=r"outputs and targets have one shape, got \[4, 1\] and \[4\]"):
        make(name)(*outputs, torch.zeros(4))


OWN = [
    ("focal", (), [(5, 3)], CLASSES),
    ("binary_focal", (), [(4, 3)], torch.ones(4, 3, dtype=torch.float64)),
    ("tversky", (0.3, 0.7), [(2, 3, 4)], torch.tensor([[0, 1, 2, 0], [1, 1, 0, 2]])),
    ("dice", (), [(2, 3, 4)], torch.tensor([[0, 1, 2, 0], [1, 1, 0, 2]])),
    ("jaccard", (), [(2, 3, 4)], torch.tensor([[0, 1, 2, 0], [1, 1, 0, 2]])),
    ("info_nce", (0.5,), [(4, 6), (4, 6)], None),
    ("nt_xent", (0.5,), [(4, 6), (4, 6)], None),
    ("sup_con", (0.5,), [(4, 6)], torch.tensor([0, 1, 0, 1])),
    ("contrastive", (3.0,), [(4, 6), (4, 6)], torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)),
    ("log_cosh", (), [(4, 3)], torch.zeros(4, 3, dtype=torch.float64)),
    ("charbonnier", (0.1,), [(4, 3)], torch.zeros(4, 3, dtype=torch.float64)),
    ("quantile", (), [(4, 3)], torch.zeros(4, dtype=torch.float64)),
]


@pytest.mark.parametrize(("name", "args", "shapes", "target"), OWN, ids=[case[0] for case in OWN])
def test_gradients_are_those_of_finite_differences(name, args, shapes, target, device):
    """In float64."""
    loss = make(name, *args).to(device)
    inputs = [random(*shape, seed=i, device=device).requires_grad_() for i, shape in enumerate(shapes)]
    rest = () if target is None else (target.to(device),)
    assert torch.autograd.gradcheck(lambda *given: loss(*given, *rest), inputs)
