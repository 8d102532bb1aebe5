"""References: names with arguments, hashable, equal by value, read from plain data."""

from __future__ import annotations

import copy
import pickle

import pytest
from flodl_core import ComponentError, Ref, as_reference, ref
from flodl_core.reference import FrozenTable


@pytest.mark.parametrize(
    ("plain", "read"),
    [
        ("gelu", ref("gelu")),
        (("adam",), ref("adam")),
        (("adam", {"lr": 0.1}), ref("adam", lr=0.1)),
        (["linear", 2, 16], ref("linear", 2, 16)),
        (["linear", 2, 16, {"bias": False}], ref("linear", 2, 16, bias=False)),
        ({"use": "linear", "args": [2, 16], "bias": False}, ref("linear", 2, 16, bias=False)),
        ({"use": "conv2d", "args": [1, 2], "kernel_size": [3, 3]}, ref("conv2d", 1, 2, kernel_size=(3, 3))),
        (ref("gelu"), ref("gelu")),
    ],
)
def test_plain_data_is_read(plain, read):
    """As a person writes it in Python or TOML."""
    assert read == as_reference(plain)


@pytest.mark.parametrize("thing", [3, None, (), [], {}, (1, 2), {"lr": 1}, object(), len])
def test_what_is_no_reference_is_itself(thing):
    """An object is left alone, here; who needs a component says what is wrong with it."""
    assert thing is as_reference(thing)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ref(3), "a reference begins with a component's name, got 3"),
        (lambda: Ref(None), "a reference begins with a component's name, got None"),
        (lambda: Ref("adam", "ab"), "positional arguments are a tuple, got 'ab'"),
        (lambda: as_reference({"use": 3}), "`use` names a component, got 3"),
        (lambda: as_reference({"use": "linear", "args": 2}), r"`args` is a list of positional arguments, got 2"),
        (lambda: as_reference(("adam", {1: 2})), "keyword arguments are a table with words for keys"),
    ],
)
def test_what_looks_like_one_and_is_none(make, said):
    """One error, with the value."""
    with pytest.raises(ComponentError, match=said):
        make()


def test_equal_by_value_and_hashable():
    """The order of keywords says nothing; lists and tables inside are frozen."""
    one = ref("adam", lr=0.1, eps=1e-8, betas=[0.9, 0.99], more={"a": [1], "b": 2})
    two = ref("adam", more={"b": 2, "a": (1,)}, betas=(0.9, 0.99), eps=1e-8, lr=0.1)
    assert one == two
    assert {one: 1}[two] == 1
    assert one != ref("adam", lr=0.2)


def test_order_is_kept_for_readers():
    """A file written from it looks like the one it came from."""
    assert "ref('adam', lr=0.1, eps=1e-08)" == repr(ref("adam", lr=0.1, eps=1e-8))


def test_a_table_equals_any_mapping():
    """It is data; that it is frozen is its own affair."""
    table = FrozenTable((("a", 1), ("b", 2)))
    assert table == {"b": 2, "a": 1}
    assert {"a": 1} != table
    with pytest.raises(KeyError):
        table["c"]


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_travel(travel):
    """References go into checkpoints' metadata and to worker processes."""
    one = ref("highway", ref("linear", 8, 8), options={"a": [1, 2]})
    assert (one, hash(one)) == (travel(one), hash(travel(one)))
