"""floDl's ten benchmark models, each in plain PyTorch and in flodl's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flodl_bench.models import plain, words
from flodl_bench.models.model import Model
from flodl_bench.models.size import Size
from flodl_bench.names import CONVOLUTIONAL
from flodl_bench.names import MODELS as NAMES

Shape = Callable[[Size], tuple[int, ...]]


def _features(batch: int, dim: int) -> Shape:
    return lambda size: (size.of(batch), size.of(dim))


def _sequence(batch: int, dim: int) -> Shape:
    return lambda size: (size.of(batch), size.of(50), size.of(dim))


def _image(batch: int) -> Shape:
    return lambda size: (size.of(batch), 3, size.image, size.image)


_DATA: Mapping[str, tuple[Shape, Shape | None]] = {
    "mlp": (_features(256, 1024), _features(256, 1024)),
    "convnet": (_image(128), lambda size: (size.of(128), 100)),
    "gru_seq": (_sequence(128, 256), _features(128, 256)),
    "transformer": (_features(32, 128), lambda size: (size.of(32) * size.of(128),)),
    "lstm_seq": (_sequence(128, 256), _features(128, 256)),
    "conv_autoenc": (_image(64), None),
    "residual_tower": (_features(256, 1024), _features(256, 1024)),
    "gated_routing": (_features(256, 512), _features(256, 512)),
    "iterative_refine": (_features(256, 1024), _features(256, 1024)),
    "feedback_fixed": (_features(128, 512), _features(128, 512)),
}


def _model(name: str) -> Model:
    x, y = _DATA[name]
    of_tokens = name == "transformer"
    return Model(
        plain=getattr(plain, name),
        words=getattr(words, name),
        x=x,
        y=y,
        tokens=(lambda size: size.of(8192)) if of_tokens else None,
        loss="cross_entropy" if of_tokens else "mse",
        lr=1e-4 if of_tokens else 1e-3,
        searches=name in CONVOLUTIONAL,
    )


MODELS: Mapping[str, Model] = {name: _model(name) for name in NAMES}
"""By name."""
