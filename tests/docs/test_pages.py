"""The documentation is true: its code runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from pages import Block, blocks, pages
from projects import ROOT

PAGES = pages()
SHELL = [block for page in PAGES for block in blocks(page) if block.language in ("sh", "shell", "bash", "console")]
WITH_CODE = [page for page in PAGES if any(block.language == "python" for block in blocks(page))]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
SECTION = re.compile(r"\]\((?!https?:|mailto:)\s*([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def named(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", WITH_CODE, ids=named)
def test_code_runs(page, run_python):
    """The python blocks of a page run in order, without a warning, and print what the page shows."""
    hidden = {"CUDA_VISIBLE_DEVICES": ""}  # pages show what a machine without a GPU prints
    done = run_python("-W", "error", str(ROOT / "tools" / "run_page.py"), str(page), **hidden)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    """Every relative link of a page names a file or folder of the repository."""
    broken = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert [] == broken


def sections(page):
    """What the headings of a page are called in links."""
    headings = HEADING.findall(re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_into_pages_lead_somewhere(page):
    """Every link to a section names a heading of that page."""
    linked = [
        ((page.parent / target).resolve() if target else page, name)
        for target, name in SECTION.findall(page.read_text())
    ]
    assert [] == [(named(target), name) for target, name in linked if name not in sections(target)]


def test_the_index_lists_every_page():
    """docs/README.md links each page of docs, once as a tutorial, how-to, reference or reason."""
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / target).resolve() for target in LINK.findall(index.read_text())}
    assert {page for page in PAGES if page.is_relative_to(index.parent)} - {index} == listed


def commands(block: Block) -> list[list[str]]:
    """The command lines of a shell block, taken apart; in a console block those after `$ `."""
    lines = block.text.splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize("block", [block for block in SHELL if block.executed], ids=lambda block: block.place)
def test_commands_exist(block, run_python):
    """Each `make` target is in the Makefile, each `flodl` command answers to --help, each file named is there."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(block):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word and word[0] != "-"} <= targets
        elif words[0] == "flodl":
            command = [word for word in words[1:2] if word[0] != "-"]
            done = run_python("-m", "flodl_cli", *command, "--help")
            assert done.returncode == 0, f"{words}: {done.stderr}"
        elif words[0] in ("python", "python3") and len(words) > 1 and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), words


def test_make_help_lists_every_command():
    """`make help` names each target that the documentation may use, with a sentence."""
    done = subprocess.run(
        ["make", "--no-print-directory", "help", f"PYTHON={sys.executable}"], cwd=ROOT, capture_output=True, text=True
    )
    listed = dict(line.split(None, 1) for line in done.stdout.splitlines()[1:])
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) - {"python"} == set(listed)
