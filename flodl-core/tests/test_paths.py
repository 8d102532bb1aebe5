"""Dotted paths, names and globs over any module."""

from __future__ import annotations

import pytest
from flodl_core import PathError
from flodl_core.paths import matches, module_paths, resolved, select_modules, select_parameters

nn = pytest.importorskip("torch").nn


def a_net():
    body = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 4, bias=False))
    return nn.ModuleDict({"encoder": nn.ModuleDict({"scan": body, "norm": nn.LayerNorm(4)}), "head": nn.Linear(4, 1)})


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("encoder.scan", ["encoder.scan.0.weight", "encoder.scan.0.bias", "encoder.scan.2.weight"]),
        ("head.bias", ["head.bias"]),
        ("*.bias", ["encoder.scan.0.bias", "encoder.norm.bias", "head.bias"]),
        ("encoder.*.0", ["encoder.scan.0.weight", "encoder.scan.0.bias"]),
        ("enc*.scan.[2-9]", ["encoder.scan.2.weight"]),
        ("encoder.nor?", ["encoder.norm.weight", "encoder.norm.bias"]),
    ],
)
def test_a_pattern_names_parameters_and_what_holds_them(pattern, names):
    """By path of a module, by own name, by glob of either."""
    assert names == list(select_parameters(a_net(), pattern))


def test_everything_has_names():
    """The empty path is the module itself, as for `get_submodule`; so is `*`."""
    net = a_net()
    every = [name for name, _ in net.named_parameters()]
    assert every == list(select_parameters(net, "")) == list(select_parameters(net, "*"))


def test_a_leading_star_also_matches_at_the_top():
    """`*.bias` of a lone layer is its bias."""
    assert list(select_parameters(nn.Linear(2, 2), "*.bias")) == ["bias"]


def test_a_path_is_no_prefix_of_a_word():
    """`head` does not name `header`."""
    assert not matches("header.weight", "head")


def test_a_name_with_brackets_is_itself_before_it_is_a_glob():
    """Keys of a ModuleDict may hold them."""
    net = nn.ModuleDict({"a[0]": nn.Linear(1, 1)})
    assert list(select_parameters(net, "a[0]")) == ["a[0].weight", "a[0].bias"]


def test_a_shared_parameter_is_found_by_every_name_and_given_once():
    """Under its first name."""
    net = nn.ModuleDict({"a": nn.Linear(2, 2, bias=False), "b": nn.Linear(2, 2, bias=False)})
    net["b"].weight = net["a"].weight
    assert list(select_parameters(net, "b")) == ["a.weight"]
    assert list(select_parameters(net, "*")) == ["a.weight"]


def test_modules_are_selected_without_what_is_below_them():
    """A path is one module; a glob is those it matches; parameters play no part."""
    net = a_net()
    assert list(select_modules(net, "encoder.scan")) == ["encoder.scan"]
    assert list(select_modules(net, "*.1")) == ["encoder.scan.1"]
    assert list(select_modules(net, "*")) == list(module_paths(net))
    assert module_paths(net)[:3] == ("encoder", "encoder.scan", "encoder.scan.0")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("encoder.scam", r"'encoder.scam' names no parameter\n  try: did you mean 'encoder.scan'"),
        ("scan", r"'scan' names no parameter\n  try: did you mean 'encoder.scan'\?"),
        ("qqq.*.zzz", r"names no parameter\n  try: paths: 'encoder', 'encoder.scan'.*, ..."),
        ("encoder.scan.1", r"'encoder.scan.1' names modules without parameters"),
        (3, r"a path is text, got 3\n  try: \"encoder.scan\""),
        (None, "a path is text, got None"),
    ],
)
def test_a_miss_says_the_nearest_paths(pattern, message):
    """By spelling, else by the last word, else what there is."""
    with pytest.raises(PathError, match=message):
        select_parameters(a_net(), pattern)


def test_a_module_that_is_not_there_is_said_too():
    """With the paths of modules only."""
    with pytest.raises(PathError, match=r"'encoder.nrom' names no module\n  try: did you mean 'encoder.norm'"):
        select_modules(a_net(), "encoder.nrom")
    with pytest.raises(PathError, match="the model has none"):
        select_modules(nn.Linear(1, 1), "a")


def test_all_of_nothing_is_nothing():
    """The empty path names everything: of a module without parameters none; a path that is said must be there."""
    assert {} == select_parameters(nn.Sequential(nn.ReLU()), "")
    with pytest.raises(PathError):
        select_parameters(nn.Sequential(nn.ReLU()), "0")


def test_a_buffer_is_called_what_it_is():
    """It does not train, so that no path of a part ends in it."""
    net = nn.ModuleDict({"norm": nn.BatchNorm1d(2)})
    with pytest.raises(PathError, match=r"'norm.running_mean' names a buffer, which does not train\n  try: name"):
        select_parameters(net, "norm.running_mean")


@pytest.mark.parametrize("path", [3, None, ("a",)])
def test_a_path_of_modules_is_text_too(path):
    """Not a bare error from inside."""
    with pytest.raises(PathError, match="a path is text"):
        select_modules(a_net(), path)


def test_a_module_may_have_other_names_for_its_parts():
    """They lead to what they stand for, at any depth and before a glob; a part's own name goes first."""
    net = a_net()
    net.aliases = {"body": "encoder", "head": "encoder", "lost": "nowhere"}
    net["encoder"].aliases = {"first": "scan"}
    assert "encoder.scan.0.bias" == resolved(net, "body.first.0.bias")
    assert "encoder.*" == resolved(net, "body.*")
    assert ["head", "lost", "body2", ""] == [resolved(net, path) for path in ("head", "lost", "body2", "")]
    assert select_parameters(net, "encoder.scan") == select_parameters(net, "body.first")
    assert select_modules(net, "encoder.scan") == select_modules(net, "body.first")


def test_parts_without_parameters_are_told_from_those_that_have_some():
    """Where nothing could be trained: the parts where something can."""
    message = r"'encoder.scan.1' names modules without parameters\n  try: parts that have some: 'encoder.scan.0', "
    with pytest.raises(PathError, match=message):
        select_parameters(a_net(), "encoder.scan.1")


def test_what_wraps_a_module_is_passed_through():
    """As `torch.compile` and DDP do: paths are those that people know; globs, and the wrapper's own, stay."""
    net = a_net()
    wrapped = nn.ModuleDict({"_orig_mod": nn.ModuleDict({"module": net})})
    assert "_orig_mod.module.encoder.scan" == resolved(wrapped, "encoder.scan")
    assert ["", "*.bias", "_orig_mod.module"] == [
        resolved(wrapped, path) for path in ("", "*.bias", "_orig_mod.module")
    ]
    assert list(select_parameters(net, "head").values()) == list(select_parameters(wrapped, "head").values())
    assert [net["head"]] == list(select_modules(wrapped, "head").values())
    assert "head" == resolved(nn.ModuleDict({"module": net, "other": nn.Linear(1, 1)}), "head")
