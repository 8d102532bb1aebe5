# flodl: two commands do all. `make run` trains the example, `make test` runs every check. `make help` lists the rest.

PYTHON ?= python3
only ?=
, := ,

FIVE := flodl-core flodl-nn flodl-graph flodl-monitor flodl-cli
RUN := $(FIVE) plugins/flodl-lion plugins/flodl-sklearn .
PROJECTS := $(FIVE) $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml)) .
PYPROJECTS := $(addsuffix /pyproject.toml,$(RUN))
EDITABLE := --editable './flodl-core[torch]' $(addprefix --editable ,$(addprefix ./,$(filter-out flodl-core .,$(RUN)))) --editable .
SOURCES := $(subst $() ,:,$(addprefix $(CURDIR)/,$(addsuffix /src,$(PROJECTS))))
TESTS := $(wildcard $(addsuffix /tests,$(PROJECTS)))
QUIET := $(if $(shell test -t 2 && echo yes),,--quiet)
PIP := -m pip --disable-pip-version-check install $(QUIET) --constraint constraints.txt

# Other interpreters that pyenv holds take part in `make test`, on PATH or not.
export TOX_DISCOVER ?= $(subst $() ,$(,),$(wildcard $(HOME)/.pyenv/versions/3.1[0-9]*/bin/python3.1[0-9]))

.DEFAULT_GOAL := help
.PHONY: help run test lint format test-gpu test-oldest constraints changelog clean python

help: ## list these commands
	@echo "usage: make COMMAND [PYTHON=python3.12]"
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: .venv/installed ## train a network on handwritten digits, in an environment made for it
	@.venv/bin/flodl run examples/digits.toml

test: .venv-test/installed ## run every check; `make test only=nn` runs one environment with what it needs
	@echo "flodl: running the checks; this takes about 20 minutes on 2 cores, the first time a little longer"
	@.venv-test/bin/tox run $(if $(only),-e wheels$(,)base$(,)$(only))

lint: .venv-test/installed ## style, import contracts, declared dependencies (seconds)
	@.venv-test/bin/tox run -q -e lint

format: .venv-test/installed ## rewrite the sources in the house's format
	@.venv-test/bin/tox exec -q -e lint -- ruff check --fix --exit-zero
	@.venv-test/bin/tox exec -q -e lint -- ruff format

test-gpu: ## the same tests on a CUDA machine that has torch, pytest and our dependencies; installs nothing
	@metadata=$$(mktemp -d) && trap 'rm -rf "$$metadata"' EXIT && $(PYTHON) tools/metadata.py "$$metadata" && \
	export FLODL_TEST_DEVICE=$${FLODL_TEST_DEVICE:-cuda} PYTHONPATH="$(SOURCES):$$metadata" && failed= && \
	for tests in $(TESTS); do echo "flodl: $$tests on $$FLODL_TEST_DEVICE"; \
	$(PYTHON) -m pytest $$tests || failed="$$failed $$tests"; done; \
	test -z "$$failed" || { echo "flodl: failed:$$failed"; exit 1; }

test-oldest: .venv-test/installed ## the same tests with the least version of everything that is declared (Python 3.10, 6 GB)
	@.venv-test/bin/tox run -q -e oldest

constraints: ## resolve constraints.txt anew (needs uv)
	@head -n 2 constraints.txt > constraints.new
	@($(PYTHON) tools/projects.py third-party; cat tools/constraints.in) | \
	uv pip compile --quiet --universal --python-version 3.10 --no-header --no-annotate - >> constraints.new
	@mv constraints.new constraints.txt

changelog: .venv-test/installed ## show what the next release's notes would say
	@.venv-test/bin/tox exec -q -e lint -- towncrier build --draft --version next

clean: ## remove the environments, built files and caches
	rm -rf .venv .venv-test .tox dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environments are made again when a pyproject.toml, the pins or this file changed since.
.venv/installed: $(PYPROJECTS) constraints.txt Makefile | python
	@echo "flodl: making .venv with $$($(PYTHON) --version); torch is large: 1 to 10 minutes, once"
	@$(call new_environment,.venv)
	@echo "flodl: 1/2 the build tools"
	@.venv/bin/python $(PIP) hatchling editables
	@echo "flodl: 2/2 torch, flodl and its plugins"
	@.venv/bin/python $(PIP) --no-build-isolation $(EDITABLE)
	@touch $@

.venv-test/installed: constraints.txt Makefile | python
	@echo "flodl: making .venv-test with $$($(PYTHON) --version): tox alone, some seconds, once"
	@$(call new_environment,.venv-test)
	@.venv-test/bin/python $(PIP) tox
	@touch $@

# An environment of another Python is thrown away; one of the same Python is kept and brought up to date.
define new_environment
test "$$($1/bin/python --version 2>&1)" = "$$($(PYTHON) --version 2>&1)" || $(PYTHON) -m venv --clear $1 || { \
echo "flodl: $(PYTHON) cannot make a virtual environment"; \
echo "  at: $(PYTHON) -m venv $1"; \
echo "  try: apt install python3-venv, or PYTHON=path/to/another/python make ..."; exit 1; }
endef

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	echo "flodl: Python 3.10 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo not there)"; \
	echo "  at: $$(command -v $(PYTHON) || echo no $(PYTHON) on PATH)"; \
	echo "  try: make ... PYTHON=python3.12"; exit 1; } >&2
