"""The layer by name, and what listing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flodl_core import ComponentError, components, ref
from flodl_core.testing import exercise
from flodl_lora import LoraLinear


def test_the_layer_is_found_by_name_without_importing_torch():
    """By name and by the class's own spelling, with its distribution."""
    found = components.find("module", "lora_linear")
    assert (found.qualified, components.find("module", "LoraLinear")) == ("flodl-lora/lora_linear", found)
    assert found.load() is LoraLinear
    code = "import sys, flodl_lora, flodl_lora.plugin as p; list(p.flodl_modules()); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_keeps_what_modules_promise(device):
    """The contract suite that flodl's own modules pass."""
    results = list(exercise(components.find("module", "lora_linear"), device=device.type))
    assert [] == [str(result) for result in results if result.outcome == "failed"]


def test_a_wrong_option_is_named():
    """Also when the layer is used by name."""
    with pytest.raises(ComponentError, match="rank 9 is more than a weight of 6 x 8 has"):
        components.create("module", ref("lora_linear", 8, 6, rank=9))
