"""torch's own constructors: no call that torch takes is refused, and plain mistakes are."""

from __future__ import annotations

import inspect
import sys
from typing import overload

import pytest
from flodl_core import ComponentError
from flodl_core.binding import bind, signature_of

torch = pytest.importorskip("torch")

CLASSES = [
    item
    for space in (torch.nn, torch.optim, torch.optim.lr_scheduler)
    for name, item in vars(space).items()
    if inspect.isclass(item) and not name.startswith("_")
]

CALLS = [
    ("nn.Linear", (2, 16), {"bias": False}),
    ("nn.Linear", (2, 16), {"device": "cpu", "dtype": torch.float64}),
    ("nn.Conv2d", (1, 8, 3), {"padding": 1}),
    ("nn.Conv2d", (1, 8, (3, 5)), {"padding": (1, 2), "stride": (2, 2)}),
    ("nn.Conv2d", (1, 8, [3, 5]), {"padding": [1, 2]}),
    ("nn.Conv2d", (1, 8, 3), {"padding": "same", "padding_mode": "zeros"}),
    ("nn.Conv1d", (1, 8, 3), {"padding": "valid"}),
    ("nn.MaxPool2d", (2,), {}),
    ("nn.MaxPool2d", ((2, 2),), {"stride": None}),
    ("nn.AvgPool1d", (2,), {"stride": None}),
    ("nn.AdaptiveAvgPool2d", ((None, 7),), {}),
    ("nn.AdaptiveAvgPool2d", (1,), {}),
    ("nn.LayerNorm", (16,), {}),
    ("nn.LayerNorm", ([4, 16],), {"eps": 1e-6}),
    ("nn.LayerNorm", ((4, 16),), {"elementwise_affine": False}),
    ("nn.LayerNorm", (torch.Size([16]),), {}),
    ("nn.BatchNorm2d", (8,), {"momentum": None}),
    ("nn.Dropout", (0,), {}),
    ("nn.Dropout", (1,), {"inplace": True}),
    ("nn.Flatten", (), {"start_dim": 1, "end_dim": -1}),
    ("nn.Upsample", (), {"scale_factor": 2, "mode": "nearest"}),
    ("nn.Upsample", (), {"size": (4, 4)}),
    ("nn.CrossEntropyLoss", (), {"label_smoothing": 0.1, "weight": torch.ones(3)}),
    ("nn.CrossEntropyLoss", (), {"label_smoothing": 0, "weight": None}),
    ("nn.GRU", (4, 8), {"num_layers": 2, "batch_first": True, "dropout": 0.1}),
    ("nn.TransformerEncoderLayer", (8, 2), {"activation": torch.relu}),
    ("nn.TransformerEncoderLayer", (8, 2), {"activation": "gelu", "dropout": 0}),
    ("nn.Embedding", (10, 4), {"padding_idx": 0, "max_norm": 1.0}),
    ("nn.Softmax", (), {"dim": -1}),
    ("nn.GELU", (), {"approximate": "tanh"}),
    ("nn.Sequential", (torch.nn.ReLU(), torch.nn.ReLU()), {}),
    ("nn.ParameterList", ([torch.ones(1)],), {}),
    ("optim.Adam", ([torch.nn.Parameter(torch.ones(1))],), {"lr": 1e-3, "betas": (0.9, 0.999), "fused": None}),
    ("optim.Adam", ([torch.nn.Parameter(torch.ones(1))],), {"lr": 1, "weight_decay": 0}),
    (
        "optim.Adam",
        ([torch.nn.Parameter(torch.ones(1))],),
        {"lr": torch.tensor(1e-3), "capturable": True, "foreach": False},
    ),
    ("optim.SGD", ([torch.nn.Parameter(torch.ones(1))],), {"lr": 1e-2, "momentum": 0.9, "nesterov": True}),
    ("optim.LBFGS", ([torch.nn.Parameter(torch.ones(1))],), {"lr": 1, "line_search_fn": "strong_wolfe"}),
]

MISTAKES = [
    ("nn.Tanh", (3,), {}, "too many positional arguments\n  try: it takes no arguments"),
    ("nn.Tanh", (), {"inplace": True}, "takes no argument 'inplace'\n  try: it takes no arguments"),
    ("nn.Linear", ("2", 16), {}, "argument 'in_features' is int, got '2'"),
    ("nn.Linear", (2, 16), {"baes": False}, r"takes no argument 'baes'\n  try: did you mean 'bias'\?"),
    ("nn.Linear", (2,), {}, "missing a required argument: 'out_features'"),
    ("nn.Dropout", ("half",), {}, "argument 'p' is float, got 'half'"),
    ("nn.LayerNorm", (16,), {"eps": "small"}, "argument 'eps' is float, got 'small'"),
    ("optim.Adam", ([],), {"lr": "fast"}, "argument 'lr' is float, got 'fast'"),
    ("optim.SGD", ([],), {"learning_rate": 0.1}, "takes no argument 'learning_rate'"),
]


def _class(path):
    space, name = path.split(".")
    return getattr(getattr(torch, space), name)


@pytest.mark.parametrize("item", CLASSES, ids=lambda item: f"{item.__module__}.{item.__name__}")
def test_every_class_takes_its_own_defaults(item):
    """Written out, one by one and equal rather than identical: as a configuration file would hold them."""
    signature = signature_of(item)
    for parameter in signature.parameters.values():
        if parameter.default is parameter.empty or parameter.kind is parameter.POSITIONAL_ONLY:
            continue
        required = {
            p.name: object()
            for p in signature.parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        value = float(str(parameter.default)) if type(parameter.default) is float else parameter.default
        bind(item.__name__, signature, (), {**required, parameter.name: value})


@pytest.mark.parametrize(("path", "args", "kwargs"), CALLS, ids=lambda value: str(value)[:40])
def test_documented_calls(path, args, kwargs):
    """torch takes them, so they fit."""
    bind(path, signature_of(_class(path)), args, kwargs)
    _class(path)(*args, **kwargs)


@pytest.mark.parametrize(("path", "args", "kwargs", "said"), MISTAKES, ids=lambda value: str(value)[:40])
def test_plain_mistakes(path, args, kwargs, said):
    """By the argument's name, before torch is asked."""
    with pytest.raises(ComponentError, match=said):
        bind(path, signature_of(_class(path)), args, kwargs)


def test_a_tensor_that_is_due_is_told():
    """`Tensor | None`: a number is refused by what is due, not by None alone."""
    with pytest.raises(ComponentError, match=r"argument 'pos_weight' is None or Tensor, got 3.0 \(float\)"):
        bind("loss", signature_of(torch.nn.BCEWithLogitsLoss), (), {"pos_weight": 3.0})


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python does not remember overloads")
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_recurrent_layers_tell_what_they_take(name):
    """Their constructors take anything, and declare the rest by an overload."""
    signature = signature_of(getattr(torch.nn, name))
    assert ["input_size", "hidden_size", "num_layers"] == list(signature.parameters)[:3]
    with pytest.raises(ComponentError, match=r"takes no argument 'layers'\n  try: did you mean 'num_layers'"):
        bind(name, signature, (3, 4), {"layers": 2})


class SeveralForms:
    """Of which one would refuse the other's calls."""

    @overload
    def __init__(self, size: int) -> None: ...

    @overload
    def __init__(self, height: int, width: int) -> None: ...

    def __init__(self, *args, **kwargs) -> None:
        self.given = args, kwargs


def test_several_overloads_are_left_to_the_class():
    """Nothing that one of them takes is refused."""
    bind("forms", signature_of(SeveralForms), (1, 2), {})
    bind("forms", signature_of(SeveralForms), (), {"size": 1})
