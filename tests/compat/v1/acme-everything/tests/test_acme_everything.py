"""What its author tested with API 1: the registry, references, flows, training, monitoring, and the suites."""

import pytest
import torch
from flodl_core import Ref, as_reference, components, ref
from flodl_core.testing import exercise
from flodl_graph import FlowBuilder
from flodl_graph.testing import CHECKS as IN_GRAPHS
from flodl_monitor import Monitor
from flodl_monitor.testing import CHECKS as IN_MONITORS
from flodl_nn import TrainStep

MINE = [c for c in components.list(deprecated=True) if c.origin.distribution == "acme-everything"]


def test_every_kind_is_there():
    assert {c.kind for c in MINE} == set(components.kinds)
    assert [report.state for report in components.plugins() if report.distribution == "acme-everything"] == ["loaded"]
    assert [p for p in components.problems() if p.plugin and p.plugin.distribution == "acme-everything"] == []


@pytest.mark.parametrize("component", MINE, ids=lambda c: c.id)
def test_it_keeps_its_promises(component, tmp_path):
    if component.spec.deprecated:
        return
    results = list(exercise(component, more={**IN_GRAPHS, **IN_MONITORS}))
    assert [str(result) for result in results if result.outcome == "failed"] == []
    assert "passed" in {result.outcome for result in results}


def test_names():
    glu = components.find("module", "acme_glu")
    for name in ("AcmeGlu", "acme-everything/acme_glu", "module:acme_glu", "module:acme-everything/acme_gated"):
        assert components.find("module", name) is glu
    assert glu.id == "module:acme-everything/acme_glu"
    assert glu.qualified == "acme-everything/acme_glu"
    assert (glu.kind, glu.name) == ("module", "acme_glu")
    assert str(glu.origin) == "acme-everything 1.0.0"
    assert (glu.origin.entry_point, glu.origin.builtin) == ("everything", False)
    assert list(glu.signature().parameters) == ["features", "bias"]
    assert glu.bind(3).arguments["features"] == 3
    assert glu.load().__name__ == "Glu"
    assert glu.create(3, bias=False).bias is None
    assert glu.spec.layout.parameters[1].optional


def test_a_deprecated_name_warns():
    with pytest.warns(FutureWarning, match="acme_old_glu.* is deprecated: use acme_glu; gone in acme-everything 2.0"):
        components.find("module", "acme_old_glu")
    assert "acme_old_glu" not in {c.name for c in components.list("module")}


@pytest.mark.parametrize(
    "reference",
    [
        ref("acme_huberish", scale=2.0),
        Ref("acme_huberish", kwargs={"scale": 2.0}),
        ("acme_huberish", {"scale": 2.0}),
        {"use": "acme_huberish", "scale": 2.0},
        {"use": "acme_huberish", "args": [2.0]},
    ],
)
def test_every_form_of_a_reference(reference):
    loss = components.create("loss", reference)
    assert loss.scale == 2.0
    assert components.create("loss", loss) is loss
    assert isinstance(as_reference(reference), Ref)


def test_a_flow_is_trained_and_watched(tmp_path):
    torch.manual_seed(0)
    model = (
        FlowBuilder(ref("linear", 1, 8))
        .word("acme_highway", "tanh", dim=8)
        .through("op:acme_softcap", cap=3.0)
        .split("identity", "relu")
        .merge("acme_midrange")
        .tag("seen")
        .through("acme_glu", 8)
        .using(context="seen")
        .through("linear", 8, 1)
        .build()
    )
    components.create("initializer", ("acme_lattice", {"width": 0.5}))(model.linear_1.weight)
    step = TrainStep(
        model,
        loss=ref("acme_huberish", scale=2.0),
        optimizer=ref("acme_descent", lr=0.1),
        capture="never",
    )
    x = torch.linspace(-1, 1, 16)[:, None]
    diary = tmp_path / "diary.txt"
    monitor = Monitor(3, sinks=[ref("acme_diary", path=str(diary))], probes=["acme_clock"])
    losses = []
    with monitor:
        for _ in monitor.epochs(step):
            losses.append(float(step(x, x.square())))
    assert losses[-1] < losses[0]
    assert [line.split()[0] for line in diary.read_text().splitlines()] == ["1/3", "2/3", "3/3"]
