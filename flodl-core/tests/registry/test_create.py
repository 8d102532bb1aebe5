"""Making components: references built, objects left alone, every failure an error of ours."""

from __future__ import annotations

import copy
import pickle
import sys

import pytest
from flodl_core import ComponentError, FlodlError, PluginError, UnknownComponent, UnknownKind, ref
from flodl_core.testing import plugin_source

TARGETS = """
class Focal:
    def __init__(self, gamma: float = 2.0, *parts, inner=None):
        self.gamma, self.parts, self.inner = gamma, parts, inner

class Nested:
    class Deep:
        pass

def refuses(value: int = 0):
    raise ValueError(f"value must be > 0,\\n  got {value}")

def looks_up():
    return {}["gone"]

def exhausts():
    raise MemoryError

def complains():
    from flodl_core import BuildError
    raise BuildError("no graph", mend="draw one")

not_callable = 3
nameless = (lambda: lambda: 1)()
"""
NAMES = {
    "focal": "Focal",
    "deep": "Nested.Deep",
    "refuses": "refuses",
    "looks_up": "looks_up",
    "exhausts": "exhausts",
    "complains": "complains",
    "constant": "not_callable",
    "gone": "gone",
    "nameless": "nameless",
}


@pytest.fixture
def world(install, registry):
    """A plugin whose targets do what factories do."""
    specs = [f'LossSpec(name="{name}", target="acme_targets:{target}", summary="S.")' for name, target in NAMES.items()]
    broken = {
        "exits": ("acme_exits", "raise SystemExit(3)"),
        "panics": ("acme_panics", "class Panic(BaseException): pass\nraise Panic('at the disco')"),
        "needs": ("acme_needs", "import a_library_that_is_not_there.inner"),
        "absent": ("acme_absent", None),
        "garbled": ("acme_garbled", "def f(:"),
    }
    specs += [f'LossSpec(name="{name}", target="{module}:f", summary="S.")' for name, (module, _) in broken.items()]
    files = {f"{module}.py": text for module, text in broken.values() if text is not None}
    install("acme", plugin_source("flodl_losses", *specs), "0.3", files={"acme_targets.py": TARGETS, **files})
    return registry


@pytest.mark.parametrize(
    ("reference", "args", "gamma"),
    [
        ("focal", (), 2.0),
        (ref("focal", 3.0), (), 3.0),
        (ref("focal", gamma=3.0), (), 3.0),
        (("focal", {"gamma": 3}), (), 3),
        ({"use": "focal", "gamma": 3}, (), 3),
        ({"use": "acme/focal", "args": [3]}, (), 3),
        ("focal", (4.0,), 4.0),
        (ref("focal", "part"), (4.0,), 4.0),
    ],
)
def test_a_reference_is_built(reference, args, gamma, world):
    """The caller's arguments go first; the reference's own follow."""
    assert gamma == world.create("loss", reference, *args).gamma


def test_the_reference_s_keywords_overrule_defaults(world):
    """What a person wrote goes before what the caller offers."""
    assert 3.0 == world.create("loss", ref("focal", gamma=3.0), gamma=1.0).gamma
    assert 1.0 == world.create("loss", "focal", gamma=1.0).gamma


def test_references_inside_are_built_too(world):
    """At any depth, of the outer kind or of the one they name; strings and tables stay what they are."""
    made = world.create(
        "loss", ref("focal", 1.0, (ref("focal"), "focal"), inner={"a": ref("loss:focal", 5.0), "b": {"use": "focal"}})
    )
    [(inner, text)] = made.parts
    assert (2.0, "focal") == (inner.gamma, text)
    assert 5.0 == made.inner["a"].gamma
    assert {"use": "focal"} == made.inner["b"]


def test_an_object_is_itself(world):
    """And a function is an object."""
    for thing in (object(), len, lambda x: x):
        assert thing is world.create("loss", thing)


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (dict, "a loss is due, got the class dict\n  try: call it: dict(...)"),
        (None, "a loss is due, got None\n  try: give an object, a name"),
        (3, "a loss is due, got 3"),
        ({"lr": 3}, "a loss is due, got {'lr': 3}"),
        ((), "a loss is due, got ()"),
    ],
)
def test_what_is_no_reference_and_no_object(thing, said, world):
    """A class or plain data where a component is due is a slip."""
    with pytest.raises(ComponentError) as caught:
        world.create("loss", thing)
    assert str(caught.value).startswith(said)


def test_an_unknown_kind(world):
    """Even for an object."""
    with pytest.raises(UnknownKind):
        world.create("lose", object())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("refuses", "refuses: value must be > 0, got 0\n  at: acme_targets:refuses, of acme 0.3"),
        ("looks_up", "looks_up: KeyError: 'gone'"),
        (ref("focal", gama=3), "focal takes no argument 'gama'\n  try: did you mean 'gamma'?"),
        (ref("focal", "x"), "focal: argument 'gamma' is float, got 'x' (str)"),
    ],
)
def test_a_factory_that_refuses(name, said, world):
    """One line of what it said, and whose it is; the cause is kept for who debugs."""
    with pytest.raises(ComponentError) as caught:
        world.create("loss", name)
    assert str(caught.value).startswith(said)


def test_errors_that_are_no_refusal(world):
    """Ours keep their class; no memory is no memory."""
    with pytest.raises(FlodlError, match="no graph\n  try: draw one"):
        world.create("loss", "complains")
    with pytest.raises(MemoryError):
        world.create("loss", "exhausts")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone", "AttributeError: module 'acme_targets' has no attribute 'gone'"),
        ("constant", "acme_targets:not_callable is no factory, but a value of type int"),
        ("exits", "SystemExit: 3"),
        ("panics", "Panic: at the disco"),
        ("garbled", "SyntaxError: invalid syntax"),
        ("absent", "ModuleNotFoundError: No module named 'acme_absent'"),
    ],
)
def test_a_target_that_cannot_be_imported(name, said, world):
    """A PluginError that names the component, the target, the distribution, and whom to ask."""
    for ask in ("load", "signature", "create", "bind"):
        with pytest.raises(PluginError) as caught:
            getattr(world.find("loss", name), ask)()
        what, at, mend = str(caught.value).splitlines()
        assert what.startswith(f"loss {name!r} cannot be loaded: {said}")
        assert at.startswith("  at: acme_")
        assert at.endswith(", of acme 0.3")
        assert mend == "  try: ask acme about it, or pip install --upgrade acme"


def test_a_library_that_is_not_there(world):
    """Is not the plugin's fault: the mend names the library."""
    with pytest.raises(PluginError, match="perhaps: pip install a_library_that_is_not_there"):
        world.create("loss", "needs")


def test_ctrl_c_while_a_target_is_imported(install, registry):
    """Means the program; asked again, the target is imported again."""
    install(
        "acme",
        plugin_source("flodl_losses", 'LossSpec(name="focal", target="acme_slow:f", summary="S.")'),
        files={"acme_slow.py": "raise KeyboardInterrupt"},
    )
    with pytest.raises(KeyboardInterrupt):
        registry.create("loss", "focal")


def test_a_target_is_imported_once_and_late(world):
    """Listing imports no target; the first use does, and the second uses what is there."""
    [deep] = [loss for loss in world.list("loss") if loss.name == "deep"]
    assert "acme_targets" not in sys.modules
    assert deep.load() is deep.load() is sys.modules["acme_targets"].Nested.Deep


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_a_component_travels_without_its_target(travel, world):
    """Spec and origin are data; the target is imported where it arrives."""
    component = world.find("loss", "nameless")
    component.load()  # a function that pickle could not carry
    again = travel(component)
    assert (component.spec, component.origin) == (again.spec, again.origin)
    assert component.load() is again.load()


def test_names_in_arguments_are_not_looked_up(world):
    """Only a reference, where one is due, is: nothing in a table can call what it was not asked to."""
    assert "os:system" == world.create("loss", {"use": "focal", "inner": "os:system"}).inner
    for use in ("os:system", "acme_targets:Focal", "acme_targets.Focal"):
        with pytest.raises(UnknownComponent, match="never code paths"):
            world.create("loss", {"use": use})
