"""`flodl bench` in processes of its own, with tiny models."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import pytest
from flodl_core.testing import environment

TINY = ("--shrink", "16", "--batches", "2", "--epochs", "2", "--rounds", "2")


def cells(here, key="side"):
    return {entry[key]: entry for entry in json.loads((here / "results.json").read_text())}


def test_sides_are_measured_kept_and_gone_on_with(bench, here):
    """Two sides from the same weights; the next call adds the side, and the round, that are missing."""
    words = ("feedback_fixed", *TINY, "--device", "cpu", "--json", "results.json")
    done = bench.run(*words, "--side", "eager", "--side", "captured", "--kernels")
    assert (0, ["eager"]) == (done.returncode, list(cells(here))), done.stderr
    assert "left out, only on a CUDA device: captured, --kernels\n[1/1] feedback_fixed eager: " in done.stderr
    first = cells(here)["eager"]
    assert (4, 2) == (len(first["epoch_times_ms"]), len(first["run_medians_ms"]))

    done = bench.run(*words, "--side", "eager", "--side", "flodl", "--rounds", "3", "--with", "results.json")
    assert 0 == done.returncode, done.stderr
    found = cells(here)
    assert (6, first["epoch_times_ms"]) == (len(found["eager"]["epoch_times_ms"]), found["eager"]["epoch_times_ms"][:4])
    assert 3 == len(found["flodl"]["run_medians_ms"])
    assert first["final_loss"] == found["eager"]["final_loss"] == pytest.approx(found["flodl"]["final_loss"], rel=1e-4)
    assert found["flodl"]["rss_mb"] > 10
    rows = [line.split("  ")[0] for line in done.stdout.splitlines()[2:]]
    assert ["PyTorch eager", "flodl eager", "results: eager"] == rows


def test_inference_and_reading_every_loss_are_tables_of_their_own(bench, here):
    """In the same file, and under a head that says so."""
    words = ("gru_seq", *TINY, "--device", "cpu", "--json", "results.json", "--side", "flodl")
    done = bench.run(*words, "--inference", "--read-loss", "batch")
    assert 0 == done.returncode, done.stderr
    head = done.stderr.splitlines()[:2]
    assert head[0].endswith("sizes divided by 16, inference")
    assert head[1].startswith("milliseconds per epoch of 2 batches, the loss read after every batch: ")
    assert (True, "batch") == (cells(here)["flodl"]["inference"], cells(here)["flodl"]["read_loss"])


CRASH = """
import os, signal, sys
if '"side": "flodl"' in " ".join(sys.orig_argv):
    os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_side_that_crashes_says_why_and_the_others_go_on(bench, here, site):
    """Exit code 1; and the next call would try again."""
    (site / "sitecustomize.py").write_text(CRASH)
    sides = ("--side", "eager", "--side", "flodl")
    done = bench.run("feedback_fixed", *TINY, "--device", "cpu", "--json", "results.json", *sides)
    assert 1 == done.returncode, done.stderr
    assert re.search(r"^PyTorch eager +\d.*\nflodl eager +failed\n", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("\nflodl failed: it was killed (SIGSEGV)\n")
    assert "1 measurement is missing: the same command goes on" in done.stderr
    assert {"eager": None, "flodl": "it was killed (SIGSEGV)"} == {
        side: cell["error"] for side, cell in cells(here).items()
    }


def test_a_budget_ends_it(bench, here):
    """What does not fit is for the next call, and said to be."""
    done = bench.run("feedback_fixed", *TINY, "--device", "cpu", "--side", "eager", "--budget", "1")
    assert (0, "") == (done.returncode, done.stdout), done.stderr
    assert "1 measurement is missing: with --json FILE another call could go on" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_keeps_what_is_measured(bench, here):
    """The table of it is shown, the file has it, and the exit code is 130."""
    words = ("feedback_fixed", "--shrink", "16", "--batches", "1", "--epochs", "1", "--rounds", "100000")
    process = bench(*words, "--device", "cpu", "--side", "eager", "--json", "results.json")
    while not (here / "results.json").exists() or (here / "results.json").read_text().count("\n") < 10:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert 130 == process.returncode
    assert re.search(r"^PyTorch eager \(\d+ of 100000 rounds\) +\d", out, re.MULTILINE)
    assert "1 measurement is missing: the same command goes on\n\nInterrupted.\n" in err
    assert cells(here)["eager"]["run_medians_ms"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mpl"], ["UsageError: no model is called 'mpl'", "  at: flodl bench", "  try: did you mean 'mlp'?"]),
        (
            ["--with", "floDl.json"],
            [
                "UsageError: there is no file 'floDl.json', and no guest is called so",
                "  at: flodl bench --with",
                "  try: a file of results; guests: none",
            ],
        ),
        (
            ["--json", "bad.json", "--device", "cpu"],
            [
                "UsageError: bad.json is no JSON: Expecting value: line 1 column 1 (char 0)",
                "  at: flodl bench --json",
                "  try: another file",
            ],
        ),
    ],
)
def test_a_mistake_is_three_lines(bench, here, words, said):
    """And exit code 2, before anything is measured."""
    (here / "bad.json").write_text("not so")
    done = bench.run(*words)
    assert (2, "", said) == (done.returncode, done.stdout, done.stderr.splitlines())


def test_its_help_needs_no_torch(site):
    """Neither does listing it."""
    (site / "torch.py").write_text("raise SystemError('torch was imported')")
    for words in (["--help"], ["bench", "--help"], ["list", "commands"]):
        command = [sys.executable, "-m", "flodl_cli", *words]
        done = subprocess.run(command, env=environment(site), capture_output=True, text=True)
        assert (0, "") == (done.returncode, done.stderr)
        assert "bench" in done.stdout
