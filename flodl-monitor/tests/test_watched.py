"""What a run is of: told to every view that wants to know, and never in training's way."""

from __future__ import annotations

import io
import json
import math

import pytest
from flodl_monitor import Monitor, read_event_log
from flodl_monitor.about import About, Part, about_from_json, about_to_json
from flodl_monitor.follow import Past
from flodl_monitor.history import History
from flodl_monitor.sinks.html import Html
from flodl_monitor.sinks.jsonl import Jsonl
from flodl_monitor.sinks.terminal import Terminal
from flodl_monitor.watched import Watched
from flodl_monitor.web.page import history_in, page_of

SVG = (
    '<svg viewBox="0 0 10 10"><g data-path="encoder" class="node"><title>encoder</title></g><script>x()</script></svg>'
)


class Number:
    """A parameter, as far as a monitor looks."""

    def __init__(self, count: int) -> None:
        self.count, self.requires_grad = count, True

    def numel(self) -> int:
        return self.count


class Model:
    """A module that draws itself."""

    label = "digits"

    def __init__(self, drawing: str = SVG) -> None:
        self.drawing, self.all = (
            drawing,
            {"encoder.a.weight": Number(3), "encoder.b.weight": Number(4), "head.weight": Number(5)},
        )

    def named_parameters(self):
        return iter(self.all.items())

    def paths(self):
        return "encoder", "encoder.a", "encoder.b", "head", "relu"

    def svg(self) -> str:
        return self.drawing

    def freeze(self, prefix: str, frozen: bool = True) -> None:
        for name, one in self.all.items():
            if name.startswith(prefix):
                one.requires_grad = not frozen


class Curious:
    """A sink that wants to know."""

    def __init__(self) -> None:
        self.told: list[About] = []
        self.records = []

    def emit(self, record) -> None:
        self.records.append(record)

    def describe(self, about: About) -> None:
        self.told.append(about)

    def close(self) -> None:
        pass


def test_sinks_are_told_what_the_run_is_of():
    """Title, settings as text, parts with their parameters, a harmless drawing; a step's model as a model."""
    sink, model = Curious(), Model()
    step = type("Step", (), {"model": model})()
    with Monitor(1, sinks=[sink, Terminal(io.StringIO())], probes=[]) as monitor:
        monitor.watch(step, lr=0.01, data={"use": "digits"})
        monitor.log(0, 0.1, {"loss": 1.0})
    (about,) = sink.told
    assert ("digits", {"lr": "0.01", "data.use": "digits"}) == (about.title, about.settings)
    assert [Part("encoder", 7), Part("encoder.a", 3), Part("encoder.b", 4), Part("head", 5)] == list(about.parts)
    assert [
        "svg",
        {"viewBox": "0 0 10 10"},
        [["g", {"data-path": "encoder", "class": "node"}, [["title", {}, ["encoder"]]]]],
    ] == about.drawing
    assert "Python" in about.environment


def test_what_changes_sides_is_marked():
    """The outermost part that was frozen or thawed; and it is described anew. Words of one's own stand beside it."""
    sink, model = Curious(), Model()
    with Monitor(4, sinks=[sink], probes=[]) as monitor:
        monitor.watch(model)
        for epoch in monitor.epochs():
            if epoch == 1:
                model.freeze("encoder")
            if epoch == 2:
                model.freeze("encoder.a", frozen=False)
                monitor.mark("saved")
    assert [(), ("freeze encoder",), ("saved", "thaw encoder"), ()] == [record.marks for record in sink.records]
    assert 3 == len(sink.told)
    assert [False, False, True, False] == [part.frozen for part in sink.told[-1].parts]
    assert [record.marks for record in sink.records] == [record.marks for record in monitor.history()]


def test_a_falling_rate_is_marked():
    """By half or more from one epoch to the next; a slow decay is none."""
    step = type("Step", (), {"lr": 1.0, "epoch": 0})()
    with Monitor(4, sinks=[], probes=[]) as monitor:
        for epoch in monitor.epochs(step):
            step.epoch, step.lr = epoch + 1, (1.0, 0.9, 0.09, 0.08)[epoch]
    assert [(), (), ("lr 0.9 to 0.09",), ()] == [record.marks for record in monitor.history()]


@pytest.mark.parametrize("epochs", [10, 200])
def test_a_rate_that_falls_all_the_time_has_no_drops(epochs):
    """Neither at the end of a cosine, where each epoch's is a fraction of the one before."""
    step = type("Step", (), {"lr": 1.0, "epoch": 0})()
    with Monitor(epochs, sinks=[], probes=[]) as monitor:
        for epoch in monitor.epochs(step):
            step.epoch, step.lr = epoch + 1, (1 + math.cos(math.pi * (epoch + 1) / epochs)) / 2
    assert [()] * epochs == [record.marks for record in monitor.history()]


def test_a_mark_on_an_epoch_that_is_over(tmp_path):
    """Stands where it belongs in every view, once however often it is said; after the last epoch, at the last."""
    path, shown = tmp_path / "run.jsonl", Html(tmp_path / "run.html")
    with Monitor(5, sinks=[Jsonl(path), shown, Curious()], probes=[]) as monitor:
        for epoch in range(3):
            monitor.log(epoch, 0.1, {"loss": 1.0})
            monitor.mark(f"saved states/{epoch + 1}", epoch=epoch + 1)
        monitor.mark("saved states/2", epoch=2)
        monitor.mark("over")
    expected = [("saved states/1",), ("saved states/2",), ("saved states/3", "over")]
    assert expected == [record.marks for record in monitor.history()]
    assert expected == [record.marks for record in read_event_log(path)]
    flat = [(epoch + 1, text) for epoch, texts in enumerate(expected) for text in texts]
    assert flat == Past(path).history.marks == history_in(shown.path.read_text(encoding="utf-8")).marks
    assert Past(path).finished


def test_a_mark_that_makes_no_sense_is_said(capfd):
    """And raises nothing."""
    with Monitor(5, sinks=[], probes=[]) as monitor:
        monitor.mark("here", epoch="third")
    assert "a mark is left out (MonitorError: epochs are counted in whole numbers" in capfd.readouterr().err


def test_log_page_and_saved_run_keep_it(tmp_path):
    """The event log after its first line, the page, a monitor's state: the same marks, the same description."""
    model, path = Model(), tmp_path / "run.jsonl"
    with Monitor(2, sinks=[Jsonl(path)], probes=[]) as monitor:
        monitor.watch(model, lr=0.1)
        monitor.log(0, 0.1, {"loss": 1.0})
        monitor.mark("here")
        monitor.log(1, 0.1, {"loss": 1.0})
        page = monitor.save_html(tmp_path / "run.html").read_text(encoding="utf-8")
    assert ["run", "about", "epoch", "epoch", "finish"] == [
        json.loads(line)["event"] for line in path.read_text().splitlines()
    ]
    assert [(), ("here",)] == [record.marks for record in read_event_log(path)]
    with monitor._outbox.settled() as history:
        assert Past(path).history.about == history_in(page).about == about_from_json(about_to_json(history.about))
    assert [(2, "here")] == history_in(page).marks
    with Monitor(2, sinks=[], probes=[]) as other:
        other.load_state_dict(json.loads(json.dumps(monitor.state_dict())))
        assert [(), ("here",)] == [record.marks for record in other.history()]


@pytest.mark.parametrize("drawing", ["<svg", "<!DOCTYPE svg><svg/>", 7, None])
def test_a_drawing_that_cannot_be_shown_is_left_out(drawing, capfd):
    """Said once; the rest is shown."""
    sink = Curious()
    with Monitor(1, sinks=[sink], probes=[]) as monitor:
        monitor.watch(Model(drawing))
        monitor.log(0, 0.1)
    assert 1 == capfd.readouterr().err.count("the model is not drawn")
    assert (None, "digits") == (sink.told[0].drawing, sink.told[0].title)


def test_a_profile_is_handed_to_the_drawing():
    """Also when it is drawn anew, because a part was frozen."""

    class Timed(Model):
        def svg(self, profile=None) -> str:
            return SVG.replace('class="node"', f'class="node heat-{profile}"')

    sink, model = Curious(), Timed()
    with Monitor(2, sinks=[sink], probes=[]) as monitor:
        monitor.watch(model, profile=7, lr=0.1)
        for _ in monitor.epochs():
            model.freeze("encoder")
    assert ["node heat-7"] * 2 == [about.drawing[2][0][1]["class"] for about in sink.told]
    assert {"lr": "0.1"} == sink.told[0].settings


class Rude:
    """Fails at every touch."""

    def __getattr__(self, name):
        raise RuntimeError(name)


@pytest.mark.parametrize("source", [lambda: None, lambda: 3, object, Rude])
def test_watching_never_raises(source):
    """Whatever it is given."""
    with Monitor(1, sinks=[], probes=[]) as monitor:
        monitor.watch(source())
        for _ in monitor.epochs():
            pass
    assert 1 == len(monitor.history())


def test_a_damaged_description_is_refused():
    """In a page that somebody edited: a drawing with a script in it comes out without."""
    plain = about_to_json(About(title="t"))
    plain["drawing"] = ["svg", {"onload": "x()"}, [["script", {}, ["x()"]]]]
    assert ["svg", {}, []] == about_from_json(plain).drawing
    with pytest.raises((ValueError, TypeError, LookupError)):
        about_from_json({**plain, "parts": [["a"]]})


def test_a_page_of_an_older_form_reads(record):
    """Schema 1 had neither rules nor marks nor a description."""
    history = History()
    history.append(record(1, metrics={"loss": 1.0}))
    page = page_of(history, title="t", total=1, finished=True)
    old = page.replace('"schema":2', '"schema":1')
    for key in ('"fired":[],', '"marks":[],', ',"about":null'):
        assert key in old or key.strip(",") in old
        old = old.replace(key, "")
    assert (1.0, [], None) == (history_in(old).metrics["loss"].values[0], history_in(old).marks, history_in(old).about)


@pytest.mark.parametrize("epoch", [0, -1, 1.5, float("nan")])
def test_a_mark_on_no_epoch_costs_no_view(epoch, tmp_path, capfd):
    """It is left out; log and page go on."""
    with Monitor(2, sinks=[Jsonl(tmp_path / "run.jsonl")], probes=[]) as monitor:
        monitor.log(0, 0.1)
        monitor.mark("here", epoch)
        monitor.log(1, 0.1)
    assert [(), ()] == [record.marks for record in read_event_log(tmp_path / "run.jsonl")]
    assert 1 == capfd.readouterr().err.count("flodl-monitor: a mark is left out (MonitorError: ")


def test_a_mark_on_an_epoch_that_was_counted_elsewhere(tmp_path, device):
    """`numpy.argmin` and torch's give numbers of their own: whole numbers all the same."""
    torch = pytest.importorskip("torch")
    losses = torch.tensor([0.5, 0.25, 0.75], device=device)
    with Monitor(3, sinks=[Jsonl(tmp_path / "run.jsonl")], probes=[]) as monitor:
        for epoch, loss in enumerate(losses):
            monitor.log(epoch, 0.1, {"loss": loss})
        monitor.mark("best", losses.argmin() + 1)
    assert [(), ("best",), ()] == [record.marks for record in read_event_log(tmp_path / "run.jsonl")]


def test_a_lazy_layer_is_shown(device):
    """Before it has seen an input it has no size: the other parts have theirs."""
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.LazyLinear(1)).to(device)
    assert (Part("0", 9), Part("1", 0)) == Watched(model, {}).about().parts
