"""What `flodl run` tells a page of itself, and `flodl watch` shows."""

from __future__ import annotations

from flodl_monitor.web.page import history_in


def test_a_run_shows_its_model_and_settings(flodl_here, small, tmp_path):
    """In the page of `flodl watch --html`, made from its event log: the experiment's tables, parts, drawing."""
    toml = small.replace('"terminal", {', '{ use = "jsonl", path = "log.jsonl" }, {')
    done = flodl_here("run", "exp.toml", toml=toml)
    assert 0 == done.returncode, done.stderr
    done = flodl_here("watch", "log.jsonl", "--html", "run.html")
    assert 0 == done.returncode, done.stderr
    history = history_in((tmp_path / "run.html").read_text(encoding="utf-8"))
    about = history.about
    assert about is not None
    assert 3 == len(history)
    assert "small" == about.title
    assert ("adam", "0.02", "16") == tuple(
        about.settings[key] for key in ("optimizer.use", "optimizer.lr", "data.batch_size")
    )
    assert {"linear_1": 80, "species": 51} == {part.path: part.parameters for part in about.parts}
    assert about.drawing is not None
    assert "species" in str(about.drawing)
