"""One seed for every generator; what is done under it leaves no trace."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from flodl_core.errors import TensorError
from flodl_core.tensor import RandomState, seed_everything, seeded


def draw(device):
    """One number from every generator."""
    return (
        torch.rand(()).item(),
        torch.rand((), device=device).item(),
        random.random(),
        float(np.random.random()),
    )


def test_a_seed_repeats_every_generator(device):
    """The same seed gives the same numbers, another seed others, in all of them."""
    seed_everything(3)
    first = draw(device)
    seed_everything(3)
    assert first == draw(device)
    seed_everything(4)
    assert all(one != two for one, two in zip(first, draw(device), strict=True))


def test_the_numbers_are_those_of_each_library(device):
    """Seeding means what it means in torch, Python and numpy."""
    seed_everything(11)
    alone = torch.rand((), generator=torch.Generator(device).manual_seed(11), device=device)
    assert alone == torch.rand((), device=device)
    assert random.Random(11).random() == random.random()
    assert np.random.RandomState(11).random_sample() == np.random.random()


def test_a_block_leaves_no_trace(device):
    """After `seeded`, even by an error, every generator goes on where it was."""
    seed_everything(5)
    expected = [draw(device) for _ in range(2)]
    seed_everything(5)
    first = draw(device)
    with pytest.raises(KeyError), seeded(9):  # noqa: PT012 - the block is what is tested
        draw(device)
        raise KeyError
    assert expected == [first, draw(device)]


def test_a_state_is_kept_and_put_back(device):
    """A captured state gives the same numbers again, twice."""
    seed_everything(6)
    draw(device)
    state = RandomState.capture()
    first = draw(device)
    for _ in range(2):
        state.restore()
        assert first == draw(device)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "7", None, True])
def test_what_is_no_seed_is_told(seed):
    """The error says what a seed is."""
    with pytest.raises(TensorError, match="whole number from 0"):
        seed_everything(seed)


@pytest.mark.parametrize("seed", [0, 2**32, 2**64 - 1])
def test_any_64_bits_will_do(seed):
    """Large seeds are seeds; numpy takes what it can."""
    seed_everything(seed)
    first = torch.rand(())
    seed_everything(seed)
    assert first == torch.rand(())


def test_a_gpu_that_wakes_up_later_is_seeded_and_put_back(device):
    """In a fresh process, before CUDA was used: seeding counts for it, and `seeded` leaves no trace on it."""
    code = f"""
import torch
from flodl_core.tensor import seed_everything, seeded
seed_everything(3)
with seeded(9):
    torch.rand((), device="{device}")
print(torch.rand((), device="{device}").item())
"""
    torch.manual_seed(3)
    expected = torch.rand((), device=device).item()
    assert expected == float(subprocess.check_output([sys.executable, "-c", code], text=True))


def test_numpy_is_not_imported_for_this():
    """Who does not use numpy's generator is not made to."""
    code = (
        "import sys, torch; from flodl_core.tensor import seed; sys.modules.pop('numpy', None);"
        "seed.seed_everything(1); print('numpy' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
