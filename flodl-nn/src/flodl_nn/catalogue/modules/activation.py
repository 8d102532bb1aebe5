"""Functions of each value, and of values along a dimension."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_ACTIVATION = "activation"
_X, _IMAGE = "f32[2,8]", "f32[2,3,4,4]"

ACTIVATIONS = (
    module("relu", "ReLU", "max(0, x).", _ACTIVATION, ex(feed=_X)),
    module("relu6", "ReLU6", "x kept from 0 to 6.", _ACTIVATION, ex(feed=_X)),
    module("leaky_relu", "LeakyReLU", "x above 0, a small part of it below.", _ACTIVATION, ex(0.1, feed=_X)),
    module("prelu", "PReLU", "x above 0, a learned part of it below.", _ACTIVATION, ex(8, feed=_X)),
    module("rrelu", "RReLU", "x above 0, a random part of it below.", _ACTIVATION, ex(feed=_X)),
    module("elu", "ELU", "x above 0, exp(x) - 1 below.", _ACTIVATION, ex(feed=_X)),
    module("celu", "CELU", "An elu whose slope is continuous for every alpha.", _ACTIVATION, ex(1.5, feed=_X)),
    module("selu", "SELU", "An elu scaled so that deep networks keep mean and variance.", _ACTIVATION, ex(feed=_X)),
    module("gelu", "GELU", "x times the normal distribution function of x.", _ACTIVATION, ex(feed=_X)),
    module("silu", "SiLU", "x times its sigmoid.", _ACTIVATION, ex(feed=_X), "swish"),
    module("mish", "Mish", "x times tanh of its softplus.", _ACTIVATION, ex(feed=_X)),
    module("sigmoid", "Sigmoid", "To between 0 and 1.", _ACTIVATION, ex(feed=_X)),
    module("logsigmoid", "LogSigmoid", "The logarithm of the sigmoid.", _ACTIVATION, ex(feed=_X), "log_sigmoid"),
    module("tanh", "Tanh", "To between -1 and 1.", _ACTIVATION, ex(feed=_X)),
    module("hardsigmoid", "Hardsigmoid", "A sigmoid of three straight lines.", _ACTIVATION, ex(feed=_X)),
    module("hardswish", "Hardswish", "A silu of straight lines and a parabola.", _ACTIVATION, ex(feed=_X)),
    module("hardtanh", "Hardtanh", "x kept from -1 to 1.", _ACTIVATION, ex(feed=_X)),
    module("softplus", "Softplus", "log(1 + exp(x)): a smooth relu.", _ACTIVATION, ex(feed=_X)),
    module("softsign", "Softsign", "x / (1 + |x|).", _ACTIVATION, ex(feed=_X)),
    module("softshrink", "Softshrink", "x nearer to 0 by lambda; 0 where it was nearer.", _ACTIVATION, ex(feed=_X)),
    module("hardshrink", "Hardshrink", "0 near 0, x elsewhere.", _ACTIVATION, ex(feed=_X)),
    module("tanhshrink", "Tanhshrink", "x - tanh(x).", _ACTIVATION, ex(feed=_X)),
    module("threshold", "Threshold", "x above a threshold, a value below it.", _ACTIVATION, ex(0.1, 0.0, feed=_X)),
    module("softmax", "Softmax", "Positive and summing to 1 along a dimension.", _ACTIVATION, ex(-1, feed=_X)),
    module("softmin", "Softmin", "The softmax of -x.", _ACTIVATION, ex(-1, feed=_X)),
    module("log_softmax", "LogSoftmax", "The logarithm of the softmax.", _ACTIVATION, ex(-1, feed=_X)),
    module("softmax2d", "Softmax2d", "A softmax over the channels of images.", _ACTIVATION, ex(feed=_IMAGE)),
    module("glu", "GLU", "One half times the sigmoid of the other.", _ACTIVATION, ex(feed=_X)),
)
