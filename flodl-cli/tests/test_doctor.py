"""`flodl doctor`: nothing that is broken breaks it."""

from __future__ import annotations

import json

import pytest

SENTINEL = "import pathlib; pathlib.Path(__file__).with_name('loaded').touch()"


def findings(done):
    """JSON findings by name."""
    return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}


def fake_torch(site, source):
    """A torch that is installed and does what the source says."""
    from flodl_core.testing import fake_distribution

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
