"""Modules, losses, optimizers, schedules and the training step.

Importing this package imports no torch; each name is found when it is first used. Layers of torch are
torch's own classes: `from flodl_nn import Linear` is `torch.nn.Linear`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.groups import layer_decay as layer_decay
    from torch.nn import CELU as CELU
    from torch.nn import ELU as ELU
    from torch.nn import GELU as GELU
    from torch.nn import GLU as GLU
    from torch.nn import GRU as GRU
    from torch.nn import LSTM as LSTM
    from torch.nn import RNN as RNN
    from torch.nn import SELU as SELU
    from torch.nn import AdaptiveAvgPool1d as AdaptiveAvgPool1d
    from torch.nn import AdaptiveAvgPool2d as AdaptiveAvgPool2d
    from torch.nn import AdaptiveAvgPool3d as AdaptiveAvgPool3d
    from torch.nn import AdaptiveLogSoftmaxWithLoss as AdaptiveLogSoftmaxWithLoss
    from torch.nn import AdaptiveMaxPool1d as AdaptiveMaxPool1d
    from torch.nn import AdaptiveMaxPool2d as AdaptiveMaxPool2d
    from torch.nn import AdaptiveMaxPool3d as AdaptiveMaxPool3d
    from torch.nn import AlphaDropout as AlphaDropout
    from torch.nn import AvgPool1d as AvgPool1d
    from torch.nn import AvgPool2d as AvgPool2d
    from torch.nn import AvgPool3d as AvgPool3d
    from torch.nn import BatchNorm1d as BatchNorm1d
    from torch.nn import BatchNorm2d as BatchNorm2d
    from torch.nn import BatchNorm3d as BatchNorm3d
    from torch.nn import Bilinear as Bilinear
    from torch.nn import ChannelShuffle as ChannelShuffle
    from torch.nn import CircularPad1d as CircularPad1d
    from torch.nn import CircularPad2d as CircularPad2d
    from torch.nn import CircularPad3d as CircularPad3d
    from torch.nn import ConstantPad1d as ConstantPad1d
    from torch.nn import ConstantPad2d as ConstantPad2d
    from torch.nn import ConstantPad3d as ConstantPad3d
    from torch.nn import Conv1d as Conv1d
    from torch.nn import Conv2d as Conv2d
    from torch.nn import Conv3d as Conv3d
    from torch.nn import ConvTranspose1d as ConvTranspose1d
    from torch.nn import ConvTranspose2d as ConvTranspose2d
    from torch.nn import ConvTranspose3d as ConvTranspose3d
    from torch.nn import CosineSimilarity as CosineSimilarity
    from torch.nn import CrossMapLRN2d as CrossMapLRN2d
    from torch.nn import Dropout as Dropout
    from torch.nn import Dropout1d as Dropout1d
    from torch.nn import Dropout2d as Dropout2d
    from torch.nn import Dropout3d as Dropout3d
    from torch.nn import Embedding as Embedding
    from torch.nn import EmbeddingBag as EmbeddingBag
    from torch.nn import FeatureAlphaDropout as FeatureAlphaDropout
    from torch.nn import Flatten as Flatten
    from torch.nn import Fold as Fold
    from torch.nn import FractionalMaxPool2d as FractionalMaxPool2d
    from torch.nn import FractionalMaxPool3d as FractionalMaxPool3d
    from torch.nn import GroupNorm as GroupNorm
    from torch.nn import GRUCell as GRUCell
    from torch.nn import Hardshrink as Hardshrink
    from torch.nn import Hardsigmoid as Hardsigmoid
    from torch.nn import Hardswish as Hardswish
    from torch.nn import Hardtanh as Hardtanh
    from torch.nn import Identity as Identity
    from torch.nn import InstanceNorm1d as InstanceNorm1d
    from torch.nn import InstanceNorm2d as InstanceNorm2d
    from torch.nn import InstanceNorm3d as InstanceNorm3d
    from torch.nn import LayerNorm as LayerNorm
    from torch.nn import LeakyReLU as LeakyReLU
    from torch.nn import Linear as Linear
    from torch.nn import LocalResponseNorm as LocalResponseNorm
    from torch.nn import LogSigmoid as LogSigmoid
    from torch.nn import LogSoftmax as LogSoftmax
    from torch.nn import LPPool1d as LPPool1d
    from torch.nn import LPPool2d as LPPool2d
    from torch.nn import LPPool3d as LPPool3d
    from torch.nn import LSTMCell as LSTMCell
    from torch.nn import MaxPool1d as MaxPool1d
    from torch.nn import MaxPool2d as MaxPool2d
    from torch.nn import MaxPool3d as MaxPool3d
    from torch.nn import MaxUnpool1d as MaxUnpool1d
    from torch.nn import MaxUnpool2d as MaxUnpool2d
    from torch.nn import MaxUnpool3d as MaxUnpool3d
    from torch.nn import Mish as Mish
    from torch.nn import PairwiseDistance as PairwiseDistance
    from torch.nn import PixelShuffle as PixelShuffle
    from torch.nn import PixelUnshuffle as PixelUnshuffle
    from torch.nn import PReLU as PReLU
    from torch.nn import ReflectionPad1d as ReflectionPad1d
    from torch.nn import ReflectionPad2d as ReflectionPad2d
    from torch.nn import ReflectionPad3d as ReflectionPad3d
    from torch.nn import ReLU as ReLU
    from torch.nn import ReLU6 as ReLU6
    from torch.nn import ReplicationPad1d as ReplicationPad1d
    from torch.nn import ReplicationPad2d as ReplicationPad2d
    from torch.nn import ReplicationPad3d as ReplicationPad3d
    from torch.nn import RMSNorm as RMSNorm
    from torch.nn import RNNCell as RNNCell
    from torch.nn import RReLU as RReLU
    from torch.nn import Sigmoid as Sigmoid
    from torch.nn import SiLU as SiLU
    from torch.nn import Softmax as Softmax
    from torch.nn import Softmax2d as Softmax2d
    from torch.nn import Softmin as Softmin
    from torch.nn import Softplus as Softplus
    from torch.nn import Softshrink as Softshrink
    from torch.nn import Softsign as Softsign
    from torch.nn import SyncBatchNorm as SyncBatchNorm
    from torch.nn import Tanh as Tanh
    from torch.nn import Tanhshrink as Tanhshrink
    from torch.nn import Threshold as Threshold
    from torch.nn import Transformer as Transformer
    from torch.nn import TransformerDecoder as TransformerDecoder
    from torch.nn import TransformerDecoderLayer as TransformerDecoderLayer
    from torch.nn import TransformerEncoder as TransformerEncoder
    from torch.nn import TransformerEncoderLayer as TransformerEncoderLayer
    from torch.nn import Unflatten as Unflatten
    from torch.nn import Unfold as Unfold
    from torch.nn import Upsample as Upsample
    from torch.nn import UpsamplingBilinear2d as UpsamplingBilinear2d
    from torch.nn import UpsamplingNearest2d as UpsamplingNearest2d
    from torch.nn import ZeroPad1d as ZeroPad1d
    from torch.nn import ZeroPad2d as ZeroPad2d
    from torch.nn import ZeroPad3d as ZeroPad3d

    from flodl_nn.cast import cast_parameters as cast_parameters
    from flodl_nn.data.device_data import DeviceData as DeviceData
    from flodl_nn.data.device_loader import DeviceLoader as DeviceLoader
    from flodl_nn.ema import EMA as EMA
    from flodl_nn.init import initialize as initialize
    from flodl_nn.modules.attention import GroupedQueryAttention as GroupedQueryAttention
    from flodl_nn.modules.attention import MultiheadAttention as MultiheadAttention
    from flodl_nn.modules.channels import L2Normalize as L2Normalize
    from flodl_nn.modules.channels import LayerNorm2d as LayerNorm2d
    from flodl_nn.modules.channels import SqueezeExcite as SqueezeExcite
    from flodl_nn.modules.gated import GEGLU as GEGLU
    from flodl_nn.modules.gated import ReGLU as ReGLU
    from flodl_nn.modules.gated import SwiGLU as SwiGLU
    from flodl_nn.modules.gaussian_blur import GaussianBlur as GaussianBlur
    from flodl_nn.modules.patches import PatchEmbedding as PatchEmbedding
    from flodl_nn.modules.positions import LearnedPositions as LearnedPositions
    from flodl_nn.modules.positions import SinusoidalPositions as SinusoidalPositions
    from flodl_nn.modules.residual import LayerScale as LayerScale
    from flodl_nn.modules.residual import StochasticDepth as StochasticDepth
    from flodl_nn.modules.rotary import RotaryEmbedding as RotaryEmbedding
    from flodl_nn.modules.shape import Permute as Permute
    from flodl_nn.modules.shape import Reshape as Reshape
    from flodl_nn.optim import load_flodl_state as load_flodl_state
    from flodl_nn.sampler import Sampler as Sampler
    from flodl_nn.schedules import AbstractSchedule as AbstractSchedule
    from flodl_nn.schedules import constant as constant
    from flodl_nn.schedules import cosine as cosine
    from flodl_nn.schedules import cyclic as cyclic
    from flodl_nn.schedules import exponential as exponential
    from flodl_nn.schedules import inverse_sqrt as inverse_sqrt
    from flodl_nn.schedules import linear as linear
    from flodl_nn.schedules import multi_step as multi_step
    from flodl_nn.schedules import one_cycle as one_cycle
    from flodl_nn.schedules import plateau as plateau
    from flodl_nn.schedules import polynomial as polynomial
    from flodl_nn.schedules import step_decay as step_decay
    from flodl_nn.schedules import warmup as warmup
    from flodl_nn.schedules import warmup_stable_decay as warmup_stable_decay
    from flodl_nn.step.train_step import TrainStep as TrainStep

_HOMES = {
    "flodl_core.groups": "layer_decay",
    "flodl_nn.cast": "cast_parameters",
    "flodl_nn.data.device_data": "DeviceData",
    "flodl_nn.data.device_loader": "DeviceLoader",
    "flodl_nn.ema": "EMA",
    "flodl_nn.init": "initialize",
    "flodl_nn.modules.attention": "GroupedQueryAttention MultiheadAttention",
    "flodl_nn.modules.channels": "L2Normalize LayerNorm2d SqueezeExcite",
    "flodl_nn.modules.gated": "GEGLU ReGLU SwiGLU",
    "flodl_nn.modules.gaussian_blur": "GaussianBlur",
    "flodl_nn.modules.patches": "PatchEmbedding",
    "flodl_nn.modules.positions": "LearnedPositions SinusoidalPositions",
    "flodl_nn.modules.residual": "LayerScale StochasticDepth",
    "flodl_nn.modules.rotary": "RotaryEmbedding",
    "flodl_nn.modules.shape": "Permute Reshape",
    "flodl_nn.optim": "load_flodl_state",
    "flodl_nn.sampler": "Sampler",
    "flodl_nn.schedules": (
        "AbstractSchedule constant cosine cyclic exponential inverse_sqrt linear multi_step one_cycle plateau "
        "polynomial step_decay warmup warmup_stable_decay"
    ),
    "flodl_nn.step.train_step": "TrainStep",
    "torch.nn": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss AdaptiveMaxPool1d "
        "AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d AvgPool2d AvgPool3d BatchNorm1d BatchNorm2d "
        "BatchNorm3d Bilinear CELU ChannelShuffle CircularPad1d CircularPad2d CircularPad3d ConstantPad1d "
        "ConstantPad2d ConstantPad3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d "
        "CosineSimilarity CrossMapLRN2d Dropout Dropout1d Dropout2d Dropout3d ELU Embedding EmbeddingBag "
        "FeatureAlphaDropout Flatten Fold FractionalMaxPool2d FractionalMaxPool3d GELU GLU GRU GRUCell GroupNorm "
        "Hardshrink Hardsigmoid Hardswish Hardtanh Identity InstanceNorm1d InstanceNorm2d InstanceNorm3d LPPool1d "
        "LPPool2d LPPool3d LSTM LSTMCell LayerNorm LeakyReLU Linear LocalResponseNorm "
        "LogSigmoid LogSoftmax MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d Mish PReLU "
        "PairwiseDistance PixelShuffle PixelUnshuffle RMSNorm RNN RNNCell RReLU ReLU ReLU6 ReflectionPad1d "
        "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d SELU SiLU Sigmoid Softmax "
        "Softmax2d Softmin Softplus Softshrink Softsign SyncBatchNorm Tanh Tanhshrink Threshold Transformer "
        "TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer Unflatten Unfold "
        "Upsample UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d"
    ),
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
