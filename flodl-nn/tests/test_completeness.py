"""Nothing of torch that a user can build is missing, and nothing is there under two names."""

from __future__ import annotations

import flodl_nn
import pytest
import torch
from flodl_core import components
from torch import nn

EVERY = [c for c in components.list() if c.origin.distribution == "flodl-nn"]
OURS = {kind: {c.name: c for c in EVERY if c.kind == kind} for kind in components.kinds}

CONTAINERS = {"Container", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"}
NOT_FOR_A_FLOW = {"DataParallel", "RNNBase", "RNNCellBase"}  # wraps a whole model; bases of others
OF_ANOTHER_KIND = {"NLLLoss2d"}  # a deprecated spelling of NLLLoss


def targets(kind):
    return {c.spec.target.partition(":")[2] for c in OURS[kind].values()} | {
        alias for c in OURS[kind].values() for alias in c.spec.aliases
    }


def test_every_layer_of_torch_has_a_name():
    """Containers and lazy modules aside."""
    layers = {
        name
        for name, kind in vars(nn).items()
        if isinstance(kind, type) and issubclass(kind, nn.Module) and not name.startswith("Lazy") and name != "Module"
    }
    known = targets("module") | targets("loss")
    assert layers - CONTAINERS - NOT_FOR_A_FLOW - OF_ANOTHER_KIND - known == set()


def test_every_optimizer_of_torch_has_a_name():
    """Whatever this torch has."""
    theirs = {n for n, k in vars(torch.optim).items() if isinstance(k, type) and issubclass(k, torch.optim.Optimizer)}
    assert theirs - {"Optimizer"} - targets("optimizer") == set()


def test_every_initializer_of_torch_has_a_name():
    """Those that fill in place."""
    theirs = {name for name in vars(nn.init) if name.endswith("_") and not name.startswith("_")}
    assert theirs - targets("initializer") == set()


FLODLS_LAYERS = """
    Linear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LayerNorm RMSNorm GroupNorm
    BatchNorm BatchNorm2d InstanceNorm Embedding EmbeddingBag GRUCell LSTMCell GRU LSTM MultiheadAttention
    Bilinear Dropout Dropout2d AlphaDropout ZeroPad2d ReflectionPad2d MaxPool2d AvgPool2d MaxPool1d AvgPool1d
    AdaptiveMaxPool2d PixelShuffle PixelUnshuffle Upsample Unfold Fold GaussianBlur Identity ReLU Sigmoid Tanh
    GELU SiLU LeakyReLU ELU Mish SELU Hardswish Hardsigmoid PReLU Softmax LogSoftmax Flatten Softplus
"""
FLODLS_NAMES = """
    linear conv1d conv2d conv3d conv_t1d conv_t2d conv_transpose3d layernorm rmsnorm groupnorm batchnorm
    batchnorm2d instance_norm embedding embedding_bag grucell lstmcell gru lstm multihead_attention bilinear
    dropout dropout2d alpha_dropout zero_pad2d reflection_pad2d maxpool2d avgpool2d maxpool1d avgpool1d
    adaptive_maxpool2d pixel_shuffle pixel_unshuffle upsample unfold fold gaussian_blur
"""
FLODLS_LOSSES = """
    mse_loss cross_entropy_loss bce_loss bce_with_logits_loss l1_loss smooth_l1_loss kl_div_loss nll_loss
    ctc_loss focal_loss triplet_margin_loss cosine_embedding_loss hinge_embedding_loss margin_ranking_loss
    poisson_nll_loss
"""
FLODLS_OTHERS = {
    "optimizer": "SGD Adam AdamW RMSprop Adagrad RAdam NAdam",
    "scheduler": (
        "StepDecay CosineScheduler WarmupScheduler PlateauScheduler ExponentialLR MultiStepLR OneCycleLR CyclicLR"
    ),
    "initializer": (
        "kaiming_uniform kaiming_normal xavier_uniform xavier_normal uniform_bias uniform normal orthogonal"
        " trunc_normal"
    ),
}
SPELLINGS = [("module", w) for w in f"{FLODLS_LAYERS} {FLODLS_NAMES}".split()]
SPELLINGS += [("loss", w) for w in FLODLS_LOSSES.split()]
SPELLINGS += [(kind, w) for kind, words in FLODLS_OTHERS.items() for w in words.split()]


@pytest.mark.parametrize(("kind", "spelling"), SPELLINGS)
def test_flodls_spellings_are_understood(kind, spelling):
    """Types and the names of its files."""
    assert components.find(kind, spelling).origin.distribution == "flodl-nn"


def test_modules_of_torch_are_torchs_own():
    """By name and from this package: the very class."""
    for component in OURS["module"].values():
        home, _, spelling = component.spec.target.partition(":")
        if home == "torch.nn" and not component.spec.requires:
            assert component.load() is getattr(nn, spelling) is getattr(flodl_nn, spelling)
        elif home != "torch.nn":
            assert component.load() is getattr(flodl_nn, spelling)
