"""What only lists, explains or completes imports nothing heavy, with every plugin installed (G1)."""

from __future__ import annotations

import json

import pytest

HEAVY = {"torch", "numpy", "scipy", "sklearn", "pandas", "safetensors"}
RUN = """
import json, sys
from flodl_cli.main import main
code = main(json.loads(sys.argv[1]))
print("\\n" + json.dumps([code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize(
    "words",
    [
        *(
            ["list"],
            ["list", "--json"],
            ["list", "modules", "conv*"],
            ["list", "--categories"],
            ["plugins"],
            ["--help"],
        ),
        *(
            ["--version"],
            ["run", "--help"],
            ["completion", "bash"],
            ["show", "module", "linear", "--no-params"],
            ["doctor"],
        ),
    ],
    ids=" ".join,
)
def test_a_command_that_lists_is_light(words, run_python):
    """Its process ends without torch, or any other heavy library."""
    done = run_python("-W", "error", "-c", RUN, json.dumps(words))
    assert done.returncode == 0, done.stderr
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code in ((0, 1) if words == ["doctor"] else (0,))
    assert set() == HEAVY & set(modules)


@pytest.mark.parametrize(
    "module", ["flodl", "flodl_core", "flodl_core.plugins", "flodl_core.registry", "flodl_cli.main"]
)
def test_an_import_that_only_names_is_light(module, run_python):
    """Nothing heavy, and no plugin."""
    done = run_python("-c", f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))")
    modules = set(json.loads(done.stdout))
    assert set() == modules & (HEAVY | {"flodl_nn.builtin", "flodl_graph.words", "flodl_monitor.builtin"})


def test_completing_a_name_is_light(run_python):
    """While somebody types."""
    source = "import sys, atexit; atexit.register(lambda: print('torch' in sys.modules, file=sys.__stdout__))\n"
    source += "sys.argv = ['flodl']\nfrom flodl_cli.main import main\nmain()"
    done = run_python("-c", source, _FLODL_COMPLETE="bash_complete", COMP_WORDS="flodl show module lin", COMP_CWORD="3")
    assert "plain,linear" in done.stdout
    assert "False" == done.stdout.splitlines()[-1]
