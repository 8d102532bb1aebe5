"""Completion: commands, kinds, names; silent, and without torch."""

from __future__ import annotations

import pytest


def completed(flodl, *words):
    """What bash is offered for the last word."""
    done = flodl(_FLODL_COMPLETE="bash_complete", COMP_WORDS=" ".join(["flodl", *words]), COMP_CWORD=str(len(words)))
    assert "" == done.stderr
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_commands_are_completed(flodl):
    """The first word is a command."""
    assert ["plugins"] == completed(flodl, "pl")


def test_kinds_are_completed(flodl):
    """The argument of list is a kind."""
    assert ["modules"] == completed(flodl, "list", "mod")


def test_names_are_completed_without_torch(flodl, acme, site):
    """The argument after a kind is a name of that kind."""
    assert ["acme_glu"] == completed(flodl, "show", "module", "acme_g")
    assert ["conv9d"] == completed(flodl, "list", "modules", "conv9")
    assert not (site / "torch_was_imported").exists()


def test_distributions_are_completed(flodl, acme):
    """`--plugin` takes a distribution."""
    assert ["acme-layers"] == completed(flodl, "list", "--plugin", "ac")


def test_options_are_completed(flodl):
    """Options of a command are offered."""
    assert ["--json"] == completed(flodl, "list", "--js")


def test_broken_plugin_is_silent_while_typing(flodl, install):
    """No remark lands in the middle of the line being typed."""
    install("sick", "flodl_ops", before="raise RuntimeError('at import')")
    assert ["modules"] == completed(flodl, "list", "mod")


def test_unknown_command_offers_nothing(flodl):
    """After a word that is no command there is nothing to offer."""
    assert [] == [word for word in completed(flodl, "nothing", "x") if word and word[0] != "-"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_printed(flodl, shell):
    """Each shell gets a script that asks flodl."""
    done = flodl("completion", shell)
    assert 0 == done.returncode
    assert "_FLODL_COMPLETE" in done.stdout


def test_own_shell_is_found(flodl):
    """Without an argument, $SHELL decides; one that is not known is an error."""
    assert flodl("completion", "zsh").stdout == flodl("completion", SHELL="/usr/bin/zsh").stdout
    done = flodl("completion", SHELL="/bin/csh")
    assert (2, "") == (done.returncode, done.stdout)
    assert "csh" in done.stderr


def test_unknown_shell_is_usage(flodl):
    """A shell that has no script is a usage error."""
    assert 2 == flodl("completion", "csh").returncode
