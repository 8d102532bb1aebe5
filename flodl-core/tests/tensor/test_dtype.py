"""One function decides what tensors are made of."""

import pytest
import torch
from flodl_core.errors import TensorError
from flodl_core.tensor import pick_dtype

WORDS = {
    "f32": torch.float32,
    "fp16": torch.float16,
    "BF16": torch.bfloat16,
    "half": torch.float16,
    "double": torch.float64,
    "torch.int64": torch.int64,
    "i32": torch.int32,
    "u8": torch.uint8,
    "bool": torch.bool,
    "complex64": torch.complex64,
}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_a_type(word):
    """torch's names, the short ones, and the types themselves."""
    assert WORDS[word] == pick_dtype(word) == pick_dtype(WORDS[word])


@pytest.mark.parametrize("word", ["flaot32", "tensor", "", None, 32])
def test_what_is_no_type_is_told(word):
    """The error shows what was given."""
    with pytest.raises(TensorError) as caught:
        pick_dtype(word)
    assert repr(word) in str(caught.value)


def test_a_slip_gets_a_suggestion():
    """A near miss names the type that was meant."""
    with pytest.raises(TensorError, match="did you mean 'float32'"):
        pick_dtype("flaot32")
