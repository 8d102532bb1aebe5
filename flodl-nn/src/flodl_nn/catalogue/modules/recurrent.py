"""Sequences step by step, whole or one step at a time."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_RECURRENT = "recurrent"
_SEQUENCE = "f32[5,2,4]"

RECURRENTS = (
    module("rnn", "RNN", "A plain recurrent network.", _RECURRENT, ex(4, 6, feed=_SEQUENCE), outputs="output hidden"),
    module("gru", "GRU", "Gated recurrent units.", _RECURRENT, ex(4, 6, feed=_SEQUENCE), outputs="output hidden"),
    module(
        "lstm",
        "LSTM",
        "Long short-term memory; its state is the pair (hidden, cell).",
        _RECURRENT,
        ex(4, 6, feed=_SEQUENCE),
        outputs="output state",
    ),
    module("rnn_cell", "RNNCell", "One step of a plain recurrent network.", _RECURRENT, ex(4, 6, feed="f32[2,4]")),
    module("gru_cell", "GRUCell", "One step of a GRU.", _RECURRENT, ex(4, 6, feed="f32[2,4]"), "grucell"),
    module(
        "lstm_cell",
        "LSTMCell",
        "One step of an LSTM.",
        _RECURRENT,
        ex(4, 6, feed="f32[2,4]"),
        "lstmcell",
        outputs="hidden cell",
    ),
)
