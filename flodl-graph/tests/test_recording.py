"""Numbers recorded by dotted path: where they go, what they become, how they are read again."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from flodl_core import CheckpointError, PathError, TrainingError, ref
from flodl_graph import FlowBuilder, Graph
from flodl_graph.observe.recorder import Recorder


@pytest.fixture
def graph(device: torch.device) -> Graph:
    scan = FlowBuilder("linear", 2, 3).tag("hidden").label("scan").build()
    encoder = FlowBuilder(scan).through("tanh").tag("idea").label("encoder").build()
    heads = FlowBuilder(encoder).split(*[ref("linear", 3, 1)] * 3).tag_group("head").merge("mean").tag("out")
    return heads.build().to(device)


def test_a_dotted_name_belongs_to_the_graph_it_leads_to(graph: Graph) -> None:
    """Whoever records it, the parent or the part; the part's own view has the short name."""
    graph.record("encoder.scan.loss", 1.0)
    graph.encoder.record("scan.loss", 2.0)
    graph.encoder.scan.record("loss", 6.0)
    assert {"encoder.scan.loss": 3.0} == graph.end_epoch()
    assert {"loss": 3.0} == graph.encoder.scan.latest_metrics()
    assert (3.0,) == graph.trend("encoder.scan.loss").values == graph.encoder.trend("scan.loss").values


def test_graphs_inside_words_are_reached(device: torch.device) -> None:
    """Loops, gates and switches hide nothing."""
    refine = FlowBuilder("linear", 2, 2).tag("step").label("refine").build()
    expert = FlowBuilder("linear", 2, 2).tag("opinion").label("expert").build()
    gated = FlowBuilder().gate("softmax_router", [expert, "tanh"], dim=2).loop_body(refine).for_n(2).build().to(device)
    inside = [path for path in gated.paths() if path.endswith((".0", "body"))]
    for path in inside:
        gated.record(f"{path}.loss", 1.0)
    assert {f"{path}.loss": 1.0 for path in inside} == gated.end_epoch()
    assert ["gate_1.experts.0", "loop_1.body"] == sorted(inside)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("encodr.loss", r"'encodr.loss' leads nowhere: there is no part 'encodr'\n  try: did you mean 'encoder'"),
        ("encoder.scna.loss", r"there is no part 'encoder.scna'\n  try: did you mean 'encoder.scan'"),
    ],
)
def test_a_path_that_leads_nowhere(graph: Graph, name: str, what: str) -> None:
    """An error at once, and nothing is recorded."""
    with pytest.raises(PathError, match=what):
        graph.record({"fine": 1.0, name: 1.0})
    assert {} == graph.flush()


@pytest.mark.parametrize("name", ["recall@0.5", "encoder.scan.hidden.gradient", "classifier loss"])
def test_names_with_dots_that_are_no_paths(graph: Graph, name: str) -> None:
    """A number in a name, or a module below a graph: recorded as they stand."""
    graph.record(name, 1.0)
    assert {name: 1.0} == graph.end_epoch()
    assert (1.0,) == graph.trend(name).values


def test_many_kinds_of_numbers(graph: Graph, device: torch.device) -> None:
    """Python's, numpy's, tensors of any real type and device, in one mean."""
    kinds = [1, True, 2.5, np.float32(0.5), np.int64(3)]
    tensors = [torch.tensor(4), torch.tensor([[0.5]], dtype=torch.bfloat16), torch.tensor(True)]
    for value in [*kinds, *tensors, *(t.to(device) for t in tensors)]:
        graph.record("x", value)  # type: ignore[arg-type]
    expected = (1 + 1 + 2.5 + 0.5 + 3 + 2 * (4 + 0.5 + 1)) / 11
    assert expected == pytest.approx(graph.flush()["x"])


def test_a_recorded_tensor_may_be_written_to(graph: Graph, device: torch.device) -> None:
    """What was recorded is the value of then; inside inference mode too."""
    loss = torch.ones((), device=device)
    graph.record("loss", loss)
    loss.fill_(100.0)
    with torch.inference_mode():
        graph.record("loss", torch.ones((), device=device) * 3)
    graph.record("loss", torch.full((), 5.0, device=device))
    assert {"loss": 3.0} == graph.flush()


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m"])
def test_a_name_can_be_read(graph: Graph, name: str) -> None:
    """In a table's head and in a line of a log; nothing of the table counts."""
    for said in ((name, 1.0), ({"a": 1.0, name: 1.0},), ({"a": 1.0, name: torch.tensor(1.0)},)):
        with pytest.raises(TrainingError, match="takes a name that can be read"):
            graph.record(*said)  # type: ignore[arg-type]
    assert {} == graph.flush()


def test_a_table_has_its_values(graph: Graph) -> None:
    """A further one is no weight, and is not dropped."""
    for value in (3.0, torch.tensor(3.0)):
        with pytest.raises(TrainingError, match=r"got a table and .*3.0.*\n.*weight=len"):
            graph.record({"a": 1.0}, value)
    assert {} == graph.flush()


def test_an_integer_beyond_floats(graph: Graph) -> None:
    """An error of this family, too."""
    with pytest.raises(TrainingError, match="an int beyond both"):
        graph.record("a", 10**400)


def test_what_is_no_number(graph: Graph) -> None:
    """Told with what to do."""
    with pytest.raises(TrainingError, match="takes a real number"):
        graph.record("x", torch.zeros((), dtype=torch.complex64))
    with pytest.raises(TrainingError, match="takes several values for a tag group; 'x' is no tag group"):
        graph.record("x", [1.0, 2.0])


def test_tag_groups(graph: Graph, device: torch.device) -> None:
    """Recorded, collected and asked as one word for all their tags."""
    graph.record("head", [1.0, 2.0, 3.0])
    assert {"head_0": 1.0, "head_1": 2.0, "head_2": 3.0} == graph.end_epoch()
    graph(torch.ones(1, 2, device=device))
    graph.collect("head")
    graph.end_epoch()
    assert [f"head_{i}" for i in range(3)] == [trend.name for trend in graph.trends("head")]
    assert [2, 2, 2] == [len(trend) for trend in graph.trends("head")]
    assert float(graph.tagged("head_1").detach()) == pytest.approx(graph.trend("head_1").latest())
    with pytest.raises(TrainingError, match="'head' has 3 tags, got 2 values"):
        graph.record("head", [1.0, 2.0])


@pytest.mark.parametrize("reduce", ["mean", "sum", "max", "min", "norm"])
def test_collecting_by_reduction(graph: Graph, device: torch.device, reduce: str) -> None:
    """A tagged value of any shape as one number, in the graph that owns the tag, detached."""
    graph(torch.randn(4, 2, device=device))
    value = graph.tagged("encoder.scan.hidden").detach()
    expected = {"mean": value.mean(), "sum": value.sum(), "max": value.max(), "min": value.min(), "norm": value.norm()}
    graph.collect("encoder.scan.hidden", reduce=reduce)
    assert {"encoder.scan.hidden": pytest.approx(float(expected[reduce]))} == graph.end_epoch()


def test_what_cannot_be_collected(graph: Graph, device: torch.device) -> None:
    """A tag without value, without numbers, an unknown word or tag."""
    with pytest.raises(PathError, match="has no value yet"):
        graph.collect("out")
    graph(torch.ones(0, 2, device=device))
    with pytest.raises(TrainingError, match=r"tag 'out' is empty: its shape is \[0, 1\]"):
        graph.collect("out", reduce="mean")
    with pytest.raises(TrainingError, match="collect\\(\\) knows no reduction 'maen'\n  try: did you mean 'mean'"):
        graph.collect("out", reduce="maen")
    with pytest.raises(PathError, match="did you mean 'out'"):
        graph.collect("ot")


def test_flushing_some_names(graph: Graph) -> None:
    """The others go on running; globs and dotted names work."""
    graph.record({"loss": 1.0, "encoder.loss": 2.0, "encoder.scan.loss": 3.0, "acc": 4.0})
    assert {"encoder.loss": 2.0, "encoder.scan.loss": 3.0} == graph.flush("encoder.*")
    graph.record("loss", 3.0)
    assert {"loss": 2.0} == graph.flush("loss")
    assert {"acc": 4.0} == graph.flush()
    with pytest.raises(PathError, match="nothing is recorded as 'x\\*'"):
        graph.flush("x*")
    graph.record({"loss": 1.0, "acc": 2.0})
    for misspelt in (graph.flush, graph.reset_trend):
        with pytest.raises(PathError, match="nothing is recorded as 'los'\n  try: did you mean 'loss'"):
            misspelt("acc", "los")
    assert {"loss": 5 / 3, "acc": 3.0} == graph.flush("loss", "acc")
    assert {} == graph.flush("loss")


def test_points_know_their_epoch(graph: Graph) -> None:
    """A name recorded now and then has a point then; others have none between."""
    for epoch in range(6):
        graph.record("loss", float(epoch))
        if epoch % 3 == 1:
            graph.record("val_loss", 10.0 + epoch)
        graph.end_epoch()
    assert ((11.0, 14.0), (1, 4)) == (graph.trend("val_loss").values, graph.trend("val_loss").epochs)


def test_a_trend_of_nothing_recorded(graph: Graph) -> None:
    """An error that names the nearest; recorded and not yet flushed, it is empty."""
    with pytest.raises(PathError, match="nothing is recorded as 'loss'\n  try: recorded: nothing yet"):
        graph.trend("loss")
    graph.record("encoder.loss", 1.0)
    assert 0 == len(graph.trend("encoder.loss"))
    with pytest.raises(PathError, match=r"did you mean 'encoder.loss'"):
        graph.trend("encoder.los")
    graph.end_epoch()
    assert 1 == len(graph.trends("*.loss", "encoder.loss"))


def test_a_group_before_it_is_recorded(graph: Graph) -> None:
    """Told, tag by tag."""
    with pytest.raises(PathError, match="nothing is recorded as 'head_0'"):
        graph.trends("head")


def test_trends_may_be_reset(graph: Graph) -> None:
    """Some names, or everything; what is recorded afterwards begins anew."""
    for _ in range(3):
        graph.record({"loss": 1.0, "encoder.acc": 2.0})
        graph.end_epoch()
    graph.reset_trend("encoder.acc")
    assert {"loss": 1.0} == graph.latest_metrics()
    graph.reset_trend()
    assert ({}, 0) == (graph.latest_metrics(), len(graph.timing_trend()))
    graph.record("loss", 5.0)
    assert {"loss": 5.0} == graph.end_epoch()


def test_an_exchanged_part_records_for_itself(graph: Graph) -> None:
    """What was recorded of the part before goes with that part."""
    graph.record("encoder.loss", 1.0)
    graph.end_epoch()
    graph.encoder = copy.deepcopy(graph.encoder)
    graph.record("encoder.loss", 3.0)
    graph.end_epoch()
    assert (1.0, 3.0) == graph.trend("encoder.loss").values
    graph.encoder._recorder.means.clear()


def test_time_left(graph: Graph) -> None:
    """From the mean duration of the epochs so far; the clock begins with the first number recorded."""
    assert 0.0 == graph.eta(10)
    for _ in range(4):
        graph.record("loss", 1.0)
        graph.end_epoch()
    durations = graph.timing_trend().values
    assert 4 == len(durations)
    assert sum(durations) / 4 * 6 == pytest.approx(graph.eta(10))
    assert 0.0 == graph.eta(3)


def test_the_table_has_a_row_per_epoch(graph: Graph, tmp_path: Path) -> None:
    """Blank where nothing was recorded; quoted where a name needs it; small numbers keep their digits."""
    graph.record({"a,b": 1.0, "lr": 3e-9})
    graph.end_epoch()
    graph.record({"lr": float("nan"), "encoder.loss": 0.5})
    graph.end_epoch()
    graph.export_trends(tmp_path / "all.csv")
    expected = 'epoch,"a,b",encoder.loss,lr\n1,1.00000000,,3.00000000e-09\n2,,0.50000000,nan\n'
    assert expected == (tmp_path / "all.csv").read_text()
    graph.export_timing_trends(tmp_path / "times.csv")
    assert ["epoch,seconds", "1", "2"] == [
        line.partition(",")[0] if line[0].isdigit() else line
        for line in (tmp_path / "times.csv").read_text().splitlines()
    ]


def test_the_log_is_for_people(graph: Graph, tmp_path: Path) -> None:
    """A header, then number, values, duration and the time left of each epoch."""
    for value in (0.5, 0.00025, 150.0):
        graph.record({"loss": value})
        graph.end_epoch()
    graph._recorder.clock.points = [(0, 0.042), (1, 1.24), (2, 125.0)]
    graph.write_log(tmp_path / "run.log", total=4, names=["loss"])
    assert [
        "# epoch  loss  [duration  ETA]",
        "  1  loss=0.5000  [42ms  ETA 126ms]",
        "  2  loss=2.50e-04  [1.2s  ETA 1.3s]",
        "  3  loss=150.00  [2m05s  ETA 42.1s]",
    ] == (tmp_path / "run.log").read_text().splitlines()


def test_nothing_to_write(graph: Graph, tmp_path: Path) -> None:
    """No curve, no such curve, no place: told, and no file is left."""
    with pytest.raises(TrainingError, match="there is no curve to write"):
        graph.export_trends(tmp_path / "all.csv")
    graph.record("loss", 1.0)
    graph.end_epoch()
    with pytest.raises(PathError, match="did you mean 'loss'"):
        graph.export_trends(tmp_path / "all.csv", ["los"])
    with pytest.raises(CheckpointError, match="there is no folder"):
        graph.write_log(tmp_path / "no" / "run.log")
    assert [] == list(tmp_path.iterdir())


def test_a_recorder_goes_on_where_it_was_saved(graph: Graph, device: torch.device) -> None:
    """In the middle of an epoch: the same means, to the bit."""
    graph.record({"loss": 0.1, "acc": torch.tensor(0.3, device=device)}, weight=3)
    graph.flush()
    graph.record({"loss": 0.7, "acc": torch.tensor(0.9, device=device)})
    other = Recorder()
    other.load_state_dict(graph._recorder.state_dict())
    graph.record({"loss": 0.2, "acc": torch.tensor(0.2, device=device)})
    twin = copy.deepcopy(graph)
    twin._recorder = other
    twin.record({"loss": 0.2, "acc": torch.tensor(0.2, device=device)})
    assert graph.end_epoch() == twin.end_epoch()
    assert graph._recorder.history == twin._recorder.history


@pytest.mark.parametrize("state", [{}, {"history": 3, "means": {}, "clock": {}}, {"history": {}, "means": {"a": 1}}])
def test_another_state_is_refused(state: dict[str, object]) -> None:
    """One error, nothing changed."""
    recorder = Recorder()
    recorder.mean("loss").add(1.0, 1.0)
    with pytest.raises(CheckpointError, match=r"no state of a recorder|no recorded values"):
        recorder.load_state_dict(state)
    assert 1.0 == recorder.means["loss"].weight


def test_a_dead_value_stays_visible(graph: Graph) -> None:
    """NaN is a point like any other: unknown to verdicts, and found by `finite`."""
    graph.record("loss", math.nan)
    assert math.isnan(graph.end_epoch()["loss"])
    assert graph.trend("loss").finite() is False


def test_no_record_waits_for_the_device(graph: Graph, device: torch.device) -> None:
    """Nor does collecting; a flush waits once, for everything together."""
    if device.type != "cuda":
        pytest.skip("only a GPU can be waited for")
    graph(torch.randn(4, 2, device=device))
    loss = torch.ones((), device=device)
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(10):
            graph.record("loss", loss)
            graph.record({"encoder.loss": loss, "encoder.scan.loss": loss}, weight=8)
            graph.collect("encoder.scan.hidden", reduce="norm")
    finally:
        torch.cuda.set_sync_debug_mode(before)
    torch.cuda.synchronize(device)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        flushed = graph.flush()
        torch.cuda.synchronize(device)
    assert 4 == len(flushed)
    assert 1 == sum(event.count for event in profile.key_averages() if "DtoH" in event.key)


def test_means_so_far_can_be_looked_at(device: torch.device) -> None:
    """By dotted name, without ending anything; what lies on a GPU is not waited for, and so left out."""
    inner = FlowBuilder("linear", 2, 2).label("inner").build()
    graph = FlowBuilder(inner).build().to(device)
    assert {} == graph.running_metrics()
    graph.record("loss", 1.0)
    graph.record("loss", 2.0, weight=3.0)
    graph.record("inner.norm", torch.tensor(0.5, device=device))
    expected = {"loss": 1.75, "inner.norm": 0.5} if device.type == "cpu" else {"loss": 1.75}
    assert expected == graph.running_metrics() == graph.running_metrics()
    assert {"loss": 1.75, "inner.norm": 0.5} == graph.end_epoch()
    assert {} == graph.running_metrics()


@pytest.mark.parametrize("weight", [0, -1.0, math.inf, math.nan, "3", None, torch.tensor(3.0)])
def test_a_weight_is_a_positive_number_of_the_host(graph: Graph, weight: object) -> None:
    """However often the name was recorded before, one value or several; a tensor would have to be waited for."""
    graph.record({"a": 1.0, "b": 1.0})
    for said in (("a", 5.0), ({"a": 5.0, "b": 5.0},), ("a", torch.tensor(5.0))):
        with pytest.raises(TrainingError, match="weighs by a positive number"):
            graph.record(*said, weight=weight)  # type: ignore[arg-type]
    assert {"a": 1.0, "b": 1.0} == graph.flush()


def test_a_weight_of_any_kind_of_number(graph: Graph) -> None:
    """A length, a numpy scalar."""
    for value, weight in ((1.0, 3), (5.0, np.int64(1))):
        graph.record("a", value, weight=weight)
        graph.record({"b": value}, weight=weight)
    assert {"a": 2.0, "b": 2.0} == graph.flush()


@pytest.mark.parametrize("name", [3, ("a",), None])
def test_a_name_is_text(graph: Graph, name: object) -> None:
    """Alone or in a table; nothing of the table counts."""
    for said in ((name, 1.0), ({"a": 1.0, name: 1.0},), (name, torch.tensor(1.0))):
        with pytest.raises(TrainingError, match="record\\(\\) takes a name, or a table"):
            graph.record(*said)  # type: ignore[arg-type]
    assert {} == graph.flush()


@pytest.mark.parametrize("forget", ["by the part", "by the whole", "by a load"])
def test_what_is_recorded_after_a_reset_is_kept(graph: Graph, forget: str) -> None:
    """Whoever forgot: the part or the graph around it, and whoever had recorded the name before."""
    fresh = copy.deepcopy(graph.encoder.run_state())
    for one, name in ((graph, "encoder.loss"), (graph.encoder, "loss")):
        one.record(name, 1.0)
    match forget:
        case "by the part":
            graph.encoder.reset_trend("loss")
        case "by the whole":
            graph.reset_trend("encoder.loss")
        case _:
            graph.encoder.load_run_state(fresh)
    graph.record("encoder.loss", 4.0)
    graph.encoder.record("loss", 2.0)
    assert {"encoder.loss": 3.0} == graph.flush()


@pytest.mark.parametrize("alone", [1, 3])
def test_a_part_with_a_past_counts_with_the_whole(alone: int) -> None:
    """Its curve begins anew at the whole's epoch, without a number of before; and the run can be saved and loaded."""
    part = FlowBuilder("linear", 2, 2).label("part").build()
    for _ in range(alone):
        part.record("loss", 8.0)
        part.end_epoch()
    whole = FlowBuilder(part).build()
    for _ in range(2):
        whole.record("part.loss", 1.0)
        whole.end_epoch()
    assert ((0, 1), (1.0, 1.0)) == (whole.trend("part.loss").epochs, whole.trend("part.loss").values)
    whole.load_run_state(whole.run_state())


@pytest.mark.parametrize(
    "method", ["flush", "trend", "trends", "reset_trend", "collect", "tagged", "observe", "subgraph", "set_training_at"]
)
@pytest.mark.parametrize("path", [3, ["out"]])
def test_a_path_that_is_no_text_is_told(graph: Graph, method: str, path: object) -> None:
    """A list where names go one by one, as in floDl, is not an error of the arithmetic of strings."""
    with pytest.raises(PathError, match="a path is text, got"):
        getattr(graph, method)(path)


def test_a_prefix_is_text(graph: Graph) -> None:
    """And nothing is recorded."""
    with pytest.raises(TrainingError, match="takes a prefix that is text, got 5"):
        graph.record("loss", 1.0, prefix=5)  # type: ignore[arg-type]
    assert {} == graph.flush()


def test_a_part_that_stands_twice_is_known_by_both_paths() -> None:
    """Flushed, forgotten and exported by either, as it is recorded and read."""
    part = FlowBuilder("linear", 2, 2).label("part").build()
    whole = FlowBuilder(part).through(FlowBuilder(part).label("outer").build()).build()
    whole.record("outer.part.loss", 1.0)
    assert {"part.loss": 1.0} == whole.flush("outer.part.loss")
    assert (1.0,) == whole.trend("part.loss").values == whole.trend("outer.part.loss").values
    whole.reset_trend("outer.part.loss")
    assert {} == whole.latest_metrics()
