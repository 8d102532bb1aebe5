"""Which differences between a replay and an eager step kernels explain that are never twice the same."""

from __future__ import annotations

from flodl_core.capture.effects import beyond_noise


def test_without_noise_nothing_may_differ():
    """Eager steps that agree bit for bit leave a replay no more than rounding."""
    assert beyond_noise({"weight": 2e-6, "bias": 0.0}, {"weight": 0.0, "bias": 0.0}) == {"weight": 2e-6}


def test_a_tensor_may_be_as_far_as_its_own_noise():
    """Four times what two eager steps showed."""
    spread = {"gradient": 0.4}
    assert beyond_noise({"gradient": 1.5}, spread) == {}
    assert beyond_noise({"gradient": 1.7}, spread) == {"gradient": 1.7}


def test_noise_of_one_is_noise_of_all_up_to_a_limit():
    """A weight that two eager steps left alike may be a little off where another was not; but never far."""
    spread = {"bias": 1.5, "weight": 1e-5}
    assert beyond_noise({"bias": 1.6, "weight": 5.8e-4, "result 0": 1e-4}, spread) == {}
    assert beyond_noise({"weight": 5e-3, "result 0": 1e-4}, spread) == {"weight": 5e-3}
    assert beyond_noise({"weight": 5.8e-4}, {"bias": 1e-5}) == {"weight": 5.8e-4}
