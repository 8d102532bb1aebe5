"""One function decides where tensors live, and says why not."""

import pytest
import torch
from flodl_core.errors import TensorError
from flodl_core.tensor import pick_device


def test_auto_is_the_gpu_or_the_cpu():
    """auto takes CUDA's current device when there is one."""
    expected = torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")
    assert expected == pick_device() == pick_device("auto") == pick_device(" AUTO ")


@pytest.mark.parametrize("choice", ["cpu", "CPU", torch.device("cpu")])
def test_the_cpu_is_always_there(choice):
    """By name in any case, or as torch's own object."""
    assert torch.device("cpu") == pick_device(choice)


def test_the_device_under_test_is_picked(device):
    """What the answer names can hold a tensor, and a CUDA device comes with its number."""
    picked = pick_device(device)
    assert picked.type == device.type
    assert picked == torch.ones(1, device=picked).device
    assert picked == pick_device(str(device))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("choice", ["cuda", "cuda:1", 0, torch.device("cuda")])
def test_no_gpu_is_told(choice):
    """The error says why CUDA is not there and what to do."""
    with pytest.raises(TensorError, match="device 'cuda' is not there: ") as caught:
        pick_device(choice)
    assert '"auto"' in caught.value.mend


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_too_many_is_told():
    """A number beyond the last device names those that are there."""
    with pytest.raises(TensorError, match="'cuda:99' is not there") as caught:
        pick_device("cuda:99")
    assert "cuda:0" in caught.value.mend


@pytest.mark.parametrize("choice", ["gpu", "cuda:x", "", "cdua", None, True, 1.5, -1, 2**70])
def test_what_is_no_device_is_told(choice):
    """Anything else is an error that shows what was given."""
    with pytest.raises(TensorError) as caught:
        pick_device(choice)
    assert repr(choice) in str(caught.value) or "cuda" in str(caught.value)


@pytest.mark.parametrize("choice", ["vulkan", "privateuseone"])
def test_a_kind_that_torch_was_not_built_for_is_told(choice):
    """torch parses its name all the same."""
    with pytest.raises(TensorError, match=f"device '{choice}' is not there: "):
        pick_device(choice)


def test_a_slip_gets_a_suggestion():
    """A near miss names the device that was meant."""
    with pytest.raises(TensorError, match="did you mean 'cuda'"):
        pick_device("cudda")
