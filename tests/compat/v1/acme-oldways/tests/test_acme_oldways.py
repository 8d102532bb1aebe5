"""What its author tested with API 1: call forms of the registry, of references, of the tools for tests."""

import copy
import pickle
import subprocess
import sys
import types

import pytest
from flodl_core import (
    Component,
    ComponentError,
    FlodlError,
    LossSpec,
    Origin,
    PluginError,
    Registry,
    UnknownComponent,
    as_reference,
    components,
    hookimpl,
    ref,
)
from flodl_core.policy import Policy
from flodl_core.testing import (
    Check,
    Skip,
    Subject,
    environment,
    exercise,
    fake_distribution,
    fresh_registry,
    plugin_source,
    suite_of,
)


def mine(registry, *kind):
    return [c.id for c in registry.list(*kind) if c.origin.distribution == "acme-oldways"]


def test_everything_is_there():
    assert mine(components) == [
        "scheduler:acme-oldways/acme_ladder",
        "op:acme-oldways/acme_double",
        "op:acme-oldways/acme_twice",
        "probe:acme-oldways/acme_still",
    ]
    states = {r.entry_point: (r.state, r.reason) for r in components.plugins() if r.distribution == "acme-oldways"}
    assert states == dict.fromkeys(["object", "class", "module"], ("loaded", ""))
    assert "torch" not in sys.modules


def test_lists_became_tuples():
    spec = components.find("scheduler", "ladder_of_acme").spec
    assert spec.aliases == ("AcmeLadder", "ladder_of_acme")
    assert spec.example.args == ((3, 5),)
    assert spec.example.kwargs == {"factors": (1.0, 0.5, 0.1)}


def test_what_is_made():
    ladder = components.create("scheduler", {"use": "acme_ladder", "at": [3, 5], "factors": [1.0, 0.5, 0.1]})
    assert [ladder.lr(step, 2.0) for step in (0, 3, 4, 5)] == [2.0, 1.0, 1.0, 0.2]
    assert components.create("op", "acme_twice")(4) == 8
    assert components.create("op", "op:acme-oldways/acme_double")(4) == 8
    assert components.create("probe", ("acme_still",)).sample() == {}
    assert components.create("scheduler", ref("acme_ladder", (1,)), factors=(1, 0)).factors == (1, 0)
    assert components.create("scheduler", ladder) is ladder


def test_errors():
    with pytest.raises(ComponentError) as caught:
        components.create("op", "acme_twice", speed=3)
    assert (caught.value.what, caught.value.where, caught.value.mend) == (
        "acme_twice takes nothing",
        "here",
        "leave it out",
    )
    assert str(caught.value).splitlines() == ["acme_twice takes nothing", "  at: here", "  try: leave it out"]
    assert isinstance(caught.value, (FlodlError, ValueError))
    with pytest.raises(KeyError):
        components.find("op", "acme_thrice")
    with pytest.raises(UnknownComponent):
        components.find("ops", "acme_thrice")


def test_a_component_travels():
    ladder = components.find("scheduler", "acme_ladder")
    for other in (copy.deepcopy(ladder), pickle.loads(pickle.dumps(ladder))):
        assert (other.spec, other.origin) == (ladder.spec, ladder.origin)
        assert other.load() is ladder.load()
    by_hand = Component(ladder.spec, Origin("acme-oldways", "1.0.0", "module"))
    assert by_hand.create((1,), (1, 2)).factor(0) == 1


def test_references():
    assert as_reference("adam") == ref("adam")
    assert as_reference(("adam", {"lr": 1e-3})) == ref("adam", lr=1e-3)
    assert as_reference({"use": "adam", "args": [1], "lr": 1e-3}) == ref("adam", 1, lr=1e-3)
    assert as_reference(3.0) == 3.0
    assert hash(ref("a", ref("b", [1, 2]), c={"d": 3})) == hash(ref("a", ref("b", (1, 2)), c={"d": 3}))
    assert (ref("a", 1, b=2).name, ref("a", 1, b=2).args, dict(ref("a", 1, b=2).kwargs)) == ("a", (1,), {"b": 2})


def test_of_a_session():
    @hookimpl
    def flodl_losses():
        yield LossSpec(name="acme_mine", target="operator:sub", summary="Mine.")

    registry = Registry(Policy(allowed=frozenset()))
    registry.register(types.SimpleNamespace(flodl_losses=flodl_losses), "notebook")
    assert registry.find("loss", "acme_mine").qualified == "session/acme_mine"
    assert registry.create("loss", "acme_mine", 5, 3) == 2
    registry.refresh()
    assert [c.name for c in registry.list("loss") if c.origin.distribution == "session"] == ["acme_mine"]


def test_fake_distributions(tmp_path):
    acme = fake_distribution(
        tmp_path,
        "acme-fake",
        "0.3",
        entry_points={"acme": "acme_fake_plugin"},
        files={
            "acme_fake_plugin.py": plugin_source(
                "flodl_losses",
                'LossSpec(name="fake", target="acme_fake:Fake", summary="Fake.")',
                'LossSpec(name="far", target="acme_fake:Far", summary="Far.", requires_api=999)',
            )
        },
        requires=["attrs"],
    )
    with fresh_registry(acme.folder, policy=Policy(denied=frozenset({"acme-oldways"}))) as registry:
        assert registry.find("loss", "fake").id == "loss:acme-fake/fake"
        assert mine(registry) == []
        with pytest.raises(PluginError, match="asks for flodl's API 999"):
            registry.find("loss", "far").check_requirements()
    ask = "from flodl_core import components; print(components.find('loss', 'fake').origin)"
    done = subprocess.run(
        [sys.executable, "-c", ask],
        env=environment(acme.folder, PYTHONHASHSEED="3"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "acme-fake 0.3\n"
    acme.uninstall()
    with fresh_registry(acme.folder) as registry, pytest.raises(UnknownComponent):
        registry.find("loss", "fake")


def test_the_suites():
    def never_negative(subject: Subject):
        schedule = subject.make()
        return Skip("too short") if len(schedule.at) > 9 else None

    more = {"scheduler": (Check("acme", "A check of ours.", never_negative),)}
    results = list(exercise(components.find("scheduler", "acme_ladder"), more=more, device="cpu"))
    assert [r.check for r in results] == ["loads", *(c.name for c in suite_of("scheduler")), "acme"]
    assert {r.outcome for r in results} <= {"passed", "skipped"}
    assert results[-1].outcome == "passed"
