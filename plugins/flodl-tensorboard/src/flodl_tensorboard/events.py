"""TensorBoard's messages, by the numbers of their fields (tensorboard/compat/proto, plugins/hparams)."""

from __future__ import annotations

from collections.abc import Mapping

from flodl_tensorboard.wire import double, message, single, text, whole

_STRING = 7
_START = 1


def version(time: float) -> bytes:
    """The event that begins every file: `Event(wall_time=1, file_version=3)`."""
    return double(1, time) + text(3, "brain.Event:2")


def start(time: float, step: int) -> bytes:
    """A run goes on here: readers forget `step` and what came after it. `Event.session_log = 7`, `status = 1`."""
    return _event(time, step, message(7, whole(1, _START)))


def scalars(time: float, step: int, values: Mapping[str, float]) -> bytes:
    """Numbers by tag: `Summary.Value(tag=1, simple_value=2)`."""
    return _summary(time, step, *(text(1, tag) + single(2, value) for tag, value in values.items()))


def texts(time: float, step: int, values: Mapping[str, str]) -> bytes:
    """Markdown by tag: `Summary.Value(tag=1, tensor=8, metadata=9)`, a tensor of one string."""
    shown_by = message(9, message(1, text(1, "text")))
    return _summary(time, step, *(text(1, tag) + _string(value) + shown_by for tag, value in values.items()))


def hyperparameters(time: float, step: int, values: Mapping[str, str]) -> bytes:
    """What the run began with: `HParamsPluginData.session_start_info = 3`, its `hparams = 1`, `start_time_secs = 5`."""
    entries = (message(1, text(1, name) + message(2, _value(given))) for name, given in values.items())
    content = message(2, message(3, *entries, double(5, time)))
    tag = text(1, "_hparams_/session_start_info")
    return _summary(time, step, tag + message(9, message(1, text(1, "hparams"), content)))


def _event(time: float, step: int, content: bytes) -> bytes:
    return double(1, time) + whole(2, step) + content


def _summary(time: float, step: int, *values: bytes) -> bytes:
    """`Event(wall_time=1, step=2, summary=5)`, `Summary.value = 1`."""
    return _event(time, step, message(5, *(message(1, value) for value in values)))


def _string(value: str) -> bytes:
    """`TensorProto(dtype=1, tensor_shape=2, string_val=8)`, `TensorShapeProto.dim = 2`, `Dim.size = 1`."""
    return message(8, whole(1, _STRING), message(2, message(2, whole(1, 1))), text(8, value))


def _value(given: str) -> bytes:
    """`Value(number_value=2, string_value=3, bool_value=4)`: TensorBoard filters and sorts by them."""
    if given in ("True", "False"):
        return whole(4, given == "True")
    try:
        return double(2, float(given))
    except ValueError:
        return text(3, given)
