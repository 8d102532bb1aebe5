"""`flodl doctor`: nothing that is broken breaks it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest
from flodl_core.testing import environment, fake_distribution

VERSION = metadata.version("flodl-core")
SENTINEL = "import pathlib; pathlib.Path(__file__).with_name('loaded').touch()"


def findings(done):
    """JSON findings by name."""
    return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}


def fake_torch(site, source):
    """A torch that is installed and does what the source says."""
    return fake_distribution(site, "torch", "2.0", group="other", files={"torch.py": source})


def test_doctor_imports_no_plugin(flodl, install, site):
    """A third-party plugin is named, and not imported."""
    install("loud", "flodl_ops", before=SENTINEL)
    done = flodl("doctor")
    assert "plugin loud" in done.stdout
    assert not (site / "loaded").exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise OSError('libcudart.so: cannot open')", "OSError: libcudart.so: cannot open"),
        ("import os; os.abort()", "it crashed (SIGABRT)"),
        ("import time; time.sleep(60)", "no answer within 3 s"),
        ("print('noise'); import os; os._exit(7)", "exit code 7"),
    ],
)
def test_broken_torch_is_a_finding(flodl, site, source, said):
    """torch may raise, crash, hang or vanish: the doctor says so, and how to mend it."""
    fake_torch(site, source)
    done = flodl("doctor", "--json", "--timeout", "3")
    assert 1 == done.returncode
    torch = findings(done)["torch"]
    assert "problem" == torch["state"]
    assert said in torch["said"]
    assert "pip install" in torch["mend"]


def test_missing_module_of_a_plugin_is_a_finding(flodl, acme, site):
    """A plugin whose files are gone is found without loading it."""
    (site / "acme_layers_plugin.py").unlink()
    done = flodl("doctor", "--json")
    assert 1 == done.returncode
    assert "there is no such module" in findings(done)["plugin acme-layers"]["said"]


def test_policy_is_shown_and_checked(flodl, acme):
    """The variables are shown; a name in them that fits no plugin is a finding with a suggestion."""
    done = flodl("doctor", "--json", FLODL_DISABLE_PLUGINS="acme-layer")
    found = findings(done)
    assert "'acme-layer'" == found["FLODL_DISABLE_PLUGINS"]["said"]
    assert "acme-layers" in found["plugins"]["mend"]
    assert 1 == done.returncode


def test_timings_name_what_is_heavy(flodl, install, site):
    """`--timings` loads each plugin elsewhere, and names the one that pulls in torch."""
    (site / "torch.py").write_text("")
    install("heavy-one", "flodl_ops", before="import torch")
    install("light-one", "flodl_ops")
    done = flodl("doctor", "--timings", "--json")
    timings = {timing["distribution"]: timing for timing in json.loads(done.stdout)["timings"]}
    assert ["torch"] == timings["heavy-one"]["heavy"]
    assert [] == timings["light-one"]["heavy"]
    assert timings["light-one"]["milliseconds"] > 0
    assert 1 == done.returncode
    assert "heavy-one pulls in torch when it is only listed" in flodl("doctor", "--timings").stdout


def test_plugin_that_hangs_is_a_finding(flodl, install):
    """A plugin that never ends loading is killed and named."""
    install("stuck", "flodl_ops", before="import time; time.sleep(60)")
    done = flodl("doctor", "--timings", "--json", "--timeout", "3")
    timings = {timing["distribution"]: timing for timing in json.loads(done.stdout)["timings"]}
    assert "no answer within 3 s" == timings["stuck"]["reason"]


def test_current_folder_is_not_imported_from(flodl, here, site):
    """A torch.py that lies in the current folder is not taken for torch."""
    fake_torch(site, "__version__ = '2.0'\nraise ImportError('the installed one')")
    (here / "torch.py").write_text("raise ImportError('the one lying about')")
    assert "the installed one" in findings(flodl("doctor", "--json"))["torch"]["said"]


SOUND = """
__version__ = "2.0+cpu"
def get_num_threads(): return 1
class version: cuda = None
"""
WITH_GPU = """
__version__ = "2.0"
def get_num_threads(): return 1
def ones(count, device): return type("T", (), {"add_": lambda self, one: self})()
class version: cuda = "12.4"
class cuda:
    device_count = staticmethod(lambda: 1)
    get_device_properties = staticmethod(lambda index: type("P", (), {"name": "H100", "total_memory": 80 * 2**30}))
"""


def test_two_torches_are_a_finding(flodl, site):
    """As after pip and another installer: both versions are told, and how to have one again."""
    fake_torch(site, SOUND)
    fake_distribution(site, "torch", "2.1", group="other")
    told = [f for f in json.loads(flodl("doctor", "--json").stdout)["findings"] if f["name"] == "torch"]
    assert "problem" == told[0]["state"]
    assert {"2.0", "2.1"} <= set(told[0]["said"].replace(",", " ").split())
    assert told[0]["mend"].startswith("pip uninstall -y torch, until it is gone; then pip install torch")


def test_another_torch_than_the_installed_one_is_a_finding(flodl, site):
    """A folder in front of the installed one holds another torch: its file is named."""
    fake_torch(site, SOUND.replace("2.0+cpu", "1.9"))
    found = findings(flodl("doctor", "--json"))["torch"]
    assert "problem" == found["state"]
    assert "2.0 is installed, and 1.9 is imported, from " in found["said"]
    assert "torch.py" in found["said"]


def test_a_torch_that_is_too_old_is_a_finding(flodl, site):
    """What flodl-nn asks for is held against the torch that is there."""
    fake_torch(site, SOUND)
    fake_distribution(site, "flodl-nn", VERSION, requires=["torch>=2.6"])
    found = findings(flodl("doctor", "--json"))["torch"]
    assert ("problem", "pip install --upgrade 'torch>=2.6'") == (found["state"], found["mend"])
    assert "flodl-nn requires torch>=2.6" in found["said"]


def test_a_gpu_that_cannot_be_watched_is_a_note(flodl, site):
    """Without NVML, or with one that fails, training goes on: a note, and what to install."""
    fake_torch(site, WITH_GPU)
    (site / "pynvml.py").write_text("def nvmlInit(): raise OSError('NVML Shared Library Not Found')\n")
    found = findings(flodl("doctor", "--json"))
    assert "12.4, H100 (80 GiB)" == found["cuda"]["said"]
    assert "note" == found["nvml"]["state"]
    assert "NVML Shared Library Not Found" in found["nvml"]["said"]
    (site / "pynvml.py").write_text("def nvmlInit(): ...\ndef nvmlDeviceGetCount(): return 1\n")
    assert "ok" == findings(flodl("doctor", "--json"))["nvml"]["state"]


def test_a_gpu_that_fails_is_a_finding(flodl, site):
    """The driver is asked to compute, not only to name itself."""
    fake_torch(site, WITH_GPU + "def ones(count, device): raise RuntimeError('CUDA error: no kernel image')\n")
    found = findings(flodl("doctor", "--json"))["cuda"]
    assert ("problem", True) == (found["state"], "no kernel image" in found["said"])


@pytest.mark.parametrize(
    ("name", "version", "requires", "said", "mend"),
    [
        ("flodl-graph", "0.9.0", [], "0.9.0, and flodl-core is ", "pip install --upgrade flodl-"),
        ("flodl-graph", VERSION, ["attrs>=9999"], "requires attrs>=9999, and attrs ", "pip install 'attrs>=9999'"),
        ("flodl-nn", VERSION, ["no-such>=1"], "requires no-such>=1, which is not installed", "'no-such>=1'"),
        ("flodl-nn", VERSION, ["no-such>=1; extra == 'gpu'", "gone; python_version < '3'"], VERSION, ""),
    ],
)
def test_parts_that_do_not_fit_are_findings(flodl, site, name, version, requires, said, mend):
    """Another minor version, a requirement that is not met: told with the command; what does not apply is not."""
    fake_distribution(site, name, version, requires=requires)
    found = findings(flodl("doctor", "--json"))[name]
    assert said in found["said"]
    assert mend in found["mend"]
    assert ("problem" if mend else "ok") == found["state"]


@pytest.mark.parametrize("text", ["", "Metadata-Version: 2.1\nName: flodl-nn\n", "\udcff\udcfe broken"])
def test_broken_metadata_is_a_finding(flodl, site, text):
    """Of flodl's own parts, too: no traceback, and the command that mends it."""
    fake_distribution(site, "flodl-nn", VERSION, metadata=text)
    (site / "bad-1.0.dist-info").mkdir()
    (site / "bad-1.0.dist-info" / "entry_points.txt").write_text("[flodl]\nno equals sign\n")
    done = flodl("doctor", "--json")
    assert 1 == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    problems = [f for f in json.loads(done.stdout)["findings"] if f["state"] == "problem"]
    assert all(finding["mend"] for finding in problems)
    assert "plugins" in {finding["name"] for finding in problems}


def test_folders_are_tried(flodl, site):
    """A current folder that takes no file, or is gone, is found before a run fails at its end."""
    done = flodl("doctor", "--json")
    assert "GiB free" in findings(done)["current folder"]["said"]
    command = [sys.executable, "-m", "flodl_cli", "doctor", "--json"]
    env = environment(site, TMPDIR="/proc/self")
    done = subprocess.run(command, cwd="/proc", env=env, capture_output=True, text=True, timeout=120)
    found = findings(done)
    assert 1 == done.returncode
    assert "problem" == found["current folder"]["state"]
    assert "cannot be written to" in found["current folder"]["said"]


def test_a_current_folder_that_is_gone(flodl, site, tmp_path):
    """Somebody removed it under us."""
    gone = tmp_path / "gone"
    source = f"import os; os.mkdir({str(gone)!r}); os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})\n"
    source += "from flodl_cli.main import main; raise SystemExit(main(['doctor', '--json']))"
    done = subprocess.run(
        [sys.executable, "-c", source], env=environment(site), capture_output=True, text=True, timeout=120
    )
    assert 1 == done.returncode, done.stderr
    assert "cannot be found: No such file or directory" == findings(done)["current folder"]["said"]


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(4)", "exit code 4"),
        ("import os; os.abort()", "SIGABRT"),
        ("import no_such_module", "ModuleNotFoundError"),
    ],
)
def test_timings_find_what_breaks_when_it_loads(flodl, install, before, reason):
    """It ends nobody but its own process, and is a finding with the command that mends it."""
    install("sick", "flodl_ops", before=before)
    done = flodl("doctor", "--timings", "--json")
    told = [f for f in json.loads(done.stdout)["findings"] if f["name"] == "plugin sick" and f["state"] == "problem"]
    assert 1 == done.returncode
    assert reason in told[0]["said"]
    assert "FLODL_DISABLE_PLUGINS=sick" in told[0]["mend"]


def test_timings_find_what_cannot_be_used_here(flodl, install):
    """A component that asks for a later API, or names somebody else's code, is noted; that alone is no failure."""
    install(
        "early",
        "flodl_ops",
        'OpSpec(name="late", target="early_plugin:late", summary="L.", requires_api=999)',
        'OpSpec(name="sly", target="os:system", summary="S.")',
    )
    done = flodl("doctor", "--timings", "--json")
    told = {f["said"]: f for f in json.loads(done.stdout)["findings"] if f["name"] == "plugin early"}
    assert {"ok", "note"} == {finding["state"] for finding in told.values()}
    assert any("asks for flodl's API 999" in said for said in told)
    assert any("os:system is Python's own code, not early's" in said for said in told)
    assert "pip install --upgrade flodl-core" in {finding["mend"] for finding in told.values()}


def test_no_plugins_is_shown(flodl, acme):
    """The policy that a switch put in force stands there like that of a variable."""
    found = findings(flodl("--no-plugins", "doctor", "--json"))
    assert found["FLODL_PLUGINS"]["said"].endswith("as --no-plugins does: no third-party plugin may load")
    assert "disabled: FLODL_PLUGINS does not name it" in found["plugin acme-layers"]["said"]


def test_everything_broken_at_once(flodl, site, install):
    """torch, parts, metadata, plugins, variables: all of it is told, in JSON and in words, and nothing else happens."""
    fake_torch(site, "import os; os.abort()")
    fake_distribution(site, "torch", "2.1", group="other")
    fake_distribution(site, "flodl-graph", "9.0", entry_points={"graph": "gone_altogether"})
    install("sick", "flodl_ops", before="raise SystemExit('bye')")
    install("stuck", "flodl_ops", before="import time; time.sleep(60)")
    (site / "bad-1.0.dist-info").mkdir()
    (site / "bad-1.0.dist-info" / "entry_points.txt").write_text("[flodl]\nno equals sign\n")
    arguments = ("doctor", "--timings", "--timeout", "4")
    done = flodl(*arguments, "--json", FLODL_DISABLE_PLUGINS="nobody")
    assert 1 == done.returncode
    problems = [f for f in json.loads(done.stdout)["findings"] if f["state"] == "problem"]
    assert {"torch", "flodl-graph", "plugins", "plugin sick", "plugin stuck"} <= {f["name"] for f in problems}
    assert all(finding["mend"] for finding in problems)
    assert "Traceback" not in done.stderr
    words = flodl(*arguments, FLODL_DISABLE_PLUGINS="nobody")
    assert 1 == words.returncode
    counted = words.stdout.count("\nproblem ")
    assert counted >= 5
    assert f"\n{counted} problems\n" in words.stdout
    assert counted <= words.stdout.count("\n  try: ")


def test_the_verdict_is_the_last_line(flodl, site):
    """With what was not looked at."""
    fake_torch(site, SOUND)
    done = flodl("doctor")
    assert "flodl doctor --timings tries each in a process of its own" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("library", ["rich", "packaging", "tomli", "numpy", "safetensors"])
def test_a_broken_library_is_no_end(flodl, site, library):
    """What the doctor itself can do without may be broken: it looks at all the rest."""
    (site / f"{library}.py").write_text("raise RuntimeError('broken')\n")
    done = flodl("doctor", "--json")
    found = findings(done)
    assert {"python", "flodl-core", "torch"} <= set(found)
    if library == "packaging":
        assert "cannot be checked (RuntimeError: broken)" in found["flodl-core"]["said"]


@pytest.mark.parametrize("library", ["click", "attrs", "attr", "pluggy", "flodl_core"])
def test_what_it_stands_on_is_broken(flodl, site, library):
    """Then there is no doctor: three lines say what is missing and the command that mends it; --debug shows all."""
    (site / f"{library}.py").write_text("raise ImportError('no file of mine')\n")
    done = flodl("doctor")
    assert (1, "") == (done.returncode, done.stdout)
    what, where, mend = done.stderr.splitlines()
    assert "ImportError: flodl cannot start: no file of mine" == what
    assert where.startswith("  at: ")
    assert "pip install --force-reinstall flodl-cli; --debug shows all of it" in mend
    assert mend.startswith(f"  try: {sys.executable} -m pip")
    assert "Traceback" in flodl("doctor", "--debug").stderr
