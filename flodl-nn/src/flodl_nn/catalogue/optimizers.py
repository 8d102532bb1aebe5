"""Optimizers by name; targets without a package are torch's own classes, the others those on fused kernels."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, optimizer

_PLAIN, _ADAPTIVE, _SECOND = "plain", "adaptive", "second order"
_FUSED = "flodl_nn.optim.fused"

OPTIMIZERS = (
    optimizer(
        "sgd", f"{_FUSED}:sgd", "Down the gradient, with momentum if asked.", _PLAIN, ex(lr=0.1, momentum=0.9), "SGD"
    ),
    optimizer("asgd", "ASGD", "SGD that also keeps the mean of its way.", _PLAIN, ex(lr=0.01), "ASGD"),
    optimizer("rprop", "Rprop", "Steps by the sign of the gradient; for whole batches.", _PLAIN, ex(lr=0.01), "Rprop"),
    optimizer(
        "muon",
        "Muon",
        "Momentum made orthogonal; for matrices alone.",
        _PLAIN,
        ex(lr=0.01, feed="f32[4,3]"),
        "Muon",
        requires=("torch>=2.9",),
    ),
    optimizer(
        "adam",
        f"{_FUSED}:adam",
        "Each parameter at its own pace, from running moments of its gradient.",
        _ADAPTIVE,
        ex(lr=1e-3),
        "Adam",
    ),
    optimizer(
        "adamw",
        f"{_FUSED}:adamw",
        "Adam with weight decay apart from the gradient.",
        _ADAPTIVE,
        ex(lr=1e-3, weight_decay=0.01),
        "AdamW",
    ),
    optimizer("adamax", "Adamax", "Adam by the largest gradient seen.", _ADAPTIVE, ex(lr=1e-3), "Adamax"),
    optimizer("nadam", "NAdam", "Adam with Nesterov's look ahead.", _ADAPTIVE, ex(lr=1e-3), "NAdam"),
    optimizer("radam", "RAdam", "Adam that waits until its variance can be trusted.", _ADAPTIVE, ex(lr=1e-3), "RAdam"),
    optimizer(
        "sparseadam", "SparseAdam", "Adam for sparse gradients of embeddings.", _ADAPTIVE, ex(lr=1e-3), "SparseAdam"
    ),
    optimizer("adadelta", "Adadelta", "Steps in the units of the parameters.", _ADAPTIVE, ex(lr=1.0), "Adadelta"),
    optimizer(
        "adafactor",
        "Adafactor",
        "Adam's second moments by rows and columns: little memory.",
        _ADAPTIVE,
        ex(lr=0.01),
        "Adafactor",
    ),
    optimizer(
        "adagrad",
        f"{_FUSED}:adagrad",
        "Steps that shrink with all gradients so far.",
        _ADAPTIVE,
        ex(lr=0.01),
        "Adagrad",
        waives={"groups": "torch<2.13: its Adagrad has no state for a group that is added later"},
    ),
    optimizer(
        "rmsprop", "RMSprop", "Gradients over their running size.", _ADAPTIVE, ex(lr=0.01, momentum=0.9), "RMSprop"
    ),
    optimizer(
        "lbfgs",
        "LBFGS",
        "A search along curvature; evaluates the loss itself.",
        _SECOND,
        ex(lr=1.0, feed="f32[3,4]"),
        "LBFGS",
        waives={"groups": "torch's LBFGS takes a single group of parameters"},
    ),
)
